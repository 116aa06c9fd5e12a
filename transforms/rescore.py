"""A stored call judged again: measured anew only where its measures are not what is asked for.

The events that are stored with a call are those of one standard. Which one is not stored, but what
they were measured by is known where all its rows of `kpis` agree in it; `rescore` leaves no call
whose rows agree in another than its events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from transforms.assess import Assessment, judged, measure, phrases_of
from transforms.phrasebook import Phrasebook
from transforms.phrases import Match
from transforms.standard import Standard
from warehouse.records import Event, Finding, Kpis, Result


class JudgingError(RuntimeError):
    """A call cannot be judged: a fault of the program or of the tables. The message names it."""


@contextmanager
def judging(call_id: str) -> Iterator[None]:
    """What goes wrong inside, as an error that names the call."""
    try:
        yield
    except Exception as e:
        raise JudgingError(f'call {call_id} cannot be judged: {type(e).__name__}: {e}') from e


@dataclass(frozen=True)
class Again:
    """A call judged again. `events` is None where they stay as they are stored; `is_measured`
    tells whether anything was measured anew."""

    events: tuple[Event, ...] | None
    findings: tuple[Finding, ...]
    kpis: tuple[Kpis, ...]
    is_measured: bool


def measured_by(version: str) -> str:
    """The half of a rule_version that tells what calls are measured by."""
    return version.partition('-')[0]


def agreed(versions: Iterable[str]) -> str | None:
    """What the events of a call with rows of these versions were measured by, where it is known."""
    halves = {measured_by(version) for version in versions}
    return halves.pop() if len(halves) == 1 else None


def rescore(stored: Sequence[Result], standards: Sequence[Standard], phrasebook: Phrasebook, *,
            shown: str, full: bool = False) -> list[Again]:
    """Judges stored calls by some standards.

    Each step is done for all calls before the next: a step's code and tables then stay in the
    processor's cache, and all take a fifth less time. Some hundred calls at once are enough.

    Args:
      stored: their rows; of `findings` those of stage `kpi` are enough.
      shown: the standard whose events are stored.
      full: measure anew whatever is stored.

    Raises JudgingError, which names the call.
    """
    known = [None if full else agreed(row.rule_version for row in one.kpis) for one in stored]
    halves = {measured_by(standard.version): standard for standard in reversed(standards)}
    found = [_phrases(one, phrasebook) if set(halves) - {half} else ()
             for one, half in zip(stored, known, strict=True)]
    made = [{half: _measured(one, standard, phrasebook, matches)
             for half, standard in halves.items() if half != as_known}
            for one, as_known, matches in zip(stored, known, found, strict=True)]
    return [_again(one, anew, standards, phrasebook, shown)
            for one, anew in zip(stored, made, strict=True)]


def _phrases(stored: Result, phrasebook: Phrasebook) -> tuple[Match, ...]:
    with judging(stored.call.call_id):
        return phrases_of(stored.call, stored.words, phrasebook)


def _measured(stored: Result, standard: Standard, phrasebook: Phrasebook,
              matches: Sequence[Match]) -> Assessment:
    with judging(stored.call.call_id):
        return measure(stored.call, stored.turns, stored.words, stored.events, standard,
                       phrasebook, matches)


def _again(stored: Result, made: Mapping[str, Assessment], standards: Sequence[Standard],
           phrasebook: Phrasebook, shown: str) -> Again:
    """A call judged by each standard; `made`: what it was measured by, anew -> its measures."""
    findings: list[Finding] = []
    kpis: list[Kpis] = []
    events = None
    with judging(stored.call.call_id):
        for standard in standards:
            half = measured_by(standard.version)
            measured = made[half] if half in made else _as_stored(stored)
            if half in made and standard.name == shown:
                events = measured.events
            done = judged(stored.call, stored.turns, stored.words, _under(standard, measured),
                          standard, phrasebook)
            findings += done.findings
            kpis += done.kpis
        names = {standard.name for standard in standards}
        others = [row.rule_version for row in stored.kpis if row.standard not in names]
        now = agreed([*others, *(standard.version for standard in standards)])
        # Where all rows agree now, so must the events.
        if events is None and now is not None and now in made:
            events = made[now].events
    return Again(events, tuple(findings), tuple(kpis), bool(made))


def _as_stored(stored: Result) -> Assessment:
    one = stored.kpis[0]
    return Assessment(stored.events, tuple(finding for finding in stored.findings
                                           if finding.standard == one.standard), (one,))


def _under(standard: Standard, measured: Assessment) -> Assessment:
    """What was measured, as that of a standard that measures alike."""
    name, version = standard.name, standard.version
    one = measured.kpis[0]
    if (one.standard, one.rule_version) == (name, version):
        return measured
    return Assessment(
        measured.events,
        tuple(finding._replace(standard=name, rule_version=version)
              for finding in measured.findings),
        (Kpis(**(vars(one) | {'standard': name, 'rule_version': version})),))
