"""What Asterisk's logs say together of each call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pipeline.importers import Aside, Begin, Hints, Note, Read, Row, Said, filled
from pipeline.importers.asterisk.cel import Channels, channels_of
from pipeline.importers.asterisk.records import (
    Cdr,
    CelEvent,
    QueueEvent,
    endpoint_of,
)
from pipeline.importers.clock import iso
from warehouse.records import AGENT, CALLER

_CLID = re.compile(r'\s*"?(.*?)"?\s*<([^>]*)>\s*')
_ENDS = {'COMPLETEAGENT': AGENT, 'COMPLETECALLER': CALLER}
_TRANSFERS = {'BLINDTRANSFER': 'blind', 'TRANSFER': 'blind', 'ATTENDEDTRANSFER': 'attended'}
_LEFT = ('ABANDON', 'EXITWITHTIMEOUT', 'EXITEMPTY', 'EXITWITHKEY')
_SAME_S = 2.0  # the same transfer in two logs
_SEVERAL = 'calls whose queue connected several agents: the first is named'


@dataclass
class Call:
    """The records of one channel that came in."""

    key: str
    has_id: bool = True  # whether the key is its uniqueid
    cdrs: list[Cdr] = field(default_factory=list)
    queue: list[QueueEvent] = field(default_factory=list)


def reads_of(calls: dict[str, Call], cel: dict[str, list[CelEvent]],
             extensions: re.Pattern[str]) -> Iterator[Read]:
    """A row, or why it is none, for each call, by their start."""
    tracked = {event.type for events in cel.values() for event in events}
    for linkedid in cel:
        calls.setdefault(linkedid, Call(linkedid))
    for key in sorted(calls, key=lambda key: (_began(calls[key], cel.get(key, ())), key)):
        # Each is let go of as it is told: logs may be large.
        call, events = calls.pop(key), cel.pop(key, ())
        yield from _Told(call, channels_of(key, events, tracked), extensions).reads()


def _began(call: Call, events: Sequence[CelEvent]) -> datetime:
    return min([*(cdr.started_at for cdr in call.cdrs), *(event.at for event in call.queue),
                *(event.at for event in events)])


class _Told:
    """Joins the three logs of one call; where two say the same, the one named first is taken:
    queue_log, CEL, CDR."""

    def __init__(self, call: Call, channels: Channels, extensions: re.Pattern[str]):
        self._key, self._has_id = call.key, call.has_id
        self._queue = sorted(call.queue, key=lambda event: event.at)
        self._channels, self._extensions = channels, extensions
        cdrs = sorted(call.cdrs, key=lambda cdr: cdr.started_at)
        self._answered = [cdr for cdr in cdrs if cdr.is_answered]
        self._cdr = next(iter([*(c for c in self._answered if c.dstchannel), *self._answered,
                               *cdrs]), None)
        self._cdrs = cdrs
        self._connects = [event for event in self._queue if event.event == 'CONNECT']
        self._connect = next(iter(self._connects), None)
        self._started_at = _began(call, channels.events)
        self._where = (cdrs[0] if cdrs else self._queue[0] if self._queue else
                       channels.events[0]).where
        self._records = len(cdrs) + len(call.queue) + len(channels.events)

    def reads(self) -> Iterator[Read]:
        why = self._why_none()
        if why:
            yield Aside(why, self._records)
            return
        if len({event.agent for event in self._connects}) > 1:
            yield Note(_SEVERAL)
        cells, origin = filled(self._said())
        yield Row(self._where, cells, origin, self._hints(), self._begins(), self._records,
                  self._pair(cells.get('direction')))

    def _why_none(self) -> str | None:
        """Why nobody can have talked with an agent, or None."""
        left = next((event.event for event in self._queue if event.event in _LEFT), None)
        dialled = any(cdr.lastapp == 'Dial' and cdr.dstchannel for cdr in self._answered)
        if self._connect or self._channels.is_bridged:
            return None
        if left and not dialled:
            return f'calls that left the queue before an agent answered ({left})'
        if self._cdrs and not self._answered:
            return f'calls that nobody answered ({self._cdrs[-1].disposition or "no disposition"})'
        if self._cdrs and not any(cdr.dstchannel for cdr in self._answered):
            return 'calls that a machine alone answered, such as an announcement or voicemail'
        if not self._cdrs:
            return 'calls of which these logs show no conversation'
        return None

    def _said(self) -> Said:
        direction, why = self._direction()
        said: dict[str, tuple[Any, str]] = {
            'call_id': (self._key if self._has_id else None, 'uniqueid'),
            'contact_id': self._linkedid(),
            'direction': (direction, why),
            'queue': self._queue_name(),
            'ended_at': self._ended(),
            'hung_up_by': self._hung_up_by(direction),
            'transfers': self._transfers(),
            'holds': (self._channels.holds, 'CEL HOLD, UNHOLD'),
        }
        return {**said, **self._times(), **self._parties(direction)}

    def _linkedid(self) -> tuple[str | None, str]:
        if self._cdr and self._cdr.linkedid:
            return self._cdr.linkedid, 'CDR linkedid'
        return (self._key, 'CEL linkedid') if self._channels.events else (None, '')

    def _direction(self) -> tuple[str | None, str]:
        if self._queue or self._queue_app():
            return 'inbound', 'queue_log' if self._queue else 'CDR lastapp'
        ends, origin = self._ends()
        inside = [self._is_extension(end) for end in ends]
        if len(inside) == 2 and inside[0] != inside[1]:
            return ('outbound' if inside[0] else 'inbound'), origin
        return None, ''

    def _ends(self) -> tuple[list[str], str]:
        """The channel that came in and the one that was called."""
        if self._channels.called:
            return [self._channels.incoming, self._channels.called], 'CEL channame'
        if self._cdr and self._cdr.dstchannel:
            return [self._cdr.channel, self._cdr.dstchannel], 'CDR channel, dstchannel'
        return [], ''

    def _is_extension(self, channel: str) -> bool:
        return self._extensions.fullmatch(endpoint_of(channel)) is not None

    def _queue_app(self) -> str | None:
        cdr = next((cdr for cdr in self._cdrs if cdr.lastapp == 'Queue'), None)
        return cdr.lastdata.partition(',')[0] if cdr else None

    def _queue_name(self) -> tuple[str | None, str]:
        event = self._connect or next(iter(self._queue), None)
        if event and event.queue.upper() != 'NONE':
            return event.queue, 'queue_log queuename'
        return self._queue_app(), 'CDR lastdata'

    def _parties(self, direction: str | None) -> dict[str, tuple[Any, str]]:
        if direction is None:
            return {}
        ends, origin = self._ends()
        cdr = self._cdr
        if direction == 'outbound':
            name, _ = _clid(cdr.clid if cdr else '')
            return {'agent_id': (endpoint_of(ends[0]), origin),
                    'agent_name': (name, 'CDR clid'),
                    'caller_id': (cdr.dst if cdr else self._channels.dialled,
                                  'CDR dst' if cdr else 'CEL exten')}
        said = dict(self._caller(cdr))
        if self._connect:
            said['agent_id'] = (endpoint_of(self._connect.agent), 'queue_log agent')
        elif ends and self._is_extension(ends[1]):
            said['agent_id'] = (endpoint_of(ends[1]), origin)
        return said

    def _caller(self, cdr: Cdr | None) -> Said:
        if cdr:
            name, number = _clid(cdr.clid)
            return {'caller_id': (cdr.src or number, 'CDR src'),
                    'caller_name': (name if name != cdr.src else None, 'CDR clid')}
        if self._channels.number:
            return {'caller_id': (self._channels.number, 'CEL cidnum'),
                    'caller_name': (self._channels.name, 'CEL cidname')}
        enter = next((event for event in self._queue if event.event == 'ENTERQUEUE'), None)
        return {'caller_id': (enter.data[1], 'queue_log ENTERQUEUE')} if enter else {}

    def _times(self) -> Said:
        """When the agent's, or for a call out the customer's, phone rang and was answered."""
        if self._connect:
            said: dict[str, tuple[Any, str]] = {
                'answered_at': (iso(self._connect.at), 'queue_log CONNECT')}
            rung_s = self._connect.data[2].strip()  # holdtime|bridgedchanneluniqueid|ringtime
            if rung_s.isdecimal() and len(rung_s) < 6:
                said['ringing_at'] = (iso(self._connect.at - timedelta(seconds=int(rung_s))),
                                      'queue_log CONNECT ringtime')
            return said
        channels, cdr = self._channels, self._cdr
        if channels.answered_at and channels.rang_at:
            return {'ringing_at': (iso(channels.rang_at), 'CEL CHAN_START'),
                    'answered_at': (iso(channels.answered_at), 'CEL ANSWER')}
        # Of another application than Dial the answer is that of a machine.
        if cdr and cdr.answered_at and cdr.lastapp == 'Dial' and not self._queue_app():
            return {'ringing_at': (iso(cdr.started_at), 'CDR start'),
                    'answered_at': (iso(cdr.answered_at), 'CDR answer')}
        return {}

    def _ended(self) -> tuple[str | None, str]:
        if self._cdrs:
            return iso(max(cdr.ended_at for cdr in self._cdrs)), 'CDR end'
        if self._channels.ended_at:
            return iso(self._channels.ended_at), 'CEL HANGUP'
        last = next((event for event in reversed(self._queue) if event.event in _ENDS), None)
        return (iso(last.at), f'queue_log {last.event}') if last else (None, '')

    def _hung_up_by(self, direction: str | None) -> tuple[str | None, str]:
        last = next((event for event in reversed(self._queue)
                     if event.event in _ENDS or event.event in _TRANSFERS), None)
        if last and last.event in _ENDS:
            return _ENDS[last.event], 'queue_log COMPLETEAGENT, COMPLETECALLER'
        source = self._channels.hung_up
        if source is None or direction is None:
            return None, ''
        is_agent = (source == 'incoming') == (direction == 'outbound')
        return AGENT if is_agent else CALLER, 'CEL hangupsource'

    def _transfers(self) -> tuple[list[dict[str, str]] | None, str]:
        """None where no log would tell of one."""
        queue = [(event.at, _TRANSFERS[event.event]) for event in self._queue
                 if event.event in _TRANSFERS]
        ended = any(event.event in _ENDS for event in self._queue)
        told = [*queue, *(both for both in self._channels.transfers or ()
                          if all(abs((both[0] - at).total_seconds()) > _SAME_S
                                 for at, _ in queue))]
        if not told and not (self._connect and ended) and self._channels.transfers is None:
            return None, ''
        origin = 'queue_log' if self._queue else 'CEL'
        return [{'at': iso(at), 'kind': kind} for at, kind in sorted(told)], (
            f'{origin} BLINDTRANSFER, ATTENDEDTRANSFER')

    def _begins(self) -> tuple[Begin, ...]:
        mixed = self._channels.recorded_at
        if mixed:
            return (Begin(mixed, 'answer', 'CEL MixMonitor'),)
        begins = [Begin(self._started_at, 'call', 'CDR start' if self._cdrs else
                        'queue_log ENTERQUEUE' if self._queue else 'CEL CHAN_START')]
        if self._cdr and self._cdr.answered_at:
            begins.append(Begin(self._cdr.answered_at, 'answer', 'CDR answer'))
        if self._connect:
            begins.append(Begin(self._connect.at, 'connect', 'queue_log CONNECT'))
        elif self._channels.answered_at:
            begins.append(Begin(self._channels.answered_at, 'connect', 'CEL ANSWER'))
        return tuple(begins)

    def _pair(self, direction: str | None) -> tuple[Hints, Hints] | None:
        """The agent's file and the caller's, where MixMonitor was told to write both."""
        heard, sent = self._channels.heard, self._channels.sent
        if not heard or not sent or direction is None:
            return None
        pair = Hints(files=(sent,)), Hints(files=(heard,))
        return pair if direction == 'inbound' else pair[::-1]

    def _hints(self) -> Hints:
        files = [file for cdr in self._cdrs for file in cdr.files if '.' in file]
        numbers = [number for cdr in self._cdrs for number in (cdr.src, cdr.dst)]
        ended, _ = self._ended()
        return Hints(
            files=tuple(dict.fromkeys([*self._channels.files, *files])),
            ids=(self._key,) if self._has_id else (),
            numbers=tuple(dict.fromkeys(filter(None, numbers))), since=self._started_at,
            until=datetime.fromisoformat(ended) if ended else None)


def _clid(clid: str) -> tuple[str | None, str]:
    """The name and number of '"Ann Lee" <201>'."""
    match = _CLID.fullmatch(clid)
    if match is None:
        return None, ''
    return (match[1] if match[1] != match[2] else None), match[2]
