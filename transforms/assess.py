"""Assess: from who spoke when and what was said to events, KPIs and their reasons.

Pure and repeatable: it sees the rows of a call and nothing else, so a call judged again from the
stored tables is judged the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transforms.holds import Hold, announced_silences, heard_holds, told_holds
from transforms.intervals import Span, subtract
from transforms.kpis import Judged, make_kpis
from transforms.metadata import Metadata, metadata_of
from transforms.overlaps import Overlap, Voices, bleed_overlaps, find_overlaps
from transforms.phrasebook import Phrasebook
from transforms.phrases import Match
from transforms.rings import (
    HEARD_RINGING,
    HEARD_RINGING_PARTIAL,
    TRANSFER_RING,
    Ringing,
    find_ringing,
)
from transforms.rules.judge import SIGNOFF_REASONS, judge
from transforms.rules.scene import ANNOUNCED
from transforms.silences import Timeline, draw_timeline
from transforms.standard import Standard
from transforms.talk import FULL, NONE, Talk, end_of, make_talk, trust_of
from transforms.turns import timed_words
from warehouse.records import AGENT, CALLER, Call, Event, Finding, Kpis, Turn, Words

_HEARD = 'hold_'  # `tone` labels hold_music, hold_beeps, hold_zero: as heard, not as judged
_HEARD_HOLDS = ('music', 'beeps', 'zero')
# `note`: a hold by ear where the phone system names the holds, or says that there were none.
HEARD_HOLD = 'heard_hold'
_COMPARED = (HEARD_HOLD, HEARD_RINGING, HEARD_RINGING_PARTIAL)
_RANK = {AGENT: 0, CALLER: 1, None: 2}

Row = tuple[float, float, str | None, str, str, float | None, str | None]


@dataclass(frozen=True)
class Assessment:
    """What assess adds to a call. `events` are all of the call's, the heard ones included."""

    events: tuple[Event, ...]
    findings: tuple[Finding, ...]
    kpis: tuple[Kpis, ...]


def perceived(events: Iterable[Event]) -> list[Event]:
    """The events that were heard, out of those stored, as they were before assess judged them.

    Speech, ivr, rings, tones and notes are. Rings after the answer are stored as `tone` /
    transfer_ring. Music, beeps and digital silence are stored as the holds they made; where these
    differ from what was heard, that is stored too, as `tone` / hold_music, hold_beeps or hold_zero,
    and is meant here. Notes of what the phone system was believed against are made by assess.
    """
    out: list[Event] = []
    judged: list[Event] = []
    raw: list[Event] = []
    for event in events:
        if event.kind == 'tone' and event.label == TRANSFER_RING:
            out.append(event._replace(kind='ring', label='ringback'))
        elif event.kind == 'tone' and event.label.startswith(_HEARD):
            raw.append(event._replace(kind='hold', label=event.label[len(_HEARD):]))
        elif event.kind == 'hold' and event.label in _HEARD_HOLDS:
            judged.append(event)
        elif event.kind in ('speech', 'ring', 'ivr', 'tone', 'note') \
                and event.label not in _COMPARED:
            out.append(event)
    return sorted([*out, *(raw or judged)], key=lambda event: (event.start_s, event.end_s))


def assess(call: Call, turns: Sequence[Turn], words: Words, events: Iterable[Event],
           standard: Standard, phrasebook: Phrasebook) -> Assessment:
    """Judges one call by one standard: `measure`, then the rules.

    Args:
      turns, words: as `build_turns` made them.
      events: at least what `perceived` picks; rows that assess made itself are made anew.
    """
    measured = measure(call, turns, words, events, standard, phrasebook)
    return judged(call, turns, words, measured, standard, phrasebook)


def judged(call: Call, turns: Sequence[Turn], words: Words, measured: Assessment,
           standard: Standard, phrasebook: Phrasebook) -> Assessment:
    """What was measured, with the findings of the rules and the scores.

    `measured` may be of stored rows: findings of rules among them are made anew.
    """
    findings, kpis = judge(call, turns, words, measured.events, measured.kpis[0], standard,
                           phrasebook)
    kept = [f for f in measured.findings if f.stage == 'kpi' and f.rule_id not in SIGNOFF_REASONS]
    return Assessment(measured.events, (*kept, *findings), (kpis,))


