"""Records of Asterisk's logs into typed ones, with times in UTC."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pipeline.importers.asterisk.logs import Record
from pipeline.importers.clock import Clock, beside_epoch, epoch
from pipeline.instants import InstantError, parse_instant

_UNIQUEID = re.compile(r'(?:.*-)?(\d{9,10})\.\d+', re.ASCII)
_EPOCH = re.compile(r'\d{9,10}(?:\.\d+)?', re.ASCII)
_CHANNEL = re.compile(r'[A-Za-z0-9_]+/(.+?)(?:-[0-9a-fA-F]{6,8}(?:;\d)?)?')
_NUMBER = re.compile(r'-?\d{1,9}(?:\.\d{1,9})?', re.ASCII)
_SURE_S = 5.0  # a CDR starts as its channel is made, of which uniqueid has the second
_FORKED_S = 420.0  # a later CDR of the same channel; less than half of what clocks differ by
_SLACK_S = 2.0  # of whole seconds, each cut or rounded
_ANSWERED = ('ANSWERED', '8')  # 8 is AST_CDR_ANSWERED


class RecordError(ValueError):
    """The record says what cannot be; `way_out` says what to do about it."""

    def __init__(self, why: str, way_out: str = 'See the lines around it.'):
        super().__init__(why)
        self.way_out = way_out


class Cdr(NamedTuple):
    """A call detail record."""

    where: str
    uniqueid: str
    linkedid: str
    src: str
    dst: str
    clid: str
    channel: str
    dstchannel: str
    lastapp: str
    lastdata: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    disposition: str
    files: tuple[str, ...]

    @property
    def is_answered(self) -> bool:
        return self.disposition.upper() in _ANSWERED


class QueueEvent(NamedTuple):
    """A line of queue_log; `data` are its parameters."""

    where: str
    at: datetime
    callid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]


class CelEvent(NamedTuple):
    """An event of a channel; `type` is the user's own name where that defined it."""

    where: str
    at: datetime
    type: str
    channel: str
    uniqueid: str
    linkedid: str
    number: str
    name: str
    exten: str
    app: str
    appdata: str
    extra: Mapping[str, Any]


def cdr_of(record: Record, clock: Clock) -> Cdr:
    """Raises RecordError, InstantError."""
    said = record.fields
    uniqueid = said.get('uniqueid', '').strip()
    started_at = _started(said.get('start', ''), uniqueid, clock)
    duration_s = _seconds(said, 'duration')
    told_s = _between(said.get('start', ''), said.get('end', ''))
    if duration_s is None:
        duration_s = told_s
    if duration_s is None:
        raise RecordError('has neither duration nor end')
    if duration_s < 0 or (told_s is not None and told_s < 0 and not _agree(told_s, duration_s)):
        raise RecordError('ends before it starts')
    if told_s is not None and not _agree(told_s, duration_s):
        raise RecordError(f'its end is {told_s:g} s after its start, its duration is '
                          f'{duration_s:g} s')
    ended_at = started_at + timedelta(seconds=duration_s)
    billed_s = _seconds(said, 'billsec')
    answered_at = None
    if said.get('disposition', '').upper() in _ANSWERED and billed_s is not None:
        if not 0 <= billed_s <= duration_s + _SLACK_S:
            raise RecordError(f'billsec {billed_s:g} is not within its duration {duration_s:g}')
        answered_at = max(started_at, ended_at - timedelta(seconds=billed_s))
    return Cdr(record.where, uniqueid, said.get('linkedid', '').strip(),
               said.get('src', '').strip(), said.get('dst', '').strip(), said.get('clid', ''),
               said.get('channel', ''), said.get('dstchannel', ''), said.get('lastapp', ''),
               said.get('lastdata', ''), started_at, answered_at, ended_at,
               said.get('disposition', '').strip(),
               tuple(filter(None, (said.get('recordingfile', ''), said.get('userfield', '')))))


