"""The cheapest way in which parts were said in their windows, for all windows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.heard import COST_OF, SCALE, Ints
from transforms.phrases.index import BUCKET, OTHER, SLACK, Index, Places
from transforms.phrases.tongue import FORBIDDEN

_NEVER = int(FORBIDDEN * SCALE)
_OTHER = round(OTHER * SCALE)
_STARTS = 64  # a cost times this, plus 63 less the column where it starts


Found = tuple[Places, Places, Places, Places]


def align(index: Index, rows: Ints, party: NDArray[np.int8], part: Places,
          start: Places) -> Found:
    """Parts that were said within their allowance: part, first token, end token, cost.

    Costs are hundredths. One way for each window, from a token of the part's own party; of equal
    ways the last and shortest.
    """
    if not len(part):
        return part, start, start, start
    order = np.argsort(-index.length[part], kind='stable')
    part, start = part[order], start[order]
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
    length, each = index.length[part], np.arange(len(part))
    longest = int(length[0])
    heard = rows[np.arange(min(_STARTS - 1, longest + 2 * SLACK + BUCKET))[:, None] + start]
    columns = index.columns[part, :longest].T
    lost = index.lost[part, :longest].T * _STARTS
    edge = index.edge[part].T
    at = np.arange(len(heard) + 1)[:, None]
    slack = np.where(index.whole[part], 0, SLACK)
    starts = (at >= SLACK - slack) & (at < SLACK + BUCKET + slack)
    starts &= (index.parties[part] & party[start + at]) > 0
    best = np.where(starts, _STARTS - 1 - at, _NEVER * _STARTS).astype(np.int32)
    added = np.zeros(best.shape, np.int32)
    np.cumsum(index.heard.added[heard] * _STARTS, axis=0, out=added[1:])
    table = index.heard.costs
    heard = heard * np.int64(table.shape[1])
    longer = np.searchsorted(-length, -np.arange(longest + 2), side='right')
    for n in range(longest):
        # Those that have such a token; it is the last of those from `last` on.
        some, last = longer[n + 1], longer[n + 2]
        cost = COST_OF[table.reshape(-1)[heard[:, :some] + columns[n, :some]]]
        if n == 0:
            cost += (cost >= _OTHER) * edge[0]
        if last < some:
            cost[:, last:] += (cost[:, last:] >= _OTHER) * edge[1, last:some]
        cost *= _STARTS
        cost += best[:-1, :some]
        here = best[:, :some] + lost[n, :some]
        np.minimum(here[1:], cost, out=here[1:])
        here -= added[:, :some]
        np.minimum.accumulate(here, axis=0, out=here)
        here += added[:, :some]
        best[:, :some] = here
    return best
