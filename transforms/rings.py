"""Ringing: how long until somebody answered, and how many rings that took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.countries import LONGEST_PAUSE_S
from transforms.intervals import Span
from transforms.metadata import Metadata
from transforms.standard import RingRule
from transforms.talk import Talk
from warehouse.records import Event

TRANSFER_RING = 'transfer_ring'
PARTIAL = 'ringback_partial'
# `note` labels: by ear, where the phone system tells how long it rang.
HEARD_RINGING, HEARD_RINGING_PARTIAL = 'heard_ringing', 'heard_ringing_partial'


@dataclass(frozen=True)
class Ringing:
    """What is known of the ringing.

    Attributes:
      events: the rings: kind `ring` before the answer, `tone` / transfer_ring after it.
      answer_s: when the call was answered, None if that is not known.
      phase: from the first ring to the answer; its pauses are ringing too.
      to_answer_s, count, source, at_least_s: as in the `kpis` table.
      why: column of `kpis` -> why it is None.
      notes: what was heard of the ringing where the phone system is believed instead.
    """

    events: tuple[Event, ...]
    answer_s: float | None
    phase: tuple[Span, ...]
    to_answer_s: float | None
    count: int | None
    source: str | None
    at_least_s: float | None
    why: dict[str, str]
    notes: tuple[Event, ...] = ()


def find_ringing(rings: Sequence[Event], agent: Talk, metadata: Metadata, duration_s: float,
                 rule: RingRule) -> Ringing:
    """Judges the rings heard.

    The phone system is believed before the audio. A recording that starts inside ringing gives a
    lower bound alone; one without ringing gives nothing, never zero.

    Args:
      rings: ring events, those after the answer included.
      agent: the agent's talk, announcements excluded; its first speech ends the ringing, on
        outbound calls too.
    """
    first = _first_speech(agent, rings, rule)
    before = [ring for ring in rings if first is None or ring.start_s < first]
    later = [ring._replace(kind='tone', label=TRANSFER_RING)
             for ring in rings if first is not None and ring.start_s >= first]
    answer = metadata.answered_s
    if answer is None or answer > duration_s:
        answer = first
    told, heard = _told(metadata), _heard(before, first, rule)
    return Ringing((*before, *later), None if answer is None else max(0.0, answer),
                   _phase(before, first, answer), **(told or heard),
                   notes=_notes(before, heard) if told else ())


def _first_speech(agent: Talk, rings: Sequence[Event], rule: RingRule) -> float | None:
    """When the agent first spoke: not while it rang on, and not in a click between two rings."""
    rung_s = _rung_s(rings)
    last_ring = max((ring.start_s for ring in rings), default=float('-inf'))
    return next((start for start, end in agent.ipus if start >= rung_s
                 and (end - start >= rule.blip_s or start >= last_ring)), None)


def _rung_s(rings: Sequence[Event]) -> float:
    """When the last ring of the first ringing began: an answer ends the ringing."""
    last: Event | None = None
    for ring in sorted(rings, key=lambda ring: ring.start_s):
        if last is not None and ring.start_s - last.end_s > LONGEST_PAUSE_S:
            break
        last = ring
    return float('-inf') if last is None else last.start_s


def _phase(before: Sequence[Event], first: float | None,
           answer: float | None) -> tuple[Span, ...]:
    if not before:
        return ()
    last_end = max(ring.end_s for ring in before)
    end = last_end if answer is None else max(answer, last_end)
    return ((before[0].start_s, end if first is None else min(end, first)),)


def _told(metadata: Metadata) -> dict[str, Any] | None:
    """The columns as the phone system has them; None where it says nothing of the ringing."""
    if metadata.ringing_at and metadata.answered_at \
            and metadata.answered_at >= metadata.ringing_at:
        seconds = (metadata.answered_at - metadata.ringing_at).total_seconds()
        return _columns(seconds, None, 'metadata', None, {
            'ring_count': 'the phone system says how long it rang, not how often'})
    return None


def _heard(before: Sequence[Event], first: float | None, rule: RingRule) -> dict[str, Any]:
    """The columns, and why they are None. In audio_partial the count is of the rings heard."""
    if not before:
        reason = 'no ringing in the recording, and the phone system says nothing of it'
        return _columns(None, None, None, None,
                        {'ring_to_answer_s': reason, 'ring_count': reason})
    start = before[0].start_s
    if before[0].label == PARTIAL or start < rule.partial_edge_s:
        until = max(ring.end_s for ring in before) if first is None else first
        return _columns(None, len(before), 'audio_partial', until - start, {
            'ring_to_answer_s': 'the recording starts inside ringing: '
                                f'{until - start:.1f} s or more'})
    if first is None:
        return _columns(None, len(before), 'audio', None,
                        {'ring_to_answer_s': 'nobody answered'})
    return _columns(first - start, len(before), 'audio', None, {})


def _notes(before: Sequence[Event], heard: Mapping[str, Any]) -> tuple[Event, ...]:
    """From the first ring to the answer, by ear; a recording that starts inside it has a part."""
    exact, least = heard['to_answer_s'], heard['at_least_s']
    seconds = least if exact is None else exact
    if seconds is None:
        return ()
    start = before[0].start_s
    return (Event(0, 'note', HEARD_RINGING if exact is not None else HEARD_RINGING_PARTIAL, None,
                  start, start + seconds, None, f'{heard["count"]} rings heard'),)


def _columns(to_answer_s: float | None, count: int | None, source: str | None,
             at_least_s: float | None, why: dict[str, str]) -> dict[str, Any]:
    return {'to_answer_s': to_answer_s, 'count': count, 'source': source,
            'at_least_s': at_least_s, 'why': why}