def queue_event_of(record: Record, clock: Clock) -> QueueEvent:
    """Raises RecordError, InstantError."""
    said = record.fields
    data = tuple(said.get(f'data{at}', '') for at in range(1, 10))
    return QueueEvent(record.where, _any_time(said.get('time', ''), clock), said['callid'].strip(),
                      said.get('queuename', '').strip(), said.get('agent', '').strip(),
                      said['event'].strip().upper(), data)


def cel_event_of(record: Record, clock: Clock) -> CelEvent:
    """Raises RecordError, InstantError."""
    said = record.fields
    kind = said.get('eventtype', '').strip().upper()
    if kind == 'USER_DEFINED':
        kind = said.get('userdeftype', '').strip().upper() or kind
    uniqueid = said.get('uniqueid', '').strip()
    if not uniqueid:
        raise RecordError('has no uniqueid')
    return CelEvent(record.where, _any_time(said.get('eventtime', ''), clock, uniqueid), kind,
                    said.get('channame', '').strip(), uniqueid,
                    said.get('linkedid', '').strip() or uniqueid, said.get('cidnum', '').strip(),
                    said.get('cidname', '').strip(), said.get('exten', '').strip(),
                    said.get('appname', '').strip(),
                    said.get('appdata', ''), _extra(said.get('extra', '')))


def endpoint_of(channel: str) -> str:
    """Whom a channel or interface leads to: '201' of PJSIP/201-0000001a, Local/201@from-queue/n
    and Agent/201; text that is neither as it is."""
    match = _CHANNEL.fullmatch(channel.strip())
    name = match[1] if match else channel.strip()
    return name.partition('@')[0].partition('/')[0] if match else name


def created_at(uniqueid: str) -> datetime | None:
    """When the channel was made, cut to the second: uniqueid begins with it."""
    match = _UNIQUEID.fullmatch(uniqueid)
    return epoch(match[1]) if match else None


def _started(text: str, uniqueid: str, clock: Clock) -> datetime:
    text = text.strip()
    if not text:
        raise RecordError('has no start')
    if _EPOCH.fullmatch(text):
        return _epoch(text)
    return _local(text, uniqueid, clock, _SURE_S)


def _local(text: str, uniqueid: str, clock: Clock, sure_s: float) -> datetime:
    """A local time: by the clock that uniqueid has, which knows of summer time, else by zone."""
    made_at = created_at(uniqueid)
    if made_at is not None:
        at = beside_epoch(text, made_at, sure_s)
        if at is None and clock.zone is None:
            at = beside_epoch(text, made_at, _FORKED_S)
        if at is not None:
            return at
    return clock.local(text)


def _any_time(text: str, clock: Clock, uniqueid: str = '') -> datetime:
    text = text.strip()
    if not text:
        raise RecordError('has no time')
    return _epoch(text) if _EPOCH.fullmatch(text) else _local(text, uniqueid, clock, _SURE_S)


def _epoch(text: str) -> datetime:
    at = epoch(text)
    if at is None:
        raise RecordError('has the time 0')
    return at


def _seconds(said: Mapping[str, str], name: str) -> float | None:
    text = said.get(name, '').strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise RecordError(f'{name} {text[:40]!r} is no number of seconds')
    return float(text)


def _between(start: str, end: str) -> float | None:
    """Seconds from one time to another by the same clock; None where one is not told."""
    if not start.strip() or not end.strip():
        return None
    if _EPOCH.fullmatch(start.strip()) and _EPOCH.fullmatch(end.strip()):
        return float(end) - float(start)
    try:
        ends = [parse_instant(text.strip(), ZoneInfo('UTC'))[0] for text in (start, end)]
    except InstantError as error:
        raise RecordError(f'end {end[:40]!r} {error}', error.way_out) from error
    return (ends[1] - ends[0]).total_seconds()


def _agree(told_s: float, duration_s: float) -> bool:
    """Whether they are the same, or differ by what clocks are turned back or forward."""
    apart_s = abs(told_s - duration_s)
    return any(abs(apart_s - turned_s) <= _SLACK_S for turned_s in (0.0, 1800.0, 3600.0))


def _extra(text: str) -> Mapping[str, Any]:
    try:
        given = json.loads(text) if text.strip().startswith('{') else {}
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}
