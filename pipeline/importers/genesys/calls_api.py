"""Conversations of Genesys Cloud as its conversations API answers them.

`GET /api/v2/conversations/{id}` tells of each participant's calls with their segments; `GET
/api/v2/conversations/calls/{id}` of each participant's times alone, and of no hold that is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pipeline.importers.clock import Clock
from pipeline.importers.genesys.records import Conversation, Segment, Session, beside, span_of
from pipeline.importers.json_records import Record

_MEDIA = ('calls', 'callbacks', 'chats', 'cobrowsesessions', 'emails', 'messages', 'videos',
          'screenshares', 'socialExpressions', 'internalMessages')
_FLAT = ('connectedTime', 'state', 'disconnectType')
# transfer.consult is the analytics API's consultTransfer
_LEFT = {'transfer.consult': 'consulttransfer', 'transfer.conference': 'conferencetransfer'}


def is_of_calls_api(participants: Sequence[Record]) -> bool:
    """Whether the participants are told of by the conversations API."""
    return any(name in one.tree for one in participants for name in (*_MEDIA, *_FLAT))


def conversation_of_calls_api(record: Record, id: str, path: Path, clock: Clock) -> Conversation:
    """The conversation as the other API would tell it. Raises RecordError."""
    participants = record.parts('participants')
    nested = any(name in one.tree for one in participants for name in _MEDIA)
    pairs = [(one, call) for one in participants if not _listens(one)
             for call in (one.parts('calls') if nested else [one])]
    sessions = [_session(one, call, clock) for one, call in pairs]
    spans = [span_of(one, clock, 'startTime', 'endTime') for one in participants
             if one.tree.get('startTime')]
    over = len(spans) == len(participants) and all(end for _, end in spans)
    return Conversation(
        record.where, id, _direction(pairs),
        record.instant(clock, 'startTime') or min((start for start, _ in spans), default=None),
        record.instant(clock, 'endTime') or (
            max(end for _, end in spans if end) if spans and over else None),
        tuple(sessions), beside(path), is_analytics=False,
        tells_holds=all(call.parts('segments') for _, call in pairs
                        if call.tree.get('connectedTime')))


def _listens(participant: Record) -> bool:
    """Whether it is a supervisor who is not on the line for the customer."""
    return any(participant.text(f'{how}ParticipantId') for how in ('monitored', 'coached'))


def _direction(pairs: Sequence[tuple[Record, Record]]) -> str | None:
    """That of the customer's call, else of the first that has one."""
    told = [((one.text('purpose') or '').lower() not in ('customer', 'external'),
             call.text('direction')) for one, call in pairs]
    return next((way.lower() for _, way in sorted(told, key=lambda both: both[0]) if way), None)


def _session(participant: Record, call: Record, clock: Clock) -> Session:
    queue = participant.text('queueId') or participant.text('queue', 'id')
    segments = sorted(_segments(call, queue, clock), key=lambda segment: segment.start)
    return Session(
        (participant.text('purpose') or '').lower(),
        participant.text('userId') or participant.text('user', 'id'), participant.text('name'),
        participant.text('ani'), participant.text('dnis'), frozenset(), tuple(segments),
        participant.text('queueName'))


def _segments(call: Record, queue: str | None, clock: Clock) -> Iterator[Segment]:
    told = call.parts('segments')
    left = _left(call)
    for segment in told:
        start, end = span_of(segment, clock, 'startTime', 'endTime')
        last = segment is told[-1]
        yield Segment((segment.text('type') or '').lower(), start, end,
                      _left(segment) or (left if last else ''), queue)
    if told:
        return
    connected = call.instant(clock, 'connectedTime')
    rang = call.instant(clock, 'startAlertingTime') or call.instant(clock, 'startTime')
    if rang and (connected is None or rang < connected):
        yield Segment('alert', rang, connected, '' if connected else left, queue)
    if connected:
        yield Segment('interact', connected, _ended(call, clock), left, queue)


def _ended(call: Record, clock: Clock) -> datetime | None:
    name = 'disconnectedTime' if call.tree.get('disconnectedTime') else 'endTime'
    return span_of(call, clock, 'connectedTime', name)[1]


def _left(record: Record) -> str:
    left = (record.text('disconnectType') or '').lower()
    return _LEFT.get(left, left)
