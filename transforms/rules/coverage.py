"""How much of a party's speech the words cover: whether an absence proves anything."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from transforms.intervals import Span, intersect
from warehouse.records import AGENT, CALLER, Words

Numbers = NDArray[np.float64]


class Coverage:
    """A party's speech, and the part of it that words of a good score cover.

    Args:
      speech: when the party speaks, sorted and disjoint.
      heard: what its words cover, sorted and disjoint.
    """

    def __init__(self, speech: Sequence[Span], heard: Sequence[Span]):
        self._speech = _Running(speech)
        self._heard = _Running(intersect(speech, heard))

    def share(self, start_s: float, end_s: float) -> float:
        """The share of the speech between two instants that is covered; 1.0 where none is."""
        voiced = self._speech.between(start_s, end_s)
        return 1.0 if voiced <= 0 else self._heard.between(start_s, end_s) / voiced

    def voiced_s(self, start_s: float, end_s: float) -> float:
        """The seconds of speech between two instants."""
        return self._speech.between(start_s, end_s)


class _Running:
    """Seconds covered by spans up to any instant, in logarithmic time."""

    def __init__(self, spans: Sequence[Span]):
        self._starts = [start for start, _ in spans]
        self._spans = spans
        self._before = list(accumulate((end - start for start, end in spans), initial=0.0))

    def between(self, start_s: float, end_s: float) -> float:
        return max(0.0, self._until(end_s) - self._until(start_s))

    def _until(self, at_s: float) -> float:
        index = bisect_right(self._starts, at_s) - 1
        if index < 0:
            return 0.0
        start, end = self._spans[index]
        return self._before[index] + (at_s if at_s < end else end) - start


def spoken(words: Words, least_score: float, join_s: float) -> dict[str, list[Span]]:
    """What each party's words cover, pauses up to `join_s` between them too.

    Words of a lower score than `least_score` do not count; those without a score come from a
    transcript that was given: they do.
    """
    start, end, score, is_agent, is_caller, _ = words.arrays
    usable = (start < end) & ~(score < least_score)  # false where a time, true where a score is NaN
    return {AGENT: _joined(start, end, usable & is_agent, join_s),
            CALLER: _joined(start, end, usable & is_caller, join_s)}


def _joined(start: Numbers, end: Numbers, which: NDArray[np.bool_], join_s: float) -> list[Span]:
    """`union` of some spans, of arrays."""
    start, end = start[which], end[which]
    if not start.size:
        return []
    if (start[1:] < start[:-1]).any():
        order = np.lexsort((end, start))
        start, end = start[order], end[order]
    reached = np.maximum.accumulate(end)
    ends = (start[1:] > reached[:-1] + join_s).nonzero()[0]
    return list(zip([float(start[0]), *start[ends + 1].tolist()],
                    [*reached[ends].tolist(), float(reached[-1])], strict=True))
