"""The cheapest way in which parts were said in their windows, for all windows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.heard import SCALE, Ints
from transforms.phrases.index import BUCKET, OTHER, SLACK, Index, Places
from transforms.phrases.tongue import FORBIDDEN

AT_ONCE = 256  # windows that are aligned together: as many as the cache takes

_STARTS = 64  # a cost times this, plus 63 less the column where it starts
_NEVER = int(FORBIDDEN * SCALE) * _STARTS
_OTHER = round(OTHER * SCALE) * _STARTS


Found = tuple[Places, Places, Places, Places]


def align(index: Index, rows: Ints, party: NDArray[np.int8], part: Places,
          start: Places) -> Found:
    """Parts that were said within their allowance: part, first token, end token, cost.

    Costs are hundredths. One way for each window, from a token of the part's own party; of equal
    ways the last and shortest.
    """
    order = np.argsort(-index.length[part], kind='stable')
    part, start = part[order], start[order]
    found = [_aligned(index, rows, party, part[low:low + AT_ONCE], start[low:low + AT_ONCE])
             for low in range(0, len(part), AT_ONCE)]
    return _joined([*found, (part[:0],) * 4])


def _joined(found: Sequence[Found]) -> Found:
    part, first, end, cost = (np.concatenate(of) for of in zip(*found, strict=True))
    return part, first, end, cost


def _aligned(index: Index, rows: Ints, party: NDArray[np.int8], part: Places,
             start: Places) -> Found:
    best = _cheapest(index, rows, party, part, start)
    end = best.argmin(axis=0)
    value = best[end, np.arange(len(part))]
    cost, first = value // _STARTS, _STARTS - 1 - value % _STARTS
    good = (cost <= index.allowed[part]) & (end > first)
    good &= ~index.whole[part] | (end - first == index.length[part])
    return part[good], (start + first)[good], (start + end)[good], cost[good].astype(np.int64)


def _cheapest(index: Index, rows: Ints, party: NDArray[np.int8], part: Places, start: Places
              ) -> Ints:
    """What it costs to hear all of a part, the longest first, up to each token of its window, and
    from where: windows lie side by side, so that one step goes through all of them."""
    length = index.length[part]
    longest = int(length[0])
    at = np.arange(min(_STARTS - 1, longest + 2 * SLACK + BUCKET) + 1)[:, None]
    heard = rows[at[:-1] + start]
    lost, edge = index.lost[:longest, part] * _STARTS, index.edge[:, part] * _STARTS
    slack = np.where(index.whole[part], 0, SLACK)
    starts = (at >= SLACK - slack) & (at < SLACK + BUCKET + slack)
    starts &= (index.parties[part] & party[start + at]) > 0
    more = index.heard.added[heard] * _STARTS
    added = np.zeros((len(at), len(part)), np.int32)
    np.cumsum(more, axis=0, out=added[1:])
    # Less what was added up to there: so a token more costs nothing in any step.
    best = np.where(starts, _STARTS - 1 - at, _NEVER).astype(np.int32) - added
    table = index.heard.costs.reshape(-1)
    cell = heard * np.int64(index.heard.costs.shape[1])
    column = index.columns[:longest, part]
    longer = np.searchsorted(-length, -np.arange(longest + 2), side='right').tolist()
    for n in range(longest):
        # Those that have such a token; it is the last of those from `last` on.
        some, last = longer[n + 1:n + 3]
        cost = table[cell[:, :some] + column[n, :some]].astype(np.int32)
        cost *= _STARTS
        if n == 0:
            cost += (cost >= _OTHER) * edge[0]
        if last < some:
            cost[:, last:] += (cost[:, last:] >= _OTHER) * edge[1, last:some]
        cost -= more[:, :some]
        cost += best[:-1, :some]
        here = best[:, :some] + lost[n, :some]
        np.minimum(here[1:], cost, out=here[1:])
        best[:, :some] = _falling(here)
    return best + added


def _falling(costs: Ints) -> Ints:
    """Each row no more than those before it. `np.minimum.accumulate` takes twice as long."""
    step = 1
    while step < len(costs):
        lower = costs.copy()
        np.minimum(costs[step:], costs[:-step], out=lower[step:])
        costs, step = lower, 2 * step
    return costs
