"""What a rule says of a call."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from transforms.intervals import Span
from warehouse.records import Event

PASS, FAIL, UNKNOWN, NOT_APPLICABLE = 'pass', 'fail', 'unknown', 'not_applicable'


class Verdict(NamedTuple):
    """A rule's result, and where in the call it was decided. `score` is None unless decided."""

    result: str
    why: str
    score: float | None = None
    confidence: float | None = None
    speaker: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    evidence: str | None = None


def passed(why: str, at: Event | None = None, *, score: float = 1.0,
           confidence: float | None = None, span: Span | None = None,
           speaker: str | None = None, evidence: str | None = None) -> Verdict:
    """The rule is kept. `at` is the phrase or other event that shows it; else `span` is where."""
    return _decided(PASS, why, at, score, confidence, span, speaker, evidence)


def failed(why: str, at: Event | None = None, *, score: float = 0.0,
           confidence: float | None = None, span: Span | None = None,
           speaker: str | None = None, evidence: str | None = None) -> Verdict:
    """The rule is broken; arguments as of `passed`."""
    return _decided(FAIL, why, at, score, confidence, span, speaker, evidence)


# The reasons of these two are few and the same in most calls.
@lru_cache(maxsize=1024)
def unknown(why: str) -> Verdict:
    """It cannot be known whether the rule is kept."""
    return Verdict(UNKNOWN, why)


@lru_cache(maxsize=1024)
def not_applicable(why: str) -> Verdict:
    """The rule does not ask for anything in this call."""
    return Verdict(NOT_APPLICABLE, why)


def shared(passes: int, fails: int, least: float, why: str, at: Event | None = None,
           span: Span | None = None) -> Verdict:
    """The verdict of several instances: `score` is the share that passes, kept from `least` on."""
    score = passes / (passes + fails)
    decide = passed if score >= least else failed
    return decide(f'{why}: {passes} of {passes + fails}', at, score=score, span=span)


def _decided(result: str, why: str, at: Event | None, score: float, confidence: float | None,
             span: Span | None, speaker: str | None, evidence: str | None) -> Verdict:
    if at is not None:
        return Verdict(result, why, score, at.confidence if confidence is None else confidence,
                       speaker or at.speaker, at.start_s, at.end_s, evidence or at.evidence)
    start, end = span if span is not None else (None, None)
    return Verdict(result, why, score, confidence, speaker, start, end, evidence)
