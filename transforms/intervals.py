"""Arithmetic on time spans: lists of (start_s, end_s), sorted and disjoint unless said."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

Span = tuple[float, float]


def union(spans: Iterable[Span], join_gap_s: float = 0.0) -> list[Span]:
    """The spans sorted, with those that overlap, touch or lie at most `join_gap_s` apart joined.

    Takes any order and any overlap; empty and reversed spans are dropped.
    """
    ordered = sorted([span for span in spans if span[1] > span[0]])
    if not ordered:
        return []
    out: list[Span] = []
    first, last = ordered[0]
    for start, end in ordered:
        if start > last + join_gap_s:
            out.append((first, last))
            first, last = start, end
        elif end > last:
            last = end
    out.append((first, last))
    return out


def intersect(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    """What lies in both. Linear in len(a) + len(b)."""
    out: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        (a_start, a_end), (b_start, b_end) = a[i], b[j]
        start = b_start if b_start > a_start else a_start
        if a_end < b_end:
            end = a_end
            i += 1
        else:
            end = b_end
            j += 1
        if start < end:
            out.append((start, end))
    return out


def subtract(a: Sequence[Span], b: Sequence[Span]) -> list[Span]:
    """What lies in `a` and not in `b`. Linear in len(a) + len(b)."""
    out: list[Span] = []
    j = 0
    for start, end in a:
        while j < len(b) and b[j][1] <= start:
            j += 1
        k, at = j, start
        while k < len(b) and b[k][0] < end:
            if b[k][0] > at:
                out.append((at, b[k][0]))
            at = max(at, b[k][1])
            k += 1
        if at < end:
            out.append((at, end))
    return out


def total(spans: Iterable[Span]) -> float:
    """Summed length in seconds of disjoint spans."""
    return sum((end - start for start, end in spans), 0.0)


def clip(spans: Sequence[Span], start_s: float, end_s: float) -> list[Span]:
    """The parts of the spans between two instants."""
    return intersect(spans, [(start_s, end_s)])


def covered(span: Span, spans: Sequence[Span]) -> float:
    """How many seconds of `span` lie in `spans`."""
    return total(intersect([span], spans))


def near(span: Span, spans: Sequence[Span]) -> Sequence[Span]:
    """Those of the spans that can overlap `span`, in logarithmic time."""
    first = max(0, bisect_left(spans, (span[0],)) - 1)
    return spans[first:bisect_left(spans, (span[1],))]
