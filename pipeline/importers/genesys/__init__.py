"""Genesys Cloud: conversations of its analytics or conversations API, or of its bulk export.

Disconnect types are relative to the participant (Genesys Cloud's 'Disconnect reasons'): `client`
and `endpoint` are who hung up, `peer` is the other one. Where a conversation's recordings are told
too (their startTime, id and conversationId), each is a row of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.importers import Aside, Begin, Broken, Hints, Note, Options, Read, Row
from pipeline.importers.clock import Clock, iso
from pipeline.importers.files import files_of
from pipeline.importers.genesys.calls_api import conversation_of_calls_api, is_of_calls_api
from pipeline.importers.genesys.records import Conversation, Session, analytics_of
from pipeline.importers.json_records import (
    SUFFIXES,
    Record,
    RecordError,
    keep_latest,
    records_among,
    records_of,
    spoilt,
)

HELP = 'Genesys Cloud: conversations of the analytics or conversations API, or bulk export; JSON'
EXAMPLES = """examples:
  etiquette import genesys conversations.json --recordings export/
  etiquette import genesys export/ --recordings export/ --agent-channel 1 --out calls.jsonl"""

_AGENTS, _CALLERS = ('agent', 'user'), ('customer', 'external')
_LEFT = ('client', 'endpoint')  # who hung up, of the own side
_MOVED = ('transfer', 'conferencetransfer', 'consulttransfer')
_SAME_S = 1.0  # two that hang up within it: not known who was first
_NO_HOLDS = ('is told by participants without segments, which say nothing of holds that are over: '
             'holds is left out, and holds are found in the audio')
_SEVERAL = ('has several agents in one recording: agent_id is left out, so that none is judged by '
            'what another said')


@dataclass(frozen=True)
class _Recording:
    id: str
    started: datetime
    ended: datetime | None


def add_options(parser: Any) -> None:
    """What only the phone system's administrator knows."""
    parser.add_argument('--agent-channel', type=int, choices=(0, 1), metavar='N',
                        help='channel of the agent in dual-channel recordings, counted from 0; '
                             'Genesys writes it nowhere')


def read(paths: Sequence[Path], options: Options) -> Iterator[Read]:
    """The voice conversations that an agent took part in."""
    clock = Clock(options.zone)
    conversations: dict[str, Conversation] = {}
    recordings: dict[str, dict[str, _Recording]] = defaultdict(dict)
    for path in files_of(paths, records_among(SUFFIXES[:4], options)):
        for record in records_of(path, options.encoding):
            if isinstance(record, Broken):
                yield record
                continue
            try:
                for one in _unwrapped(record):
                    yield from _take(one, path, clock, conversations, recordings)
            except RecordError as error:
                yield spoilt(record, error)
    channel = options.own.get('agent_channel')
    for conversation in conversations.values():
        yield from _rows(conversation, list(recordings.pop(conversation.id, {}).values()), channel)
    for rest in recordings.values():
        for _ in rest:
            yield Note('is a recording whose conversation is not among the records')
    yield from clock.notes()


def _unwrapped(record: Record) -> Iterable[Record]:
    """The conversations of an answer of the API, or the record itself."""
    for name in ('conversations', 'entities'):
        if name in record.tree:
            return [Record(f'{record.where} {name}[{at}]', one.tree)
                    for at, one in enumerate(record.parts(name))]
    return [record]


def _take(record: Record, path: Path, clock: Clock, conversations: dict[str, Conversation],
          recordings: dict[str, dict[str, _Recording]]) -> Iterator[Read]:
    try:
        if 'participants' not in record.tree:
            yield from _take_recording(record, clock, recordings)
            return
        conversation = _conversation(record, path, clock)
    except RecordError as error:
        yield spoilt(record, error)
        return
    yield from keep_latest(conversations, conversation.id, conversation, lambda one: one.ended,
                           'was exported more than once: the one that ends later is taken')


def _take_recording(record: Record, clock: Clock,
                    recordings: dict[str, dict[str, _Recording]]) -> Iterator[Read]:
    of = record.text('conversationId')
    id = record.text('recordingId') or record.text('id')
    started = record.instant(clock, 'startTime')
    if of is None:
        raise RecordError('conversationId', 'is missing', 'Give conversations with their '
                         'participants, as the analytics details query answers.')
    media = (record.text('media') or record.text('mediaType') or 'audio').lower()
    if media not in ('audio', 'call', 'voice'):
        yield Aside(f'recordings of {media[:20]} are no calls')
    elif id is None or started is None:
        raise RecordError('participants', 'is missing', 'Give conversations with their '
                         'participants, or recordings with id and startTime.')
    else:
        yield Aside('tells when a recording began, of a conversation')
        recordings[of][id] = _Recording(id, started, record.instant(clock, 'endTime'))


