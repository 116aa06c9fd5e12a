"""A manifest row into a reference: validated, times in UTC, holds in seconds, files found.

All faults of a row are found, not only the first. What is admitted is written as JSON into
`Reference.manifest`, which `transforms.metadata` reads back; columns that nobody knows are kept
there under `extra`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.instants import InstantError, parse_instant, zone_of
from pipeline.places import Place, PlaceError
from pipeline.rows import COLUMNS, Fault, RawRow
from pipeline.text import clean
from transforms.conversation import Reference
from transforms.intervals import union
from warehouse.records import AGENT, CALLER, Reject, reject_key

CALL_ID_MOST = 200  # characters
_VALUE_MOST = 200  # characters of a value that a reject shows
_LANGUAGE = re.compile(r'([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]+)*')
_TEXTS = ('agent_id', 'agent_name', 'queue', 'caller_id', 'caller_name', 'call_type', 'contact_id')
AUDIO_COLUMNS = ('audio_uri', 'agent_audio_uri', 'caller_audio_uri')
URI_COLUMNS = (*AUDIO_COLUMNS, 'transcript_uri')
_INSTANTS = ('started_at', 'ringing_at', 'answered_at', 'ended_at')
_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_DIRECTIONS = {'inbound': 'inbound', 'outbound': 'outbound'}
_PARTIES = {AGENT: AGENT, CALLER: CALLER, 'customer': CALLER}


@dataclass(frozen=True)
class Limits:
    """What a believable row keeps to.

    Attributes:
      zone: of times that name none, where the row's `timezone` does not either.
      earliest_at: no call was recorded before.
      latest_at: no call was recorded after.
      longest_s: most seconds between any two times of one call.
    """

    zone: ZoneInfo | None
    earliest_at: datetime
    latest_at: datetime
    longest_s: float


@dataclass(frozen=True)
class Admitted:
    """A good row; `twice` names the columns whose local time may mean two instants."""

    reference: Reference
    twice: tuple[str, ...] = ()


def admit(raw: RawRow, place: Place, limits: Limits) -> Admitted | list[Fault]:
    """The row as a reference, or everything that is wrong with it.

    The reference's call_id is '' where the row gives none: it is then made of the audio's hash.
    """
    if raw.fault is not None:
        return [raw.fault]
    row = _Row(raw.cells, limits)
    said = row.said(place)
    if row.faults:
        return row.faults
    moments = {name: row.moments.get(name) for name in _INSTANTS}
    reference = Reference(
        call_id=said.get('call_id', ''), row=raw.number, started_at=moments['started_at'],
        agent_channel=said.get('agent_channel'), manifest=_JSON.encode(said),
        **{name: said.get(name) for name in (
            *URI_COLUMNS, 'direction', 'agent_id', 'queue', 'caller_id', 'language', 'hung_up_by')})
    return Admitted(reference, tuple(row.twice))


def reject_of(where: str, faults: Iterable[Fault], *, source_uri: str, row: int | None,
              call_id: str | None, manifest: str) -> Reject:
    """The reject that says all faults of one row; field, value and error are the first one's."""
    faults = list(faults)
    first = faults[0]
    message = '; '.join(' '.join(filter(None, (
        fault.field, _shown(fault.value), fault.why))) for fault in faults)
    source_uri = _whole(source_uri)
    return Reject(
        reject_key=reject_key(source_uri, row, call_id), source_uri=source_uri, row=row,
        call_id=call_id, step='manifest', field=first.field,
        value=None if first.value is None else clean(first.value, _VALUE_MOST),
        error=first.error, message=clean(f'{where}: {message}'),
        way_out=' '.join(dict.fromkeys(fault.way_out for fault in faults)), manifest=manifest)


def json_of(cells: Mapping[str, Any]) -> str:
    """The cells as JSON that every reader takes: no NaN, no NUL, no half characters."""
    return _JSON.encode(_plain(cells))


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return _whole(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, dict):
        return {_whole(str(key)): _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, (datetime, date)) else _whole(str(value))


def _whole(text: str) -> str:
    """The text without NUL and, as file names may hold them, halves of characters."""
    if '\0' in text:
        text = text.replace('\0', '\ufffd')
    return text if text.isascii() else text.encode('utf-8', 'replace').decode('utf-8')


def _shown(value: object) -> str:
    return '' if value is None else f"'{clean(value, 60)}'"


