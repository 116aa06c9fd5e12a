"""The `kpis` row of a call, and the reason behind each value that is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import log10
from statistics import median
from typing import Any

from transforms.holds import SOURCES, Hold
from transforms.intervals import Span, covered, intersect, near, total
from transforms.metadata import Metadata
from transforms.overlaps import INTERRUPTIONS, Overlap
from transforms.rates import count_units, rate_unit
from transforms.rings import Ringing
from transforms.silences import Timeline
from transforms.standard import Standard
from transforms.talk import NONE
from warehouse.records import AGENT, CALLER, Call, Finding, Kpis, Turn, Words

# Columns that do not apply where they are None, follow from others, or are filled in by the rules.
_NO_REASON = frozenset({
    'call_date', 'agent_id', 'queue', 'ring_source', 'ring_at_least_s', 'hold_source',
    'speech_rate_unit', 'opening_score', 'hold_score', 'signoff_score', 'etiquette_score',
    'etiquette_lo', 'etiquette_hi', 'etiquette_coverage', 'rules_passed', 'rules_failed',
    'rules_unknown', 'signoff_order', 'signoff_spoken', 'signoff_status',
})
_SILENT = 'nobody speaks in the recording'
_ONE_SIDED = 'one party is not heard in the whole recording: its channel may be dead'
_ONE_CHANNEL = ('both parties share one channel, and the overlaps that {} tells apart are not '
                'trusted by this standard')


@dataclass(frozen=True)
class Judged:
    """All that the KPIs of a call are computed from."""

    call: Call
    metadata: Metadata
    turns: Sequence[Turn]
    words: Words
    timeline: Timeline
    ringing: Ringing
    holds: Sequence[Hold]
    overlaps: Sequence[Overlap]
    trust: str
    standard: Standard


def make_kpis(judged: Judged) -> tuple[Kpis, tuple[Finding, ...]]:
    """The row of `kpis`, and a finding `kpi.<column>` for each value that is not known.

    The exclusive classes and hold_total_s are always numbers and sum to the recording. Scores,
    rule counts and the sign-off are None: they belong to the rules.
    """
    call, standard = judged.call, judged.standard
    why: dict[str, str] = {}
    row: dict[str, Any] = {
        'standard': standard.name, 'rule_version': standard.version, 'call_date': call.call_date,
        'agent_id': call.agent_id, 'queue': call.queue, 'hung_up_by': call.hung_up_by,
    }
    silent = not any(talk.speech for talk in judged.timeline.talks)
    for part in (_ring, _hold, _classes, _overlap, _talk, _rate, _loudness):
        values, reasons = part(judged, silent)
        row.update(values)
        why.update(reasons)
    if judged.metadata.has_transfers:
        row['transfer_count'] = len(judged.metadata.transfers)
    why['transfer_count'] = 'the phone system says nothing of transfers'
    why['hung_up_by'] = 'the phone system does not say who hung up'
    kpis = Kpis(**row)
    return kpis, _findings(kpis, why, standard)


def _findings(kpis: Kpis, why: Mapping[str, str], standard: Standard) -> tuple[Finding, ...]:
    open_ = [f.name for f in fields(kpis) if f.name not in _NO_REASON
             and getattr(kpis, f.name) in (None, 'unknown')]
    return tuple(Finding(standard.name, standard.version, f'kpi.{name}', 'kpi', 'A', 'unknown',
                         None, 0.0, 0.0, why[name]) for name in open_)


Part = tuple[dict[str, Any], dict[str, str]]


def _ring(judged: Judged, silent: bool) -> Part:
    ringing = judged.ringing
    return {'ring_to_answer_s': ringing.to_answer_s, 'ring_count': ringing.count,
            'ring_source': ringing.source, 'ring_at_least_s': ringing.at_least_s}, ringing.why


def _hold(judged: Judged, silent: bool) -> Part:
    total_s = judged.timeline.seconds['hold']
    if silent and not judged.holds and not judged.metadata.has_holds:
        names = ('hold_count', 'hold_longest_s')
        return {'hold_total_s': total_s}, dict.fromkeys(names, _SILENT)
    sources = {SOURCES[hold.label] for hold in judged.holds}
    if judged.metadata.has_holds:
        sources = {'metadata'}
    return {
        'hold_count': len(judged.holds), 'hold_total_s': total_s,
        'hold_longest_s': max((h.end_s - h.start_s for h in judged.holds), default=0.0),
        'hold_source': ','.join(s for s in ('metadata', 'audio', 'words') if s in sources) or None,
    }, {}


def _classes(judged: Judged, silent: bool) -> Part:
    timeline = judged.timeline
    row: dict[str, Any] = {f'{name}_s': seconds for name, seconds in timeline.seconds.items()
                           if name != 'hold'}
    if silent:
        names = ('dead_air_count', 'longest_silence_s', 'trailing_silence_s')
        return row, dict.fromkeys(names, _SILENT)
    row |= {'dead_air_count': sum(s.is_dead_air for s in timeline.silences),
            'longest_silence_s': timeline.longest_s, 'trailing_silence_s': timeline.trailing_s}
    return row, {}


def _overlap(judged: Judged, silent: bool) -> Part:
    names = ('agent_interruptions', 'caller_interruptions', 'agent_backchannels',
             'caller_backchannels', 'overlap_ratio')
    call, rule = judged.call, judged.standard.overlaps
    if silent or (call.lane_source != 'channel' and call.diarizer not in rule.trusted_diarizers):
        why = _SILENT if silent else _ONE_CHANNEL.format(call.diarizer or 'the diarizer')
        return {}, dict.fromkeys(names, why)
    if not all(talk.speech for talk in judged.timeline.talks):
        return {}, dict.fromkeys(names, _ONE_SIDED)
    least = rule.headline_s
    cut_off = [o.speaker for o in judged.overlaps
               if o.label in INTERRUPTIONS and o.end_s - o.start_s >= least]
    signals = [turn.speaker for turn in judged.turns if turn.is_backchannel]
    seconds = judged.timeline.seconds
    spoken = seconds['overlap'] + seconds['agent_only'] + seconds['caller_only']
    return {
        'agent_interruptions': cut_off.count(AGENT), 'caller_interruptions': cut_off.count(CALLER),
        'agent_backchannels': signals.count(AGENT), 'caller_backchannels': signals.count(CALLER),
        'overlap_ratio': seconds['overlap'] / spoken,
    }, {}


def _talk(judged: Judged, silent: bool) -> Part:
    names = ('agent_talk_s', 'caller_talk_s', 'agent_talk_ratio', 'last_speaker',
             'agent_longest_turn_s', 'agent_reply_median_s')
    if silent:
        return {}, dict.fromkeys(names, _SILENT)
    agent, caller = (total(talk.speech) for talk in judged.timeline.talks)
    floor = [turn for turn in judged.turns if not turn.is_backchannel]
    replies = _replies(floor, [(hold.start_s, hold.end_s) for hold in judged.holds])
    return {
        'agent_talk_s': agent, 'caller_talk_s': caller,
        'agent_talk_ratio': agent / (agent + caller),
        'last_speaker': max(judged.turns, key=lambda t: t.end_s).speaker if judged.turns else None,
        'agent_longest_turn_s': max((t.end_s - t.start_s for t in floor if t.speaker == AGENT),
                                    default=None),
        'agent_reply_median_s': median(replies) if replies else None,
    }, {
        'last_speaker': 'no turns',
        'agent_longest_turn_s': 'the agent takes no turn',
        'agent_reply_median_s': 'the floor never goes from the caller to the agent',
    }


def _replies(floor: Sequence[Turn], holds: Sequence[Span]) -> list[float]:
    """How long the agent took at each change of floor, negative where it came early.

    A turn inside a turn of the other changed no floor; a change across a hold is no reply.
    """
    out: list[float] = []
    holder: Turn | None = None
    for turn in floor:
        if holder and turn.speaker != holder.speaker and turn.end_s <= holder.end_s:
            continue
        if holder and turn.speaker == AGENT and holder.speaker == CALLER:
            across = min(holder.end_s, turn.start_s), max(holder.end_s, turn.start_s)
            if not intersect([across], holds):
                out.append(turn.start_s - holder.end_s)
        holder = turn
    return out


def _rate(judged: Judged, silent: bool) -> Part:
    names = {AGENT: 'agent_speech_rate', CALLER: 'caller_speech_rate'}
    if judged.trust == NONE or silent:
        reason = _SILENT if silent else 'the words are not known well enough'
        return {}, dict.fromkeys(names.values(), reason)
    unit = rate_unit(judged.call.language or 'en')
    row: dict[str, Any] = {'speech_rate_unit': unit}
    for talk in judged.timeline.talks:
        seconds = total(talk.speech)
        if seconds >= judged.standard.turns.min_rate_speech_s and seconds > 0:
            said = map(judged.words.text.__getitem__, judged.words.of(talk.speaker))
            row[names[talk.speaker]] = count_units(said, unit) / seconds * 60
    return row, dict.fromkeys(names.values(), 'too little speech for a rate')


def _loudness(judged: Judged, silent: bool) -> Part:
    """The mean power of a party's turns, weighted by its speech in them."""
    row: dict[str, Any] = {}
    why: dict[str, str] = {}
    for talk in judged.timeline.talks:
        levels = [(covered(span, near(span, talk.speech)), turn.level_dbfs)
                  for turn in judged.turns for span in ((turn.start_s, turn.end_s),)
                  if turn.speaker == talk.speaker and turn.level_dbfs is not None]
        seconds = sum(length for length, _ in levels)
        power = sum(length * 10 ** (level / 10) for length, level in levels)
        row[f'{talk.speaker}_loudness_dbfs'] = 10 * log10(power / seconds) \
            if power and seconds else None
        why[f'{talk.speaker}_loudness_dbfs'] = 'no turn of this party has a level'
    return row, why

