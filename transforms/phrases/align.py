"""The cheapest way in which parts were said in their windows, for all windows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.index import BUCKET, OTHER, SCALE, SLACK, Index, Ints
from transforms.phrases.tongue import FORBIDDEN

LENGTHS = (9,)  # parts of about the same length are looked at together

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
    cuts = np.searchsorted(-index.length[part], [-most for most in LENGTHS], side='right')
    hope = np.concatenate([np.zeros(0, np.int64), *(
        low + _hopeful(index, rows, part[low:high], start[low:high])
        for low, high in zip([0, *cuts], [*cuts, len(part)], strict=True) if low < high)])
    part, start = part[hope], start[hope]
    if not len(part):
        return part, start, start, start
    best = _cheapest(index, rows, party, part, start)
    end = best.argmin(axis=0)
    value = best[end, np.arange(len(part))]
    cost, first = value // _STARTS, _STARTS - 1 - value % _STARTS
    good = (cost <= index.allowed[part]) & (end > first)
    good &= ~index.whole[part] | (end - first == index.length[part])
    return part[good], (start + first)[good], (start + end)[good], cost[good].astype(np.int64)


def _windows(index: Index, rows: Ints, part: NDArray[np.int64], start: NDArray[np.int64]
             ) -> tuple[Ints, Ints]:
    """The tokens of the windows, and the costs of each token of the parts (the longest first) as
    each of the window's: windows lie side by side, so that one step goes through all of them."""
    longest = int(index.length[part[0]])
    width = min(_STARTS - 1, longest + 2 * SLACK + BUCKET)
    heard = rows[np.arange(width)[:, None] + start]
    table = index.heard.costs
    return heard, table.reshape(-1).take(
        heard * np.int64(table.shape[1]) + index.columns[part, :longest].T[:, None], mode='clip')


def _hopeful(index: Index, rows: Ints, part: NDArray[np.int64], start: NDArray[np.int64]
             ) -> NDArray[np.int64]:
    """The windows that hold enough of their parts, in whatever order: a token costs at least as
    much as the best of its window, or as its loss."""
    _, costs = _windows(index, rows, part, start)
    least = np.minimum(costs.min(axis=1), index.lost[part, :len(costs)].T).sum(axis=0)
    return np.flatnonzero(least <= index.allowed[part])


def _cheapest(index: Index, rows: Ints, party: NDArray[np.int8], part: NDArray[np.int64],
              start: NDArray[np.int64]) -> Ints:
    """What it costs to hear all of a part up to each token of its window, and from where."""
    heard, costs = _windows(index, rows, part, start)
    length, each = index.length[part], np.arange(len(part))
    costs[0] += (costs[0] >= _OTHER) * index.edge[part, 0]
    last = costs[length - 1, :, each]
    costs[length - 1, :, each] = last + (last >= _OTHER) * index.edge[part, 1:]
    costs *= _STARTS
    lost = index.lost[part, :len(costs)].T * _STARTS
    at = np.arange(len(heard) + 1)[:, None]
    slack = np.where(index.whole[part], 0, SLACK)
    starts = (at >= SLACK - slack) & (at < SLACK + BUCKET + slack)
    starts &= (index.parties[part] & party[start + at]) > 0
    best = np.where(starts, _STARTS - 1 - at, _NEVER * _STARTS).astype(np.int32)
    added = np.zeros(best.shape, np.int32)
    np.cumsum(index.heard.added[heard] * _STARTS, axis=0, out=added[1:])
    whole = np.empty_like(best)
    ends = np.searchsorted(-length, -np.arange(len(costs) + 1), side='left')
    for n, cost in enumerate(costs):
        here = best + lost[n]
        cost += best[:-1]
        np.minimum(here[1:], cost, out=here[1:])
        here -= added
        np.minimum.accumulate(here, axis=0, out=here)
        here += added
        done = slice(ends[n + 1], ends[n])  # the parts that are no longer
        whole[:, done] = here[:, done]
        best = here
    return whole
