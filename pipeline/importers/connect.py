"""Amazon Connect: contact records, as its stream, Firehose and S3 have them, or DescribeContact.

The meaning of the fields is that of the data model of contact records in Amazon Connect's
administrator guide. A contact that was transferred goes on as another contact: each is a row, and
all of them share a `contact_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.importers import Aside, Broken, Hints, Note, Options, Read, Row
from pipeline.importers.clock import Clock, iso
from pipeline.importers.connect_described import as_contact_record, is_described
from pipeline.importers.files import files_of
from pipeline.importers.json_records import (
    SUFFIXES,
    Record,
    RecordError,
    keep_latest,
    records_among,
    records_of,
    spoilt,
)

HELP = 'Amazon Connect: contact records (CTR) as Firehose lays them down, or DescribeContact; JSON'
EXAMPLES = """examples:
  etiquette import connect records/ --recordings recordings/
  etiquette import connect ctr.jsonl --recordings recordings/ --out calls.jsonl
  etiquette import connect described/ --recordings recordings/ --agents agents.csv"""

AGENT_CHANNEL = 1  # 'The agent audio is stored in the right channel', set-up-recordings
_DIRECTIONS = {'INBOUND': 'inbound', 'WEBRTC_API': 'inbound', 'OUTBOUND': 'outbound',
               'CALLBACK': 'outbound', 'API': 'outbound', 'CAMPAIGN': 'outbound'}
_GO_ON = ('TRANSFER', 'QUEUE_TRANSFER', 'DISCONNECT')  # the direction is that of the contact before
_HUNG_UP = {'CUSTOMER_DISCONNECT': 'caller', 'AGENT_DISCONNECT': 'agent'}
_LEGS_MOST = 50
_HELD = ('was on hold, of which Connect tells how often and how long, but not when: holds is left '
         'out, and holds are found in the audio')
_NO_FIRST = ('is a transferred contact whose first contact is not among the records: direction is '
             'left out')
_NO_LINK = ('is told by DescribeContact, which does not say whether it goes on as another: '
            'transfers is left out, and hung_up_by where the agent left')
_NO_NEXT = ('goes on as a contact that is not among the records: whether it was transferred is '
            'left out')


@dataclass(frozen=True)
class _Contact:
    where: str
    id: str
    updated: datetime | None
    method: str
    first: str | None
    previous: str | None
    next: str | None
    initiated: datetime | None
    to_system: datetime | None
    to_agent: datetime | None
    ended: datetime | None
    reason: str | None
    holds: float | None
    moved: datetime | None
    moved_to: str | None
    said: Mapping[str, str]  # columns taken as they are
    files: tuple[str, ...]
    deleted: bool
    described: bool


def add_options(parser: Any) -> None:
    """Connect has none of its own."""


def read(paths: Sequence[Path], options: Options) -> Iterator[Read]:
    """The calls that reached an agent. Raises ManifestError where a file is no JSON."""
    clock = Clock(options.zone)
    contacts: dict[str, _Contact] = {}
    for path in files_of(paths, records_among(SUFFIXES, options)):
        for record in records_of(path, options.encoding):
            yield from _take(record, clock, contacts)
    for contact in _linked(contacts).values():
        yield from _told(contact, contacts)
    yield from clock.notes()


def _take(record: Record | Broken, clock: Clock,
          contacts: dict[str, _Contact]) -> Iterator[Read]:
    """Keeps the newest record of each contact: they are delivered at least once."""
    if isinstance(record, Broken):
        yield record
        return
    try:
        channel = record.text('Channel') or 'VOICE'
        if channel.upper() != 'VOICE':
            yield Aside(f'contacts of the channel {channel[:20].upper()} are no calls')
            return
        described = is_described(record)
        contact = _contact(as_contact_record(record) if described else record, clock, described)
    except RecordError as error:
        yield spoilt(record, error)
        return
    yield from keep_latest(contacts, contact.id, contact, lambda one: one.updated,
                           'was delivered more than once: the newest is taken')


def _linked(contacts: dict[str, _Contact]) -> dict[str, _Contact]:
    """The contacts, those described with the one that they go on as, if it names them."""
    after = {one.previous: one.id for one in contacts.values()
             if one.previous and one.method == 'TRANSFER'}
    return {id: replace(one, next=after[id]) if one.described and id in after else one
            for id, one in contacts.items()}


def _contact(record: Record, clock: Clock, described: bool) -> _Contact:
    id = record.text('ContactId')
    if id is None:
        raise RecordError('ContactId', 'is missing', 'Give contact records as Connect streams '
                          'them, or answers of DescribeContact.')
    agent, queue = record.part('Agent'), record.part('Queue')
    files, deleted = _recordings(record)
    said = {
        'agent_id': agent.text('Username'),
        'queue': queue.text('Name'),
        'caller_id': record.text('CustomerEndpoint', 'Address'),
        'language': record.text('ContactLens', 'ConversationalAnalytics', 'Configuration',
                                'LanguageLocale'),
    }
    return _Contact(
        record.where, id, record.instant(clock, 'LastUpdateTimestamp'),
        (record.text('InitiationMethod') or '').upper(), record.text('InitialContactId'),
        record.text('PreviousContactId'), record.text('NextContactId'),
        record.instant(clock, 'InitiationTimestamp'),
        record.instant(clock, 'ConnectedToSystemTimestamp'),
        agent.instant(clock, 'ConnectedToAgentTimestamp'),
        record.instant(clock, 'DisconnectTimestamp'), record.text('DisconnectReason'),
        agent.number('NumberOfHolds'), record.instant(clock, 'TransferCompletedTimestamp'),
        record.text('TransferredToEndpoint', 'Address'),
        {name: value for name, value in said.items() if value}, files, deleted, described)


def _recordings(record: Record) -> tuple[tuple[str, ...], bool]:
    """Where the conversation with the agent was recorded, and whether that was deleted."""
    kept: dict[str, None] = {}
    gone = False
    for one in [*record.parts('Recordings'), record.part('Recording')]:
        location = one.text('Location')
        kind = one.text('MediaStreamType') or one.text('Type') or 'AUDIO'
        if (location is None or kind.upper() != 'AUDIO'
                or (one.text('StorageType') or 'S3').upper().startswith('KINESIS')
                or (one.text('ParticipantType') or '').upper() == 'IVR'
                or '/ivr/' in location):
            continue
        if (one.text('Status') or '').upper() == 'DELETED':
            gone = True
        else:
            kept[location] = None
    return tuple(kept), gone and not kept


def _told(contact: _Contact, contacts: Mapping[str, _Contact]) -> Iterator[Read]:
    if contact.method == 'MONITOR':
        yield Aside('is a supervisor who listened to a contact')
    elif contact.to_agent is None:
        yield Aside('never reached an agent')
    elif contact.deleted:
        yield Aside('had a recording that was deleted')
    elif len(contact.files) > 1:
        yield Broken(contact.where, f'names {len(contact.files)} recordings of one conversation: '
                     f'{", ".join(contact.files)[:300]}', 'Leave one of them in Recordings.')
    else:
        yield from _row(contact, contact.to_agent, contacts)


def _row(contact: _Contact, to_agent: datetime,
         contacts: Mapping[str, _Contact]) -> Iterator[Read]:
    cells: dict[str, Any] = {
        'call_id': contact.id, 'contact_id': contact.first or contact.id, **contact.said,
        'agent_channel': AGENT_CHANNEL, 'started_at': iso(to_agent)}
    direction = _direction(contact, contacts)
    if direction:
        cells['direction'] = direction
    elif contact.method in _GO_ON:
        yield Note(_NO_FIRST)
    # Both are on the line from then on: an agent dials before the customer answers.
    if direction != 'outbound' or contact.to_system:
        cells['answered_at'] = iso(max(to_agent, contact.to_system or to_agent))
    if contact.ended:
        cells['ended_at'] = iso(contact.ended)
    if contact.reason and contact.reason.upper() in _HUNG_UP:
        cells['hung_up_by'] = _HUNG_UP[contact.reason.upper()]
    if contact.holds == 0:
        cells['holds'] = []
    elif contact.holds:
        yield Note(_HELD)
    transfers = _transfers(contact, to_agent, contacts)
    if transfers is None:
        yield Note(_NO_LINK if contact.described else _NO_NEXT)
        if contact.described and cells.get('hung_up_by') == 'agent':
            del cells['hung_up_by']  # it is said of one who moved the caller on as well
    else:
        cells['transfers'] = transfers
        if transfers:  # an agent who moved the caller on has left, not hung up
            cells.pop('hung_up_by', None)
    files = tuple(form for file in contact.files for form in _forms(file))
    origin = {**_ORIGIN, **(_DESCRIBED if contact.described else {})}
    yield Row(contact.where, cells, {name: origin[name] for name in cells},
              Hints(files=files, ids=(contact.id,)))


def _forms(location: str) -> tuple[str, ...]:
    """The file as it may lie on disk, else in its bucket."""
    return (location,) if '://' in location else (location, f's3://{location}')


def _direction(contact: _Contact, contacts: Mapping[str, _Contact]) -> str | None:
    at: _Contact | None = contact
    for _ in range(_LEGS_MOST):
        if at is None or at.method not in _GO_ON:
            break
        at = contacts.get(at.previous or '') or contacts.get(at.first or '')
    return _DIRECTIONS.get(at.method) if at else None


def _transfers(contact: _Contact, to_agent: datetime,
               contacts: Mapping[str, _Contact]) -> list[dict[str, Any]] | None:
    """What the agent did with the caller; None where it is not known.

    TransferCompletedTimestamp is there where the agent left before the other one came: a blind
    transfer.
    """
    following = contacts.get(contact.next or '')
    if contact.moved is None and contact.moved_to is None:
        if contact.next is None:
            return None if contact.described else []
        if following is None:
            return None
        # A flow goes on with the caller, or a colleague was only asked: no agent moved anybody.
        if following.method != 'TRANSFER' or not _outlived(following, contact):
            return []
    at = following.initiated if following else contact.moved
    kind = 'blind' if contact.moved else 'attended'
    return [{'kind': kind, **({'at': iso(at)} if at and at >= to_agent else {})}]


def _outlived(following: _Contact, contact: _Contact) -> bool:
    return bool(following.to_agent and following.ended and contact.ended
                and following.ended > contact.ended)


_ORIGIN = {
    'call_id': 'ContactId', 'contact_id': 'InitialContactId, else ContactId',
    'agent_id': 'Agent.Username', 'queue': 'Queue.Name', 'caller_id': 'CustomerEndpoint.Address',
    'language': 'ContactLens...LanguageLocale', 'agent_channel': 'Connect: the right channel',
    'started_at': 'Agent.ConnectedToAgentTimestamp', 'direction': 'InitiationMethod',
    'answered_at': 'ConnectedToAgent, ToSystemTimestamp: the later',
    'ended_at': 'DisconnectTimestamp', 'hung_up_by': 'DisconnectReason',
    'holds': 'Agent.NumberOfHolds', 'transfers': 'TransferCompletedTimestamp, NextContactId'}
_DESCRIBED = {
    'call_id': 'Id', 'contact_id': 'InitialContactId, else Id', 'agent_id': 'AgentInfo.Id',
    'queue': 'QueueInfo.Id', 'started_at': 'AgentInfo.ConnectedToAgentTimestamp',
    'holds': 'AgentInfo.AgentInitiatedHoldDuration', 'transfers': 'PreviousContactId of the next'}
