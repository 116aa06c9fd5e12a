"""The cheapest way in which parts were said in their windows, for all windows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.index import BUCKET, OTHER, SCALE, SLACK, Index, Ints
from transforms.phrases.tongue import FORBIDDEN

LENGTHS = (9,)  # parts of about the same length are aligned together
PRUNED = 2  # after so many tokens of a part, windows without hope are dropped

_NEVER = int(FORBIDDEN * SCALE)
_OTHER = round(OTHER * SCALE)
_STARTS = 64  # a cost times this, plus 63 less the column where it starts


Found = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def align(index: Index, rows: Ints, party: NDArray[np.int8], part: NDArray[np.int64],
          start: NDArray[np.int64]) -> Found:
    """Parts that were said within their allowance: part, first token, end token, cost.

    Costs are hundredths. One way for each window, from a token of the part's own party; of equal
    ways the last and shortest.
    """
    order = np.argsort(-index.length[part], kind='stable')
    part, start = part[order], start[order]
    length = index.length[part]
    cuts = np.searchsorted(-length, [-most for most in LENGTHS], side='right')
    groups = [_group(index, rows, party, part[low:high], start[low:high])
              for low, high in zip([0, *cuts], [*cuts, len(part)], strict=True) if low < high]
    if not groups:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing, nothing
    a, b, c, d = (np.concatenate(of) for of in zip(*groups, strict=True))
    return a, b, c, d


def _group(index: Index, rows: Ints, party: NDArray[np.int8], part: NDArray[np.int64],
           start: NDArray[np.int64]) -> Found:
    """`align` for parts of about the same length, the longest first."""
    width = min(_STARTS - 1, int(index.length[part[0]]) + 2 * SLACK + BUCKET)
    at = np.arange(width + 1)
    slack = np.where(index.whole[part], 0, SLACK)[:, None]
    starts = (at >= SLACK - slack) & (at < SLACK + BUCKET + slack)
    starts &= (index.parties[part][:, None] & party[start[:, None] + at]) > 0
    best = np.where(starts, _STARTS - 1 - at, _NEVER * _STARTS).astype(np.int32)
    heard = rows[start[:, None] + np.arange(width)]
    added = np.zeros(best.shape, np.int32)
    np.cumsum(index.heard.added[heard] * _STARTS, axis=1, out=added[:, 1:])
    done: list[Found] = []
    longest = int(index.length[part[0]])
    for n in range(longest):
        length = index.length[part]
        still = int(np.searchsorted(-length, -n, side='left'))  # parts of more than n tokens
        if still < len(part):
            done.append(_ends(index, part[still:], start[still:], best[still:]))
            part, start, best = part[:still], start[:still], best[:still]
            heard, added = heard[:still], added[:still]
        if n and n % PRUNED == 0:
            hope = best.min(axis=1) // _STARTS <= index.allowed[part]
            part, start, best = part[hope], start[hope], best[hope]
            heard, added = heard[hope], added[hope]
        here = best + index.lost[part, n, None] * _STARTS
        swapped = index.heard.costs[heard, index.columns[part, n, None]]
        if n == 0:
            swapped += (swapped >= _OTHER) * index.edge[part, :1]
        ending = int(np.searchsorted(-index.length[part], -n - 1, side='left'))
        last = swapped[ending:]
        last += (last >= _OTHER) * index.edge[part[ending:], 1:]
        swapped *= _STARTS
        swapped += best[:, :-1]
        np.minimum(here[:, 1:], swapped, out=here[:, 1:])
        here -= added
        np.minimum.accumulate(here, axis=1, out=here)
        here += added
        best = here
    done.append(_ends(index, part, start, best))
    a, b, c, d = (np.concatenate(of) for of in zip(*done, strict=True))
    return a, b, c, d


def _ends(index: Index, part: NDArray[np.int64], start: NDArray[np.int64], best: Ints) -> Found:
    """What was said of parts whose last token was reached."""
    end = best.argmin(axis=1)
    value = best[np.arange(len(part)), end]
    cost, first = value // _STARTS, _STARTS - 1 - value % _STARTS
    good = (cost <= index.allowed[part]) & (end > first)
    good &= ~index.whole[part] | (end - first == index.length[part])
    return part[good], (start + first)[good], (start + end)[good], cost[good].astype(np.int64)
