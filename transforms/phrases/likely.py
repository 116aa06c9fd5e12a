"""Which windows hold enough of their parts, in whatever order: what need not be aligned is most."""

from __future__ import annotations

import numpy as np

from transforms.phrases.heard import COST_OF, Bits, Bytes, Ints
from transforms.phrases.index import BUCKET, NARROW, SLACK, Index, Places


def likely(index: Index, rows: Ints, part: Places, start: Places) -> tuple[Places, Places]:
    """Parts and the windows in which each may have been said within its allowance."""
    if not len(part):
        return part, start
    hopeful = np.flatnonzero(_at_least(index, rows, part, start) <= index.allowed[part])
    part, start = part[hopeful], start[hopeful]
    there = np.flatnonzero(_absent(index, rows, part, start) <= index.allowed[part])
    return part[there], start[there]


def _at_least(index: Index, rows: Ints, part: Places, start: Places) -> Ints:
    """What parts cost where each of their tokens may be anywhere in the window: as much as the best
    of it, or as the token's loss."""
    length = index.length[part]
    ends = np.cumsum(length)
    firsts = ends - length
    token = np.arange(ends[-1]) + np.repeat(index.first[part] - firsts, length)
    cost = COST_OF[_least(index, rows, part, start, index.flat_columns[token])]
    sums: Ints = np.add.reduceat(np.minimum(cost, index.flat_lost[token]), firsts)
    return sums


def _absent(index: Index, rows: Ints, part: Places, start: Places) -> Ints:
    """What those sounds of parts cost at least that nothing in the window is like."""
    width = index.length[part] + 2 * SLACK + BUCKET
    there = _sounds(index.heard.bits[rows], start, width)
    absent = index.bits[part] & ~there
    small = np.bitwise_count(absent & index.small[part]).sum(axis=1, dtype=np.int32)
    large = np.bitwise_count(absent).sum(axis=1, dtype=np.int32) - small
    cost: Ints = small * index.absent[part, 0] + large * index.absent[part, 1]
    return cost


def _sounds(bits: Bits, start: Places, width: Places) -> Bits:
    """The sounds of windows: of two spans of 1, 2, 4, ... tokens each, which may overlap."""
    out = np.empty((len(start), bits.shape[1]), np.uint64)
    level, span, by = np.log2(width).astype(np.int64), bits, 1
    for n in range(level.max(initial=-1) + 1):
        at = np.flatnonzero(level == n)
        if len(at):
            first = start[at]
            out[at] = span[first] | span[first + width[at] - by]
        wider = span.copy()
        wider[:-by] |= span[by:]
        span, by = wider, 2 * by
    return out


def _least(index: Index, rows: Ints, part: Places, start: Places, column: Places) -> Bytes:
    """What each token of each part costs at least in its window, which starts at an even row."""
    width, level = index.pairs[part], index.level[part]
    levels = _levels(index.heard.bytes, rows, int(level.max()) + 1)
    of_level, many = levels.shape[1] * levels.shape[2], index.length[part]
    at = level * of_level + start // 2 * levels.shape[2]
    shift = (width - (NARROW << level)) * levels.shape[2]
    place = np.repeat(at, many) + column
    flat = levels.reshape(-1)
    return np.minimum(flat[place], flat[place + np.repeat(shift, many)])


def _levels(costs: Bytes, rows: Ints, count: int) -> Bytes:
    """The least cost of each word in spans of 4, 8, ... pairs of rows, from each pair on.

    The last spans are too narrow: nothing is heard there.
    """
    out = np.empty((max(2, count), len(rows) // 2, costs.shape[1]), np.uint8)
    even, odd = out[:2]
    np.take(costs, rows[:-1:2], axis=0, out=even, mode='clip')
    np.take(costs, rows[1::2], axis=0, out=odd, mode='clip')
    np.minimum(even, odd, out=even)
    _widen(even, 1, odd)
    _widen(odd, 2, even)
    for n in range(1, count):
        _widen(out[n - 1], NARROW << n >> 1, out[n])
    return out


def _widen(spans: Bytes, by: int, out: Bytes) -> None:
    np.minimum(spans[:-by], spans[by:], out=out[:-by])
