"""Calls made by hand: who says what from when to when."""

from __future__ import annotations

from transforms.assess import Assessment, assess
from transforms.conversation import Lane
from transforms.intervals import Span, union
from transforms.turns import build_turns, speech_events
from warehouse.records import AGENT, CALLER, Call, Event, Finding, Kpis, Words

from .standard_for_tests import default_standard, phrasebook, reviewed_phrasebook

Said = tuple[str, float, float, str]  # speaker, start_s, end_s, text


def call_of(duration_s: float, **given) -> Call:
    row = {
        'call_id': 'c1', 'source_uri': 'c1.wav', 'audio_sha256': '0', 'started_at': None,
        'call_date': None, 'duration_s': duration_s, 'sample_rate_hz': 16000, 'channels': 2,
        'codec': 'flac', 'direction': 'inbound', 'agent_id': 'a1', 'queue': 'q',
        'caller_id': None, 'language': 'en', 'hung_up_by': CALLER, 'lane_source': 'channel',
        'agent_lane_source': 'manifest', 'agent_lane_confidence': 1.0, 'agent_snr_db': None,
        'caller_snr_db': None, 'diarizer': None, 'transcriber': 'provided',
        'transcriber_model': None, 'transcript_trust': 'ok', 'manifest': '{}',
    }
    return Call(**{**row, **given})


def words_of(said: list[Said], confidence: float | None = None) -> Words:
    """The words of one lane, spread evenly over what was said."""
    rows = []
    for _, start, end, text in sorted(said, key=lambda turn: turn[1]):
        parts = text.split()
        step = (end - start) / max(1, len(parts))
        rows += [(start + i * step, start + (i + 1) * step, part) for i, part in enumerate(parts)]
    return Words(tuple(r[0] for r in rows), tuple(r[1] for r in rows), tuple(r[2] for r in rows),
                 (confidence,) * len(rows), ('aligned',) * len(rows), (-1,) * len(rows),
                 ('',) * len(rows))


def lane_of(said: list[Said], who: str, confidence: float | None = None,
            bleed: tuple[Span, ...] = ()) -> Lane:
    own = [turn for turn in said if turn[0] == who]
    return Lane(0 if who == AGENT else 1, tuple(union((s, e) for _, s, e, _ in own)), bleed,
                words_of(own, confidence))


def judged(said: list[Said], duration_s: float, events: tuple[Event, ...] = (), *,
           standard=None, confidence: float | None = None, book=None,
           **given) -> Assessment:
    """The assessment of a call from what was said in it."""
    call = call_of(duration_s, **given)
    turns, words, speech = perceived_of(said, call, standard, confidence)
    return assess(call, turns, words, (*speech, *events), standard or default_standard(),
                  book or phrasebook())


def finding_of(rule: str, said: list[Said], duration_s: float = 60.0, *,
               drafts: bool = False, **given) -> Finding:
    """What one rule says of a call; phrase lists count as reviewed unless `drafts`."""
    book = phrasebook() if drafts else reviewed_phrasebook()
    out = judged(list(said), duration_s, book=book, **given)
    return next(found for found in out.findings if found.rule_id == rule)


def perceived_of(said, call, standard=None, confidence=None):
    agent, caller = (lane_of(said, who, confidence) for who in (AGENT, CALLER))
    turns, words = build_turns(agent, caller, standard or default_standard(),
                               phrasebook().signals(call.language),
                               transcriber=call.transcriber,
                               transcript_trust=call.transcript_trust)
    return turns, words, speech_events(agent, caller)


def kpis_of(*args, **given) -> Kpis:
    return judged(*args, **given).kpis[0]


def event(kind: str, label: str, start_s: float, end_s: float, speaker: str | None = None) -> Event:
    return Event(0, kind, label, speaker, start_s, end_s, 0.9, 'heard')