def phrases_of(call: Call, words: Words, phrasebook: Phrasebook) -> tuple[Match, ...]:
    """The phrases of a call. Without a list of its language, or words to believe, there are none.
    """
    matcher = phrasebook.matcher(call.language)
    if matcher is None or trust_of(call.transcriber, call.transcript_trust) == NONE:
        return ()
    return matcher.find(words)


def measure(call: Call, turns: Sequence[Turn], words: Words, events: Iterable[Event],
            standard: Standard, phrasebook: Phrasebook,
            matches: Sequence[Match] | None = None) -> Assessment:
    """The events and measures of a call, and a finding for each measure that is not known.

    Of the standard, it reads the sections `turns`, `overlaps`, `silence`, `ring` and `hold`.

    Args:
      matches: what `phrases_of` found, where that is known.
    """
    metadata = metadata_of(call)
    heard = perceived(events)
    trust = trust_of(call.transcriber, call.transcript_trust)
    if matches is None:
        matches = phrases_of(call, words, phrasebook)
    talks = tuple(_talk(who, heard, words, trust, standard) for who in (AGENT, CALLER))
    signals = {who: [(t.start_s, t.end_s) for t in turns if t.is_backchannel and t.speaker == who]
               for who in (AGENT, CALLER)}
    ringing, by_ear, holds, timeline = _timeline(call, metadata, heard, talks, turns, matches,
                                                 signals, standard)
    overlaps = _overlaps(timeline.talks, heard, turns, signals, standard, trust, call)
    kpis, findings = make_kpis(Judged(
        call, metadata, turns, words, timeline, ringing, holds, overlaps, trust, standard))
    rows = [*_as_rows(e for e in heard if e.kind in ('speech', 'ivr', 'tone', 'note')),
            *_as_rows((*ringing.events, *ringing.notes)),
            *_compared_rows(by_ear if metadata.has_holds else ()),
            *_hold_rows([e for e in heard if e.kind == 'hold'], holds),
            *_rows(overlaps, timeline, matches, trust, standard)]
    return Assessment(_numbered(rows), findings, (kpis,))


def _timeline(call: Call, metadata: Metadata, heard: Sequence[Event], talks: tuple[Talk, ...],
              turns: Sequence[Turn], matches: Sequence[Match],
              signals: Mapping[str, Sequence[Span]],
              standard: Standard
              ) -> tuple[Ringing, tuple[Hold, ...], tuple[Hold, ...], Timeline]:
    """What each second of the call is: ringing, holds (by ear, and as judged), speech, silences."""
    agent, caller = talks
    ivr = [(e.start_s, e.end_s) for e in heard if e.kind == 'ivr']
    music = [e for e in heard if e.kind == 'hold']
    human = agent.without(ivr, standard.turns)
    ringing = find_ringing([e for e in heard if e.kind == 'ring'], human, metadata,
                           call.duration_s, standard.ring)
    announced = announced_silences(turns, matches, human, caller, call.duration_s, standard.hold,
                                   standard.overlaps.hold_floor_s)
    by_ear = heard_holds(music, announced, human, caller, ivr, ringing.answer_s, standard.hold)
    # The phone system is believed before the audio, also where it says that there was no hold.
    holds = told_holds(metadata, by_ear, call.duration_s) if metadata.has_holds else by_ear
    parked = [(hold.start_s, hold.end_s) for hold in holds]
    recorded = [*ivr, *_music_alone(music, parked, agent, caller)]
    return ringing, by_ear, holds, draw_timeline(
        call.duration_s, parked, recorded, ringing.phase, (agent, caller), signals, announced,
        ringing.answer_s, standard)