def _conversation(record: Record, path: Path, clock: Clock) -> Conversation:
    id = record.text('conversationId') or record.text('id')
    if id is None:
        raise RecordError('conversationId', 'is missing', 'Export the conversation again.')
    participants = record.parts('participants')
    if any('sessions' in participant.tree for participant in participants) or not participants:
        return analytics_of(record, id, path, clock)
    if is_of_calls_api(participants):
        return conversation_of_calls_api(record, id, path, clock)
    raise RecordError('sessions', 'are missing', 'Give conversations as the analytics details '
                      'query or the conversations API answers them.')


def _rows(conversation: Conversation, recordings: Sequence[_Recording],
          channel: int | None) -> Iterator[Read]:
    if not conversation.sessions:
        yield Aside('is no voice conversation')
        return
    agents = _agents(conversation)
    if not agents:
        yield Aside('never reached an agent')
        return
    if not recordings:
        yield from _row(conversation, None, agents, channel, whole=True)
        return
    told = 1  # a record of many recordings is counted once
    for recording in sorted(recordings, key=lambda one: one.started):
        heard = [agent for agent in agents if _is_in(agent, recording)]
        if not heard:
            yield Note('is a recording in which no agent speaks: it is left out')
        for item in _row(conversation, recording, heard, channel, len(recordings) == 1) \
                if heard else ():
            yield replace(item, records=told) if isinstance(item, Row) else item
            told = 0 if isinstance(item, Row) else told
    if told:
        yield Aside('has recordings, in none of which an agent speaks')


def _is_in(agent: Session, recording: _Recording) -> bool:
    return any((segment.end is None or segment.end > recording.started)
               and (recording.ended is None or segment.start < recording.ended)
               for segment in agent.talked)


def _row(conversation: Conversation, recording: _Recording | None, agents: Sequence[Session],
         channel: int | None, whole: bool) -> Iterator[Read]:
    callers = [session for session in conversation.sessions if session.purpose in _CALLERS]
    first, last = agents[0], agents[-1]
    answered = _answered(first, callers)
    ended = max((segment.end for session in (*agents, *callers) for segment in session.talked
                 if segment.end), default=None)
    cells: dict[str, Any] = {
        'call_id': conversation.id if whole or recording is None
        else f'{conversation.id}/{recording.id}',
        'contact_id': conversation.id, 'queue': _queue(conversation, first),
        'caller_id': _number(conversation.direction, callers), 'agent_channel': channel,
        'answered_at': iso(answered) if answered else None,
        'ended_at': iso(ended) if ended and conversation.ended else None,
        'holds': _holds(agents, recording) if conversation.tells_holds else None,
        'transfers': _transfers(agents, recording)}
    if not conversation.tells_holds:
        yield Note(_NO_HOLDS)
    if conversation.direction in ('inbound', 'outbound'):
        cells['direction'] = conversation.direction
    if len({agent.person or agent.name for agent in agents}) > 1:
        yield Note(_SEVERAL)
    else:
        cells['agent_id'], cells['agent_name'] = first.person, first.name
    ringing = [segment.start for segment in first.segments if segment.kind == 'alert']
    if ringing and answered and conversation.direction == 'inbound':
        cells['ringing_at'] = iso(ringing[-1])
    if conversation.ended and (recording is None or last is _agents(conversation)[-1]):
        cells['hung_up_by'] = _hung_up(last, callers)
    if recording is not None:
        cells['started_at'] = iso(recording.started)
    begins = _begins(conversation, first, callers)
    if not begins and recording is None:  # then times in the recording mean nothing
        cells['holds'], cells['transfers'] = cells['holds'] and None, cells['transfers'] and None
    cells = {name: cell for name, cell in cells.items() if cell is not None}
    files = (*([recording.id] if recording else []),
             *([conversation.file] if conversation.file else []))
    origin = _ORIGIN if conversation.is_analytics else _ORIGIN_OF_CALLS
    yield Row(conversation.where, cells, {name: origin[name] for name in cells},
              Hints(files=files, ids=tuple(filter(None, (
                  recording.id if recording else None, conversation.id)))),
              begins)


