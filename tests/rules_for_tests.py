"""Findings of single rules, of calls made by hand."""

from __future__ import annotations

import dataclasses
import functools
import json
from datetime import datetime, timezone

from tests.calls_for_tests import call_of, judged, perceived_of
from tests.standard_for_tests import default_standard, reviewed_phrasebook
from transforms.phrasebook import Phrasebook
from transforms.rules.judge import judge
from transforms.standard import Standard
from warehouse.records import AGENT, Event, Finding

NOON = datetime(2026, 3, 4, 12, tzinfo=timezone.utc)  # a Wednesday


@functools.cache
def known_companies() -> Phrasebook:
    """The phrase lists as if they had been read, with two brand names."""
    book = reviewed_phrasebook()
    return dataclasses.replace(book, lexicons={
        language: dataclasses.replace(lexicon, companies=('acme', 'blue harbor bank', '蓝港银行',
                                                          '青港銀行', '푸른은행'))
        for language, lexicon in book.lexicons.items()})


def changed(section: str, **values) -> Standard:
    """The default standard with other values in one section."""
    given = default_standard()
    return dataclasses.replace(given, **{
        section: dataclasses.replace(getattr(given, section), **values)})


def with_options(rule: str, **options) -> Standard:
    """The default standard with other options of one rule, which is on."""
    given = default_standard()
    return dataclasses.replace(given, rules=tuple(
        dataclasses.replace(row, on=True, options={**row.options, **options})
        if row.id == rule else row for row in given.rules))


def found(rule: str, said, duration_s: float, events=(), *, standard=None, book=None,
          phrases=(), manifest=None, **given) -> Finding:
    """What a rule says of a call.

    Args:
      phrases: phrase events beside those that the matcher finds: (label, start_s, end_s, speaker,
        words).
      manifest: what the phone system said, as a dict.
    """
    standard, book = standard or default_standard(), book or known_companies()
    given['manifest'] = json.dumps(manifest or {})
    row = judged(said, duration_s, tuple(events), standard=standard, book=book, **given)
    findings = row.findings
    if phrases:
        more = [Event(0, 'phrase', label, who, start, end, 1.0, words)
                for label, start, end, who, words in phrases]
        confidence = given.pop('confidence', None)
        call = call_of(duration_s, **given)
        turns, words, _ = perceived_of(said, call, standard, confidence)
        findings, _ = judge(call, turns, words, sorted(
            [*row.events, *more], key=lambda e: (e.start_s, e.end_s)), row.kpis[0], standard, book)
    return next(finding for finding in findings if finding.rule_id == rule)


def phrase(label: str, start_s: float, end_s: float, words: str, speaker: str = AGENT):
    return label, start_s, end_s, speaker, words


def finding(rule: str, said, duration_s: float, events=(), *, metadata=None, **given) -> Finding:
    """As `found`, without brand names."""
    given.setdefault('book', reviewed_phrasebook())
    return found(rule, said, duration_s, events, manifest=metadata, **given)
