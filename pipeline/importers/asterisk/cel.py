"""What the channel events of one call say: who was called, when, what was recorded, who hung up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.importers.asterisk.records import CelEvent
from pipeline.importers.clock import iso

_OPTION = re.compile(r'([A-Za-z])\(([^)]*)\)')
_TRANSFERS = {'BLINDTRANSFER': 'blind', 'ATTENDEDTRANSFER': 'attended'}


@dataclass(frozen=True)
class Channels:
    """The channels of a call; None where no event says it.

    Attributes:
      incoming, called: names of the channel that came in, and of the first other one that was
        bridged with it ('' where there is none).
      rang_at, answered_at: of the channel that was called.
      recorded_at: when MixMonitor began to write.
      heard, sent: the files of one party each, by its options r() and t(): what came from the
        channel that came in, and what went to it.
      hung_up: 'incoming' or 'called', the channel that hung up.
      transfers, holds: None where Asterisk is not told to log them.
    """

    events: tuple[CelEvent, ...] = ()
    incoming: str = ''
    called: str = ''
    number: str = ''
    name: str = ''
    dialled: str = ''
    is_bridged: bool = False
    started_at: datetime | None = None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    recorded_at: datetime | None = None
    files: tuple[str, ...] = ()
    heard: str | None = None
    sent: str | None = None
    hung_up: str | None = None
    transfers: tuple[tuple[datetime, str], ...] | None = None
    holds: list[dict[str, str]] | None = None


def channels_of(key: str, events: Sequence[CelEvent], tracked: set[str]) -> Channels:
    """Args: key: uniqueid of the channel that came in; tracked: event types in all the logs."""
    if not events:
        return Channels()
    events = sorted(events, key=lambda event: event.at)
    own = [event for event in events if event.uniqueid == key]
    bridged = [event for event in events if event.type in ('BRIDGE_ENTER', 'BRIDGE_START')]
    # Local channels are Asterisk's own, between a queue and a phone.
    other = next((event for event in bridged if event.uniqueid != key
                  and not event.channel.startswith('Local/')), None)
    first = (own or events)[0]
    called = [event for event in events if other and event.uniqueid == other.uniqueid]
    ended_at = _first(own, 'HANGUP', last=True) or events[-1].at
    recorded_at, files = _recorded(events, bridged)
    heard, sent = _halves(events, key, other.uniqueid if other else None)
    return Channels(
        tuple(events), first.channel, other.channel if other else '', first.number, first.name,
        first.exten, other is not None, first.at,
        _first(called, 'CHAN_START'), _first(called, 'ANSWER') or (other and other.at), ended_at,
        recorded_at, files, heard, sent,
        _hung_up(events, first.channel, other.channel if other else ''),
        _transfers(events) if tracked & set(_TRANSFERS) else None,
        _holds(events, ended_at) if {'HOLD', 'UNHOLD'} <= tracked else None)


def _first(events: Sequence[CelEvent], type: str, last: bool = False) -> datetime | None:
    at = [event.at for event in events if event.type == type]
    return (at[-1] if last else at[0]) if at else None


def _recorded(events: Sequence[CelEvent],
              bridged: Sequence[CelEvent]) -> tuple[datetime | None, tuple[str, ...]]:
    """MixMonitor(file,options,command): with option b it writes only while bridged."""
    mixed = _mixed(events)
    if not mixed:
        return None, ()
    file, _, rest = mixed[0].appdata.partition(',')
    at: datetime | None = mixed[0].at
    if 'b' in re.sub(r'\([^)]*\)', '', rest.partition(',')[0]):
        at = next((event.at for event in bridged if event.at >= mixed[0].at), None)
    return at, (file,) if file else ()


def _halves(events: Sequence[CelEvent], incoming: str,
            called: str | None) -> tuple[str | None, str | None]:
    """The files of one party each. `r(file)` has what was received of the channel that MixMonitor
    was started on, `t(file)` what was transmitted to it."""
    for event in _mixed(events):
        options = dict(_OPTION.findall(event.appdata.partition(',')[2].partition(',')[0]))
        if options.get('r') and options.get('t'):
            if event.uniqueid == incoming:
                return options['r'], options['t']
            if event.uniqueid == called:
                return options['t'], options['r']
    return None, None


def _mixed(events: Sequence[CelEvent]) -> list[CelEvent]:
    return [event for event in events
            if event.type == 'APP_START' and event.app.lower() == 'mixmonitor']


def _hung_up(events: Sequence[CelEvent], incoming: str, called: str) -> str | None:
    """By hangupsource, which Asterisk sets to the channel that asked for the hang-up. Unknown of a
    call that was handed over: who does that hangs up, and the call goes on."""
    if _transfers(events):
        return None
    sources = [event.extra.get('hangupsource') for event in events if event.type == 'HANGUP']
    found = {source for source in sources if source and source in (incoming, called)}
    if len(found) != 1:
        return None
    return 'incoming' if found == {incoming} else 'called'


def _transfers(events: Sequence[CelEvent]) -> tuple[tuple[datetime, str], ...]:
    return tuple((event.at, _TRANSFERS[event.type]) for event in events
                 if event.type in _TRANSFERS)


def _holds(events: Sequence[CelEvent], ended_at: datetime) -> list[dict[str, str]]:
    """From each HOLD to the UNHOLD of the same channel, or the end of the call."""
    holds: list[tuple[datetime, datetime]] = []
    held: dict[str, datetime] = {}
    for event in events:
        if event.type == 'HOLD':
            held.setdefault(event.uniqueid, event.at)
        elif event.type == 'UNHOLD' and event.uniqueid in held:
            holds.append((held.pop(event.uniqueid), event.at))
    holds += [(start, max(start, ended_at)) for start in held.values()]
    return [{'start_at': iso(start), 'end_at': iso(end)} for start, end in sorted(holds)]
