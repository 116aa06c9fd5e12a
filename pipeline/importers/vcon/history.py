"""What the parties of a vCon's dialog did, and when: `party_history`, and dialogs of transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline.importers.clock import Clock
from pipeline.importers.json_records import Record, RecordError

_SAME_S = 1.0  # drops within it: not known who was first


@dataclass(frozen=True)
class Joined:
    """None and empty where nothing is said of it."""

    answered: datetime | None = None
    ended: datetime | None = None
    hung_up_by: str | None = None
    holds: tuple[tuple[datetime, datetime], ...] = ()


def history_of(dialogs: Sequence[Record], agent: int | None, caller: int | None,
               clock: Clock) -> Joined:
    """When both had joined, who dropped first, and when the caller was on hold.

    A hold that nothing ends lasts as long as the recording, where its length is told.
    """
    events = sorted((event for dialog in dialogs for event in _events(dialog, clock)),
                    key=lambda event: event[0])
    joins = {party: at for at, party, kind in reversed(events) if kind == 'join'}
    drops = {party: at for at, party, kind in events if kind == 'drop'}
    both = [party for party in (agent, caller) if party is not None]
    answered = max((joins[party] for party in both), default=None) \
        if len(both) == 2 and all(party in joins for party in both) else None
    ended = max((drops[party] for party in both if party in drops), default=None)
    return Joined(answered, ended, _first_out(drops, agent, caller),
                  _holds(events, caller, ended or _end(dialogs, clock)))


def transfers_of(dialogs: Sequence[Record], of: set[int], agent: int | None,
                 clock: Clock) -> list[tuple[datetime, str]]:
    """When the agent moved the caller on, and how: attended where there was a consultation."""
    found = []
    for dialog in dialogs:
        if dialog.text('type') != 'transfer':
            continue
        original, by = dialog.tree.get('original'), dialog.tree.get('transferor')
        start = dialog.instant(clock, 'start')
        about = {at for at in (original if isinstance(original, list) else [original])
                 if type(at) is int}
        if start is None or (agent is not None and by not in (agent, None)) \
                or (original is not None and not about & of):
            continue
        found.append((start, 'blind' if dialog.tree.get('consultation') is None else 'attended'))
    return found


def _events(dialog: Record, clock: Clock) -> list[tuple[datetime, int, str]]:
    events = []
    for event in dialog.parts('party_history'):
        at, party = event.instant(clock, 'time'), event.tree.get('party')
        if at is None or type(party) is not int:
            raise RecordError('party_history', 'has an event without party or time',
                             'Export the vCon again.')
        events.append((at, party, event.text('event') or ''))
    return events


def _first_out(drops: dict[int, datetime], agent: int | None, caller: int | None) -> str | None:
    if agent not in drops or caller not in drops:
        return None
    apart_s = (drops[agent] - drops[caller]).total_seconds()
    return None if abs(apart_s) <= _SAME_S else 'agent' if apart_s < 0 else 'caller'


def _holds(events: Sequence[tuple[datetime, int, str]], caller: int | None,
           end: datetime | None) -> tuple[tuple[datetime, datetime], ...]:
    holds: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for at, party, kind in events:
        if party != caller:
            continue
        if kind == 'hold' and since is None:
            since = at
        elif kind in ('unhold', 'drop') and since is not None:
            holds.append((since, at))
            since = None
    if since is not None and end is not None and end > since:
        holds.append((since, end))
    return tuple(holds)


def _end(dialogs: Sequence[Record], clock: Clock) -> datetime | None:
    ends: list[Any] = []
    for dialog in dialogs:
        start, length = dialog.instant(clock, 'start'), dialog.number('duration')
        if start is not None and length is not None and length < 1e6:
            ends.append(start + timedelta(seconds=length))
    return max(ends, default=None)
