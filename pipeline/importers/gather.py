"""All records of the files into what a run takes: recordings found, every row checked as by `run`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.importers import Aside, Begin, Broken, Hints, Imported, Note, Read, Row
from pipeline.importers.clock import iso
from pipeline.importers.content_hash import agrees
from pipeline.importers.files import broken
from pipeline.importers.matching import SURE, Found, NotFound, Recordings, begin_of, length_of
from pipeline.manifest import AUDIO_COLUMNS, Admitted, Limits, admit, json_of
from pipeline.places import Place
from pipeline.rows import RawRow
from transforms.media import is_remote

_NO_BEGIN = ('it is not known when the recording began: its length fits no time of the call, so '
             'started_at, holds and transfers are left out; --recording-starts says it')
_OUTSIDE = ('a recording lies outside the folder of the manifest: write the manifest above the '
            'recordings, or set source.allow_outside')
_SHARED = 'a recording fits several calls by number and time: {}'
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
      allow_outside: whether recordings may lie elsewhere.
    """

    folder: Path
    limits: Limits
    starts: str = 'auto'
    allow_outside: bool = True


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
        self._place = Place(landing.folder, landing.allow_outside)
        self._rows: list[tuple[Row, Found | None]] = []
        self._silent: list[tuple[Row, str]] = []
        self._broken: list[Broken] = []
        self._aside: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._first: dict[str, str] = {}  # call_id to where
        self._heard: dict[str, list[str]] = defaultdict(list)  # recording to what it was found by

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
        rows = [row for row, found in self._rows if self._is_its_own(row, found)]
        return Imported(tuple(rows), tuple(self._silent), tuple(self._broken),
                        dict(self._aside), dict(self._notes), self.records)

    def _is_its_own(self, row: Row, found: Found | None) -> bool:
        """Whether the row may keep its recording; else it is silent."""
        if found is None or found.by in SURE or len(self._heard[found.path]) == 1:
            return True
        self._silent.append((row, _SHARED.format(found.path)))
        return False

    def _take_row(self, row: Row) -> None:
        call_id = row.cells.get('call_id')
        if call_id:
            first = self._first.setdefault(call_id, row.where)
            if first != row.where:
                self._break(row, f'call_id {call_id} is also that of {first}',
                            'Give each record once.')
                return
        if any(row.cells.get(name) for name in AUDIO_COLUMNS):
            self._check(row, None)
            return
        found = self._found(row)
        if isinstance(found, NotFound):
            fits = ''.join(f'; {fit}' for fit in found.fits)
            self._silent.append((row, found.why + fits))
            return
        heard = self._heard[found.path]
        heard.append(found.by)
        if sum(by in SURE for by in heard) > 1:
            self._notes['one recording is that of two calls, and is judged as both'] += 1
        self._check(self._begun(self._recorded(row, found), found.path), found)

    def _found(self, row: Row) -> Found | NotFound:
        if row.pair is not None:
            agent, caller = (self._of(hints) for hints in row.pair)
            if isinstance(agent, Found) and isinstance(caller, Found):
                return Found(agent.path, agent.by, caller=caller.path)
            if row.hints == Hints():
                return agent if isinstance(agent, NotFound) else caller
        found = self._of(row.hints)
        if isinstance(found, Found) and found.sent and not row.cells.get('direction'):
            if found.mixed:
                return Found(found.mixed, found.by)
            return NotFound('a pair of recordings fits, and whose each is needs the direction of '
                            'the call', (found.path, found.sent))
        return found

    def _of(self, hints: Hints) -> Found | NotFound:
        """What the hints lead to, if it is what was hashed."""
        found = self._recordings.of(hints)
        if hints.hashes and isinstance(found, Found) and not is_remote(found.path):
            with Path(found.path).open('rb') as file:
                if not agrees(file, hints.hashes):
                    return NotFound(f'{found.path} is not the recording of its record: '
                                    'content_hash differs')
        return found

    def _recorded(self, row: Row, found: Found) -> Row:
        """The row with its recording; of a pair, what came in is the caller's where they called."""
        origin = f'recording, by its {found.by}'
        if found.caller is not None:
            agent, caller = found.path, found.caller
        elif found.sent is None:
            return _with(row, 'audio_uri', self._uri(found.path), origin)
        elif row.cells.get('direction') == 'outbound':
            agent, caller = found.path, found.sent
        else:
            agent, caller = found.sent, found.path
        return _with(_with(row, 'agent_audio_uri', self._uri(agent), origin),
                     'caller_audio_uri', self._uri(caller), origin)

    def _uri(self, path: str) -> str:
        if path.startswith(self._folder):
            return path[len(self._folder):]
        if '://' not in path and not self._landing.allow_outside:
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

    def _check(self, row: Row, found: Found | None) -> None:
        """As `run` reads it: through JSON, by the same parser."""
        outcome = admit(RawRow(len(self._rows) + 1, row.where, dict(row.cells)), self._place,
                        self._landing.limits)
        if isinstance(outcome, Admitted):
            self._rows.append((row, found))
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