def _begins(conversation: Conversation, first: Session,
            callers: Sequence[Session]) -> tuple[Begin, ...]:
    """The trunk may be recorded from the start, or without what comes before the agent."""
    talks = [segment.start for session in (first, *callers) for segment in session.talked]
    begins = [('call', conversation.started, 'conversationStart'),
              ('answer', min(talks, default=None), 'first interact.segmentStart'),
              ('connect', _answered(first, callers), 'interact.segmentStart')]
    return tuple(Begin(at, kind, origin) for kind, at, origin in begins if at)


def _answered(agent: Session, callers: Sequence[Session]) -> datetime | None:
    """When both were on the line: an agent dials before a customer answers."""
    starts = [next((segment.start for segment in session.segments
                    if segment.kind == 'interact'), None) for session in (agent, *callers[:1])]
    return None if starts[0] is None else max(start for start in starts if start)


def _queue(conversation: Conversation, agent: Session) -> str | None:
    """The name of the queue that the agent took the call from, as the ACD calls itself."""
    if agent.queue:
        return agent.queue
    id = next((segment.queue for segment in agent.segments if segment.queue), None)
    if id is None:
        return None
    return next((session.name for session in conversation.sessions if session.purpose == 'acd'
                 and session.name and any(segment.queue == id for segment in session.segments)),
                id)


def _number(direction: str | None, callers: Sequence[Session]) -> str | None:
    for session in callers:
        number = session.dnis if direction == 'outbound' else session.ani
        if number:
            return number.removeprefix('tel:').removeprefix('sip:').partition('@')[0] or None
    return None


def _holds(agents: Sequence[Session], recording: _Recording | None) -> list[dict[str, str]]:
    return [{'start_at': iso(max(segment.start, recording.started) if recording
                             else segment.start), 'end_at': iso(segment.end)}
            for session in agents for segment in session.segments
            if segment.kind == 'hold' and segment.end
            and (recording is None or segment.end > recording.started)]


def _transfers(agents: Sequence[Session], recording: _Recording | None) -> list[dict[str, str]]:
    """Those of talks with the caller; one whose call only rang was moved by the system."""
    return [{'at': iso(segment.end),
             **({'kind': 'blind'} if 'nBlindTransferred' in session.metrics else
                {'kind': 'attended'} if 'nConsultTransferred' in session.metrics
                or segment.left == 'consulttransfer' else {})}
            for session in agents for segment in session.talked
            if segment.end and segment.left in _MOVED
            and (recording is None or segment.end >= recording.started)]


def _agents(conversation: Conversation) -> list[Session]:
    """Those who talked, in the order in which they came."""
    return sorted((session for session in conversation.sessions
                   if session.purpose in _AGENTS and session.talked),
                  key=lambda session: session.talked[0].start)


def _hung_up(agent: Session, callers: Iterable[Session]) -> str | None:
    """Whoever says that the own side ended it; both within a second: not known. An agent who
    moved the caller on has left without hanging up."""
    if agent.talked[-1].left in _MOVED:
        return None
    left = {side: max((segment.end for session in sessions for segment in session.talked[-1:]
                       if segment.end and segment.left in _LEFT), default=None)
            for side, sessions in (('agent', [agent]), ('caller', list(callers)))}
    if left['agent'] and left['caller']:
        apart_s = (left['agent'] - left['caller']).total_seconds()
        return None if abs(apart_s) <= _SAME_S else 'agent' if apart_s < 0 else 'caller'
    return next((side for side, at in left.items() if at), None)


_ORIGIN: Mapping[str, str] = {
    'call_id': 'conversationId', 'contact_id': 'conversationId', 'agent_id': 'userId',
    'agent_name': 'participantName', 'queue': 'participantName of the ACD, else queueId',
    'caller_id': 'ani, dnis', 'agent_channel': '--agent-channel',
    'direction': 'originatingDirection', 'ringing_at': 'alert.segmentStart',
    'answered_at': 'interact.segmentStart', 'ended_at': 'interact.segmentEnd',
    'holds': 'hold segments', 'transfers': 'disconnectType', 'hung_up_by': 'disconnectType',
    'started_at': 'startTime of the recording'}
_ORIGIN_OF_CALLS = {
    **_ORIGIN, 'call_id': 'id', 'contact_id': 'id', 'agent_id': 'userId, user.id',
    'agent_name': 'name', 'queue': 'queueName, else name of the ACD, else queueId',
    'direction': 'direction', 'ringing_at': 'alert.startTime, startTime',
    'answered_at': 'interact.startTime, connectedTime',
    'ended_at': 'interact.endTime, disconnectedTime, endTime'}