class _Row:
    """Reads the cells of one row, and gathers what is wrong with them."""

    def __init__(self, cells: Mapping[str, Any], limits: Limits):
        self.faults: list[Fault] = []
        self.twice: list[str] = []
        self.moments: dict[str, datetime] = {}
        self._limits = limits
        self._cells = {name: value for name, value in cells.items() if not _is_empty(value)}
        self._zone = limits.zone

    def said(self, place: Place) -> dict[str, Any]:
        """The row in normal form, without what it does not say."""
        said: dict[str, Any] = {name: self._text(name) for name in _TEXTS}
        said['timezone'] = self._timezone()
        said['call_id'] = self._call_id()
        said['direction'] = self._one_of('direction', _DIRECTIONS)
        said['hung_up_by'] = self._one_of('hung_up_by', _PARTIES)
        said['language'] = self._language()
        for name in _INSTANTS:
            said[name] = self._instant(name)
        self._check_order()
        said['holds'] = self._holds()
        said['transfers'] = self._transfers()
        said |= self._files(place)
        said['agent_channel'] = self._agent_channel(said)
        said['extra'] = _plain({name: value for name, value in self._cells.items()
                                if name not in COLUMNS}) or None
        return {name: value for name, value in said.items() if value is not None}

    def _fault(self, name: str, why: str, way_out: str, error: str = 'ValueError') -> None:
        self.faults.append(Fault(name, self._cells.get(name), why, way_out, error))

    def _text(self, name: str) -> str | None:
        value = self._cells.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            self._fault(name, 'is no text', 'Write it in double quotes.')
            return None
        value = value.strip()
        if _whole(value) != value:
            self._fault(name, 'holds a NUL or half a character', 'Write it as UTF-8 text.')
            return None
        return value

    def _call_id(self) -> str | None:
        call_id = self._text('call_id')
        if call_id is not None and not (call_id.isprintable() and len(call_id) <= CALL_ID_MOST):
            self._fault('call_id', f'is not 1 to {CALL_ID_MOST} printable characters',
                        'Give the id of the call in the phone system, or leave it empty.')
        return call_id

    def _one_of(self, name: str, known: Mapping[str, str]) -> str | None:
        text = self._text(name)
        if text is not None and text.lower() not in known:
            self._fault(name, f'is none of {", ".join(known)}', 'Correct it or leave it empty.')
        return known.get(text.lower()) if text else None

    def _language(self) -> str | None:
        text = self._text('language')
        match = _LANGUAGE.fullmatch(text) if text else None
        if text and not match:
            self._fault('language', 'is no language code',
                        'Write its ISO 639-1 code: en, ko, ja, zh, id.')
        return match[1].lower() if match else None

    def _timezone(self) -> str | None:
        name = self._text('timezone')
        if name:
            try:
                self._zone = zone_of(name)
            except InstantError as error:
                self._fault('timezone', str(error), error.way_out)
        return name

    def _instant(self, name: str) -> str | None:
        value = self._cells.get(name)
        if value is None:
            return None
        instant = self._parsed(name, value)
        if instant is not None:
            self.moments[name] = instant
        return instant.isoformat() if instant else None

    def _parsed(self, name: str, value: object) -> datetime | None:
        limits = self._limits
        try:
            instant, twice = parse_instant(
                value.strip() if isinstance(value, str) else value, self._zone)
        except InstantError as error:
            self.faults.append(Fault(name, value, str(error), error.way_out))
            return None
        if not limits.earliest_at <= instant <= limits.latest_at:
            self.faults.append(Fault(
                name, value, f'is not between {limits.earliest_at:%Y-%m-%d} and now',
                'Correct it; source.earliest_year and source.future_s set what is believed.'))
            return None
        if twice and name not in self.twice:
            self.twice.append(name)
        return instant

    def _check_order(self) -> None:
        for names in (('ringing_at', 'answered_at', 'ended_at'), ('started_at', 'ended_at')):
            present = [name for name in names if name in self.moments]
            for before, after in pairwise(present):
                if self.moments[before] > self.moments[after]:
                    self._fault(after, f'is before {before}', f'Correct {before} or {after}.')
        if self.moments:
            first = min(self.moments, key=self.moments.__getitem__)
            last = max(self.moments, key=self.moments.__getitem__)
            apart_s = (self.moments[last] - self.moments[first]).total_seconds()
            if apart_s > self._limits.longest_s:
                self._fault(last, f'is {apart_s / 3600:.1f} hours after {first}',
                            f'Correct {first} or {last}; source.longest_s sets what is believed.')

    def _holds(self) -> list[dict[str, float]] | None:
        spans = []
        items = self._list('holds')
        for at, item in enumerate(items or (), 1):
            start = self._second('holds', at, item, 'start')
            end = self._second('holds', at, item, 'end')
            if start is None or end is None:
                continue
            if end < start:
                self._fault('holds', f'item {at} ends before it starts', 'Swap start and end.')
            spans.append((start, end))
        if items is None:
            return None
        # A hold told once a leg of the call is one hold.
        return [{'start_s': start, 'end_s': end} for start, end in union(spans)]

    def _transfers(self) -> list[dict[str, Any]] | None:
        items = self._list('transfers')
        transfers = []
        for at, item in enumerate(items or (), 1):
            known = 'at' in item or 'at_s' in item
            at_s = self._second('transfers', at, item, '') if known else None
            kind = item.get('kind')
            if kind is not None and not isinstance(kind, str):
                self._fault('transfers', f'item {at}: kind is no text', 'Write blind or attended.')
            transfers.append({'at_s': at_s, 'kind': kind})
        return None if items is None else transfers

    def _list(self, name: str) -> list[dict[str, Any]] | None:
        """A list of objects, given as such or as JSON text."""
        value = self._cells.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                value = ()  # no list: told below
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._fault(name, 'is no JSON list of objects', 'Write it as ' + (
                '[{"start_s": 30, "end_s": 75.5}].' if name == 'holds' else
                '[{"at_s": 120, "kind": "blind"}].'))
            return []
        return [{key: part for key, part in item.items() if part is not None} for item in value]

    def _second(self, name: str, at: int, item: Mapping[str, Any], edge: str) -> float | None:
        """`<edge>_s`, or `<edge>_at` counted from the start of the recording."""
        in_s, in_time = (f'{edge}_s', f'{edge}_at') if edge else ('at_s', 'at')
        if in_s in item:
            value = item[in_s]
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 <= value <= self._limits.longest_s:
                self._fault(name, f'item {at}: {in_s} {_shown(value)} is no number of seconds '
                            'from the start of the recording', 'Correct it.')
                return None
            return float(value)
        if in_time not in item:
            self._fault(name, f'item {at} has neither {in_s} nor {in_time}', f'Give {in_s}.')
            return None
        if 'started_at' not in self.moments:
            self._fault(name, f'item {at}: {in_time} means nothing without started_at',
                        f'Give started_at, or {in_s} in seconds from the start of the recording.')
            return None
        return self._since_start(name, at, in_time, item[in_time])

    def _since_start(self, name: str, at: int, in_time: str, value: object) -> float | None:
        instant = self._parsed(name, value)
        if instant is None:
            return None
        seconds = (instant - self.moments['started_at']).total_seconds()
        if not 0 <= seconds <= self._limits.longest_s:
            self._fault(name, f'item {at}: {in_time} is {seconds:g} s from started_at',
                        'Correct it or started_at.')
            return None
        return seconds

    def _files(self, place: Place) -> dict[str, str | None]:
        """The row's files, found; and exactly one form of the recording."""
        files = {name: self._located(name, place) for name in URI_COLUMNS}
        pair = [name for name in ('agent_audio_uri', 'caller_audio_uri') if name in self._cells]
        if 'audio_uri' in self._cells and pair:
            self._fault(pair[0], 'is given beside audio_uri',
                        'Give audio_uri, or the pair of agent_audio_uri and caller_audio_uri.')
        elif len(pair) == 1 or ('audio_uri' not in self._cells and not pair):
            missing = 'audio_uri' if not pair else next(
                name for name in ('agent_audio_uri', 'caller_audio_uri') if name not in pair)
            self._fault(missing, 'is missing', 'Name the recording of the call.', 'Missing')
        elif pair and files[pair[0]] is not None and files[pair[0]] == files[pair[1]]:
            self._fault(pair[1], 'is the same file as agent_audio_uri',
                        'Give one mono file a party, or the two-channel file as audio_uri.')
        return files

    def _located(self, name: str, place: Place) -> str | None:
        uri = self._text(name)
        if uri is None:
            return None
        try:
            return place.locate(uri)
        except PlaceError as error:
            self._fault(name, str(error), error.way_out, error.error)
            return None

    def _agent_channel(self, said: Mapping[str, Any]) -> int | None:
        is_pair = said.get('agent_audio_uri') is not None
        value = self._cells.get('agent_channel')
        if value is None:
            return 0 if is_pair else None  # a pair is decoded agent first
        way_out = 'Write 0 or 1: the channel that carries the agent, counted from 0.'
        try:
            channel = -1.0 if isinstance(value, bool) else float(value)  # 1.0 in some Parquet
        except (TypeError, ValueError, OverflowError):
            channel = -1.0
        if channel not in (0.0, 1.0):
            self._fault('agent_channel', 'is no channel of a call', way_out)
            return None
        if is_pair and channel:
            self._fault('agent_channel', 'is given beside a pair', 'Leave it empty: the pair '
                        'says which file is the agent\'s.')
        return int(channel)


def _is_empty(value: object) -> bool:
    return (value is None or (isinstance(value, str) and not value.strip())
            or (isinstance(value, float) and math.isnan(value)))