def _talk(speaker: str, heard: Sequence[Event], words: Words, trust: str,
          standard: Standard) -> Talk:
    voice = [(e.start_s, e.end_s) for e in heard
             if e.kind == 'speech' and e.speaker == speaker and e.label != 'bleed']
    own = [] if trust == NONE else words.of(speaker)
    return make_talk(speaker, voice, *timed_words(words, own), trust, standard.turns)


def _music_alone(music: Sequence[Event], parked: Sequence[Span], agent: Talk,
                 caller: Talk) -> list[Span]:
    """Music that is no hold (before the answer, or the phone system says none): a recording."""
    spans = [(e.start_s, e.end_s) for e in music if e.label == 'music']
    for others in (sorted(parked), agent.speech, caller.speech):
        spans = subtract(spans, others)
    return spans


def _overlaps(talks: tuple[Talk, Talk], heard: Sequence[Event], turns: Sequence[Turn],
              signals: Mapping[str, Sequence[Span]], standard: Standard, trust: str,
              call: Call) -> tuple[Overlap, ...]:
    bleed = {who: [(e.start_s, e.end_s) for e in heard
                   if e.kind == 'speech' and e.label == 'bleed' and e.speaker == who]
             for who in (AGENT, CALLER)}
    ends = {who: {e.end_s: lower for e in heard if e.kind == 'speech' and e.speaker == who
                  and (lower := end_of(e.evidence)) is not None} for who in (AGENT, CALLER)}
    return (*find_overlaps(*talks, signals, Voices(ends, turns), standard.overlaps, trust=trust,
                           diarized=call.lane_source != 'channel'),
            *bleed_overlaps(*talks, bleed, standard.overlaps))


def _as_rows(events: Iterable[Event]) -> list[Row]:
    return [(e.start_s, e.end_s, e.speaker, e.kind, e.label, e.confidence, e.evidence)
            for e in events]


def _compared_rows(by_ear: Sequence[Hold]) -> list[Row]:
    return [(h.start_s, h.end_s, h.speaker, 'note', HEARD_HOLD, h.confidence, h.label)
            for h in by_ear]


def _hold_rows(music: Sequence[Event], holds: Sequence[Hold]) -> list[Row]:
    """The holds; and what was heard for them, where the holds differ from it."""
    judged: list[Row] = [(h.start_s, h.end_s, h.speaker, 'hold', h.label, h.confidence,
                          h.evidence) for h in holds]
    raw = _as_rows(music)
    by_ear = [row for row in judged if row[4] in _HEARD_HOLDS]
    if sorted(map(repr, raw)) == sorted(map(repr, by_ear)):
        return [*judged]
    return [*judged, *((start, end, who, 'tone', f'{_HEARD}{label}', confidence, evidence)
                       for start, end, who, _, label, confidence, evidence in raw)]


def _rows(overlaps: Sequence[Overlap], timeline: Timeline, matches: Sequence[Match], trust: str,
          standard: Standard) -> list[Row]:
    rows: list[Row] = [(o.start_s, o.end_s, o.speaker, 'overlap', o.label, o.confidence,
                        o.evidence) for o in overlaps]
    for silence in timeline.silences:
        start, end = silence.start_s, silence.end_s
        if end - start >= standard.silence.warn_s:
            label = ANNOUNCED if silence.is_announced else silence.label
            rows.append((start, end, None, 'silence', label, None, silence.evidence))
        if silence.is_dead_air:
            sure = trust == FULL
            rows.append((start, end, None, 'dead_air', '', 1.0 if sure else 0.5,
                         'not announced' if sure else 'no announcement heard'))
    rows += [(m.start_s, m.end_s, m.speaker, 'phrase', m.category, round(m.score, 3), m.text)
             for m in matches]
    return rows


def _numbered(rows: Iterable[Row]) -> tuple[Event, ...]:
    ordered = sorted(rows, key=lambda row: (row[0], row[1], _RANK[row[2]], row[3], row[4]))
    return tuple(Event(i, kind, label, who, start, end, confidence, evidence)
                 for i, (start, end, who, kind, label, confidence, evidence)
                 in enumerate(ordered))
