"""The cheapest way in which parts were said in their windows, for all windows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.index import BUCKET, SCALE, SLACK, Index, Ints
from transforms.phrases.tongue import FORBIDDEN

_NEVER = int(FORBIDDEN * SCALE)
_STARTS = 64  # a cost times this, plus 63 less the column where it starts


def align(index: Index, rows: Ints, party: NDArray[np.int8], part: NDArray[np.int64],
          start: NDArray[np.int64]
          ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Parts that were said within their allowance: part, first token, end token, cost.

    Costs are hundredths. One way for each window, from a token of the part's own party; of equal
    ways the last and shortest.
    """
    order = np.argsort(-index.length[part], kind='stable')
    part, start = part[order], start[order]
    length = index.length[part]
    if not len(part):
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing, nothing
    width = min(_STARTS - 1, int(length[0]) + 2 * SLACK + BUCKET)
    heard = rows[start[:, None] + np.arange(width)]
    added = np.zeros((len(part), width + 1), np.int32)
    np.cumsum(index.heard.added[heard] * _STARTS, axis=1, out=added[:, 1:])
    at = np.arange(width + 1)
    slack = np.where(length > 2, SLACK, 0)[:, None]
    starts = (at >= SLACK - slack) & (at < SLACK + BUCKET + slack)
    starts &= (index.parties[part][:, None] & party[start[:, None] + at]) > 0
    best = np.where(starts, _STARTS - 1 - at, _NEVER * _STARTS).astype(np.int32)
    costs, columns = index.heard.costs, index.columns[part]
    lost = index.lost[part] * _STARTS
    last = np.empty((len(part), width + 1), np.int32)
    until = len(part)
    for n in range(int(length[0])):
        still = int(np.searchsorted(-length, -n, side='left'))  # parts of more than n tokens
        if still < until:
            last[still:until] = best[still:until]
            best, until = best[:still], still
        here = best + lost[:still, n, None]
        swapped = costs[heard[:still], columns[:still, n, None]]
        swapped *= _STARTS
        swapped += best[:, :-1]
        np.minimum(here[:, 1:], swapped, out=here[:, 1:])
        here -= added[:still]
        np.minimum.accumulate(here, axis=1, out=here)
        here += added[:still]
        best = here
    last[:until] = best
    end = last.argmin(axis=1)
    value = last[np.arange(len(part)), end]
    cost, first = value // _STARTS, _STARTS - 1 - value % _STARTS
    good = cost <= index.allowed[part]
    # Parts of one or two words have nothing between them.
    good &= (length > 2) | (end - first == length)
    good &= end > first
    return part[good], (start + first)[good], (start + end)[good], cost[good].astype(np.int64)
