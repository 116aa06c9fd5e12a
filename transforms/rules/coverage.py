"""How much of a party's speech the words cover: whether an absence proves anything."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from transforms.intervals import Span, intersect


class Coverage:
    """A party's speech, and the part of it that words of a good score cover.

    Args:
      speech: when the party speaks, sorted and disjoint.
      start_s, end_s, score: of its words, NaN for None. Words without a score come from a
        transcript that was given: they count.
      least_score: words of a lower score do not count.
      join_s: pauses between words as short as this are covered too.
    """

    def __init__(self, speech: Sequence[Span], start_s: np.ndarray, end_s: np.ndarray,
                 score: np.ndarray, least_score: float, join_s: float):
        good = ~(score < least_score) & (start_s < end_s)
        self._speech = _Running(speech)
        self._heard = _Running(intersect(speech, _joined(start_s[good], end_s[good], join_s)))

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
        self._before: list[float] = []
        total = 0.0
        for start, end in spans:
            self._before.append(total)
            total += end - start

    def between(self, start_s: float, end_s: float) -> float:
        return max(0.0, self._until(end_s) - self._until(start_s))

    def _until(self, at_s: float) -> float:
        index = bisect_right(self._starts, at_s) - 1
        if index < 0:
            return 0.0
        start, end = self._spans[index]
        return self._before[index] + min(at_s, end) - start


def _joined(start_s: np.ndarray, end_s: np.ndarray, join_s: float) -> list[Span]:
    """Spans in order of start as a union, pauses up to `join_s` closed."""
    if not len(start_s):
        return []
    order = np.argsort(start_s, kind='stable')
    start_s, reach = start_s[order], np.maximum.accumulate(end_s[order])
    new = np.flatnonzero(start_s[1:] > reach[:-1] + join_s)
    first, last = [0, *(new + 1).tolist()], [*new.tolist(), len(start_s) - 1]
    return list(zip(start_s[first].tolist(), reach[last].tolist(), strict=True))
