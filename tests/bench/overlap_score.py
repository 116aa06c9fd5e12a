"""How well overlaps are told: what was detected beside what was intended, matched in time.

What an overlap *is* is what the script meant by it. How long it is, and so whether it counts among
the interruptions of at least half a second, is measured on the speech as it was rendered: an
intended interruption whose rendered overlap is shorter belongs to the truth no more than to the
figures, and detecting one there is a mistake like any other. Within a collar around that half
second, what a clean recording would be divided on, neither finding nor missing it is scored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.simulator.truth import Truth
from transforms.intervals import intersect, total
from transforms.overlaps import INTERRUPTIONS
from warehouse.records import AGENT, CALLER, Event, Turn

NEAR_S = 0.1  # two spans this near are one thing: the error of a span's edges
NOTHING = '-'  # in the confusion matrix: nothing was intended, or nothing detected
COUNTED = 'interruption'  # the headline class
COLLAR_S = 0.1  # around the headline length: each edge of a span is heard to about 0.05 s


@dataclass(frozen=True)
class Seen:
    """An overlap, intended or detected: its class, who came in, when, and seconds of both."""

    label: str
    speaker: str
    start_s: float
    end_s: float
    both_s: float


@dataclass(frozen=True)
class Score:
    """Hits out of what was intended and out of what was detected."""

    hits: int
    intended: int
    detected: int

    @property
    def precision(self) -> float | None:
        return self.hits / self.detected if self.detected else None

    @property
    def recall(self) -> float | None:
        return self.hits / self.intended if self.intended else None

    def __add__(self, other: Score) -> Score:
        return Score(self.hits + other.hits, self.intended + other.intended,
                     self.detected + other.detected)


def intended(truth: Truth) -> list[Seen]:
    """The overlaps of a script as they came out, and its listening signals, which need not be in
    one: a breath of the other will do."""
    both = intersect(truth.talk(AGENT), truth.talk(CALLER))
    meant = [tuple(overlap) for overlap in truth.overlaps if overlap.label != 'backchannel']
    meant += [('backchannel', *signal[:3]) for signal in truth.signals]
    return sorted((Seen(label, who, start, end, total(intersect([(start, end)], both)))
                   for label, who, start, end in meant),
                  key=lambda seen: (seen.start_s, seen.end_s))


def detected(events: Iterable[Event], turns: Iterable[Turn]) -> list[Seen]:
    """What was found in a call. Listening signals are those of its turns, as the KPIs count them:
    one in a pause of the other has no overlap."""
    found = [Seen(e.label, e.speaker or '', e.start_s, e.end_s, e.end_s - e.start_s)
             for e in events if e.kind == 'overlap' and e.label not in ('backchannel', 'bleed')]
    return sorted([*found, *(Seen('backchannel', t.speaker, t.start_s, t.end_s, 0.0)
                             for t in turns if t.is_backchannel)],
                  key=lambda seen: (seen.start_s, seen.end_s))


def scores(true: Sequence[Seen], found: Sequence[Seen], headline_s: float,
           collar_s: float = 0.0) -> dict[str, Score]:
    """Hits by class, and of all interruptions of at least `headline_s` as `interruption`.

    A hit is of the same class, by the right party and at the same time. Intended interruptions
    whose length is within `collar_s` of the headline are left out with what was detected there.
    Classes of which neither side has any are left out.
    """
    def counts(seen: Seen) -> bool:
        return seen.label in INTERRUPTIONS and seen.both_s >= headline_s

    divided = [seen for seen in true
               if seen.label in INTERRUPTIONS and abs(seen.both_s - headline_s) < collar_s]
    clear = [seen for seen in true if seen not in divided]
    theirs = [seen for seen in found if counts(seen)]
    excused = {j for i, j in matched([*clear, *divided], theirs) if i >= len(clear)}
    out = {COUNTED: _score(clear, [seen for j, seen in enumerate(theirs) if j not in excused],
                           counts)}
    for label in sorted({seen.label for seen in (*true, *found)}):
        out[label] = _score(true, found, lambda seen, label=label: seen.label == label)
    return out


def confusion(true: Sequence[Seen], found: Sequence[Seen]) -> Counter[tuple[str, str]]:
    """How often each (intended, detected) pair of classes met in time, whoever came in.

    What the other side has nothing for is counted against `-`.
    """
    pairs = matched(true, found)
    out = Counter((true[i].label, found[j].label) for i, j in pairs)
    hit_i, hit_j = {i for i, _ in pairs}, {j for _, j in pairs}
    out.update((seen.label, NOTHING) for i, seen in enumerate(true) if i not in hit_i)
    out.update((NOTHING, seen.label) for j, seen in enumerate(found) if j not in hit_j)
    return out


def matched(true: Sequence[Seen], found: Sequence[Seen]) -> list[tuple[int, int]]:
    """Pairs of places of what belongs together in time, each in one pair, the closest first."""
    shared = []
    for i, one in enumerate(true):
        for j, two in enumerate(found):
            seconds = min(one.end_s, two.end_s) - max(one.start_s, two.start_s)
            if seconds > -NEAR_S:
                shared.append((one.speaker == two.speaker, seconds, i, j))
    pairs: list[tuple[int, int]] = []
    for _, _, i, j in sorted(shared, reverse=True):
        if all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return sorted(pairs)


def _score(true: Sequence[Seen], found: Sequence[Seen], counts: Callable[[Seen], bool]) -> Score:
    own = [seen for seen in true if counts(seen)]
    theirs = [seen for seen in found if counts(seen)]
    hits = sum(own[i].speaker == theirs[j].speaker for i, j in matched(own, theirs))
    return Score(hits, len(own), len(theirs))
