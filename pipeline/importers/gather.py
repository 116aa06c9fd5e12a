"""All records of the files into what a run takes: recordings found, every row checked as by `run`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.importers import Aside, Begin, Broken, Hints, Imported, Note, Read, Row
from pipeline.importers.clock import iso
from pipeline.importers.content_hash import agrees
from pipeline.importers.files import broken
from pipeline.importers.matching import Found, NotFound, Recordings, begin_of, length_of
from pipeline.manifest import AUDIO_COLUMNS, Admitted, Limits, admit, json_of
from pipeline.places import Place
from pipeline.rows import RawRow
from transforms.media import is_remote

_NO_BEGIN = ('it is not known when the recording began: its length fits no time of the call, so '
             'started_at, holds and transfers are left out; --recording-starts says it')
_OUTSIDE = ('the recording lies outside the folder of the manifest: write the manifest above the '
            'recordings, or set source.allow_outside')
STARTS = {  # what --recording-starts names: the first of these origins that a call has
    'auto': (),
    'call': ('call',),
    'answer': ('answer', 'connect'),
    'connect': ('connect', 'answer'),
}


@dataclass(frozen=True)
class Landing:
    """Where rows are to be read from.

    Attributes:
      folder: of the manifest, which recordings are named relative to.
      limits: what a believable row keeps to.
      starts: a key of STARTS.
    """

    folder: Path
    limits: Limits
    starts: str = 'auto'


def gather(items: Iterable[Read], recordings: Recordings, landing: Landing,
           tell: Callable[[int], None] = lambda records: None) -> Imported:
    """Reads all; `tell` hears how many records are read."""
    gathering = _Gathering(recordings, landing)
    for item in items:
        gathering.take(item)
        tell(gathering.records)
    return gathering.imported()


class _Gathering:
    def __init__(self, recordings: Recordings, landing: Landing):
        self.records = 0
        self._recordings, self._landing = recordings, landing
        self._folder = str(landing.folder.absolute()).rstrip('/') + '/'
        self._place = Place(landing.folder, allow_outside=True)
        self._rows: list[Row] = []
        self._silent: list[tuple[Row, str]] = []
        self._broken: list[Broken] = []
        self._aside: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._first: dict[str, str] = {}  # call_id to where
        self._heard: dict[str, str] = {}  # recording to where

    def take(self, item: Read) -> None:
        if isinstance(item, Note):
            self._notes[item.text] += 1
            return
        self.records += item.records
        if isinstance(item, Broken):
            self._broken.append(item)
        elif isinstance(item, Aside):
            self._aside[item.why] += item.records
        else:
            self._take_row(item)

    def imported(self) -> Imported:
        return Imported(tuple(self._rows), tuple(self._silent), tuple(self._broken),
                        dict(self._aside), dict(self._notes), self.records)

    def _take_row(self, row: Row) -> None:
        call_id = row.cells.get('call_id')
        if call_id:
            first = self._first.setdefault(call_id, row.where)
            if first != row.where:
                self._break(row, f'call_id {call_id} is also that of {first}',
                            'Give each record once.')
                return
        if not any(row.cells.get(name) for name in AUDIO_COLUMNS):
            recorded = self._recorded(row)
            if isinstance(recorded, str):
                self._silent.append((row, recorded))
                return
            row = recorded
        self._check(row)

    def _recorded(self, row: Row) -> Row | str:
        """The row with its recording, or why there is none."""
        parts = [self._of(hints) for hints in row.pair or (row.hints,)]
        found = [part for part in parts if isinstance(part, Found)]
        if len(found) < len(parts):
            return next(part for part in parts if isinstance(part, str))
        paths = [part.path for part in found]
        if row.pair is None and found[0].sent:
            if not row.cells.get('direction'):
                return ('a pair of recordings fits, and whose each is needs the direction of the '
                        f'call; {found[0].path}; {found[0].sent}')
            # What came in is the caller's where they called.
            paths = [found[0].sent, found[0].path]
            paths = paths[::-1] if row.cells['direction'] == 'outbound' else paths
        names = ('audio_uri',) if len(paths) == 1 else ('agent_audio_uri', 'caller_audio_uri')
        for name, path in zip(names, paths, strict=True):
            row = _with(row, name, self._uri(path), f'recording, by its {found[0].by}')
        if self._heard.setdefault(paths[0], row.where) != row.where:
            self._notes['one recording is that of two calls, and is judged as both'] += 1
        return self._begun(row, paths[0])

    def _of(self, hints: Hints) -> Found | str:
        """The recording that the hints lead to, if it is the one that was hashed; else why none."""
        found = self._recordings.of(hints)
        if isinstance(found, NotFound):
            return '; '.join((found.why, *found.fits))
        if hints.hashes and not is_remote(found.path):
            with Path(found.path).open('rb') as file:
                if not agrees(file, hints.hashes):
                    return (f'{found.path} is not the recording of its record: content_hash '
                            'differs')
        return found

    def _uri(self, path: str) -> str:
        if path.startswith(self._folder):
            return path[len(self._folder):]
        if '://' not in path:
            self._notes[_OUTSIDE] += 1
        return path

    def _begun(self, row: Row, path: str) -> Row:
        """The row with `started_at`, where it can be known; else without what hangs on it."""
        if row.cells.get('started_at') or not row.begins:
            return row
        begin = self._chosen(row.begins)
        if begin is None:
            ended = row.cells.get('ended_at')
            begin = begin_of(row.begins, datetime.fromisoformat(ended) if ended else None,
                             length_of(path))
        if begin is not None:
            return _since(_with(row, 'started_at', iso(begin.at), begin.origin), begin.at)
        self._notes[_NO_BEGIN] += 1
        cells = {name: cell for name, cell in row.cells.items()
                 if name not in ('holds', 'transfers')}
        return replace(row, cells=cells)

    def _chosen(self, begins: tuple[Begin, ...]) -> Begin | None:
        for kind in STARTS[self._landing.starts]:
            for begin in begins:
                if begin.kind == kind:
                    return begin
        return None

    def _check(self, row: Row) -> None:
        """As `run` reads it: through JSON, by the same parser."""
        outcome = admit(RawRow(len(self._rows) + 1, row.where, dict(row.cells)), self._place,
                        self._landing.limits)
        if isinstance(outcome, Admitted):
            self._rows.append(row)
            return
        self._break(row, '; '.join(f'{fault.field or ""} {fault.why}'.strip()
                                   for fault in outcome),
                    ' '.join(dict.fromkeys(fault.way_out for fault in outcome)))

    def _break(self, row: Row, cause: str, way_out: str) -> None:
        self._broken.append(broken(row.where, cause, way_out, json_of(row.cells), row.records))


def _with(row: Row, column: str, value: Any, origin: str) -> Row:
    return replace(row, cells={**row.cells, column: value},
                   origin={**row.origin, column: origin})


def _since(row: Row, began: datetime) -> Row:
    """Holds and transfers that were over before the recording began are not in it."""
    cells: dict[str, Any] = dict(row.cells)
    for name in ('holds', 'transfers'):
        items = cells.get(name)
        if items:
            cells[name] = [inside for item in items if (inside := _inside(item, began))]
    return replace(row, cells=cells)


def _inside(item: Mapping[str, Any], began: datetime) -> dict[str, Any] | None:
    last = item.get('end_at') or item.get('at')
    if last and datetime.fromisoformat(last) < began:
        return None
    start = item.get('start_at')
    if start and datetime.fromisoformat(start) < began:
        return {**item, 'start_at': iso(began)}
    return dict(item)
