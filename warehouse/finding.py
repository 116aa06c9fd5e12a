"""Which calls, and what else of them, an erasure is about."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from warehouse import database, landing
from warehouse.catalog import Catalog
from warehouse.errors import WarehouseError
from warehouse.proof import Finder
from warehouse.records import Reject
from warehouse.tables import literal


@dataclass(frozen=True)
class Wanted:
    """What is to be erased: a call is meant that any of these is true of.

    Attributes:
      callers: the caller's id, in each form in which it may be stored.
      call_ids: the calls themselves.
      since, until: call_date from and to, both included; calls without a date are in no range.
      before: calls dated before; those without a date, if they were processed before.
      unfinished: how many of the calls an earlier erasure was about, which was not finished.
    """

    callers: tuple[str, ...] = ()
    call_ids: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    before: date | None = None
    unfinished: int = 0

    @property
    def named(self) -> tuple[str, ...]:
        """What must be found nowhere any more, besides the ids of the calls."""
        return (*self.callers, *self.call_ids)

    def means(self, call_id: str, day: date | None, caller_id: str | None, manifest: str | None,
              processed_at: datetime | None) -> bool:
        """Whether a call is meant."""
        return (call_id in self.call_ids
                or caller_id in self.callers or _caller_of(manifest) in self.callers
                or self.holds(day)
                or bool(self.before and day is None and processed_at
                        and processed_at.date() < self.before))

    def holds(self, day: date | None) -> bool:
        """Whether the date is in the range, if there is one."""
        if day is None:
            return False
        if self.before and day < self.before:
            return True
        return bool(self.since or self.until) and (
            self.since or date.min) <= day <= (self.until or date.max)


@dataclass(frozen=True)
class Found:
    """What there is of the calls that are meant.

    Attributes:
      calls: published ones, with their dates.
      recordings: where their audio lies; it is not the warehouse's, and stays.
      landed: call_id -> landing file, of calls that are not yet published.
      rejects: reject_key of published rejects.
      waiting: files of rejects that are not yet published.
      unfinished: how many calls an earlier erasure was about, which was not finished.
    """

    calls: Mapping[str, date | None]
    recordings: tuple[str, ...]
    landed: Mapping[str, Path]
    rejects: tuple[str, ...]
    waiting: tuple[Path, ...]
    unfinished: int = 0

    @property
    def call_ids(self) -> set[str]:
        return {*self.calls, *self.landed}

    def __bool__(self) -> bool:
        return bool(self.calls or self.landed or self.rejects or self.waiting or self.unfinished)


def find(root: Path, catalog: Catalog | None, meant: Wanted) -> Found:
    """Looks through the published tables and what has landed."""
    calls: dict[str, date | None] = {}
    recordings: list[str] = []
    rejects: list[Reject] = []
    if catalog is not None:
        with duckdb.connect(':memory:') as con:
            database.fill(con, root, catalog)
            rows = _likely(con, meant)
            names = ', '.join(Reject.__dataclass_fields__)
            rejects = [Reject(*row) for row in
                       con.execute(f'SELECT {names} FROM rejects').fetchall()]
        for *row, uri in rows:
            if meant.means(*row):
                calls[row[0]] = row[1]
                recordings.append(uri)
    landed = _landed(root, meant, recordings)
    about = _About(meant, {*calls, *landed}, set(recordings),
                   catalog.timezone if catalog else 'UTC')
    return Found(calls, tuple(dict.fromkeys(recordings)), landed,
                 tuple(row.reject_key for row in rejects if about.is_of(row)),
                 tuple(path for path in landing.rejects(root) if about.file_is_of(path)),
                 meant.unfinished)


def _likely(con: duckdb.DuckDBPyConnection, meant: Wanted) -> list[tuple[Any, ...]]:
    """The calls that may be meant; the manifest only where it is to be looked into."""
    con.register('named', pa.table({'call_id': pa.array(meant.call_ids, pa.string())}))
    con.register('callers', pa.table({'id': pa.array(meant.callers, pa.string()), 'json': pa.array(
        [json.dumps(caller, ensure_ascii=False) for caller in meant.callers], pa.string())}))
    likely = ['call_id IN (SELECT call_id FROM named)']
    if meant.callers:
        likely.append('caller_id IN (SELECT id FROM callers) OR EXISTS (SELECT 1 FROM callers '
                      'WHERE contains(manifest, json))')
    if meant.since or meant.until:
        likely.append(f'call_date BETWEEN DATE {literal(meant.since or date.min)} '
                      f'AND DATE {literal(meant.until or date.max)}')
    if meant.before:
        likely.append(f'coalesce(call_date, processed_at::DATE) < DATE {literal(meant.before)}')
    manifest = 'manifest' if meant.callers else 'NULL'
    con.execute("SET TimeZone = 'UTC'")
    return con.execute(f"""SELECT call_id, call_date, caller_id, {manifest}, processed_at,
        source_uri FROM calls WHERE ({') OR ('.join(likely)})""").fetchall()


def _landed(root: Path, meant: Wanted, recordings: list[str]) -> dict[str, Path]:
    found = {}
    for path in landing.landed(root):
        try:
            row = landing.read(path).select(
                ['call_id', 'call_date', 'caller_id', 'manifest', 'processed_at', 'source_uri']
            ).to_pylist()[0]
        except FileNotFoundError:
            continue
        except WarehouseError:  # damaged: the name still tells
            call_id = landing.call_id_of(path)
            if call_id in meant.call_ids:
                found[str(call_id)] = path
            continue
        uri = row.pop('source_uri')
        if meant.means(*row.values()):
            found[row['call_id']] = path
            recordings.append(uri)
    return found


class _About:
    """Tells which rejects are about the calls that are meant."""

    def __init__(self, meant: Wanted, call_ids: Collection[str], recordings: Collection[str],
                 timezone: str):
        self._meant, self._ids, self._recordings = meant, set(call_ids), set(recordings)
        self._zone = ZoneInfo(timezone)
        self._finder = Finder(meant.named)

    def is_of(self, row: Reject) -> bool:
        meant = self._meant
        if row.call_id is not None and (row.call_id in self._ids or row.call_id in meant.call_ids):
            return True
        if row.source_uri in self._recordings or _caller_of(row.manifest) in meant.callers:
            return True
        failed = row.failed_at.date() if row.failed_at else None
        if meant.holds(self._day_of(row.manifest)) or (
                meant.before and failed and failed < meant.before):
            return True
        text = json.dumps({name: value for name, value in asdict(row).items()
                           if isinstance(value, str)}, ensure_ascii=False)
        return bool(self._finder.find(text.encode('utf-8', 'surrogateescape'), whole_cells=False))

    def file_is_of(self, path: Path) -> bool:
        try:
            return self.is_of(landing.get_reject(path))
        except FileNotFoundError:
            return False
        except WarehouseError:
            return bool(self._finder.find(path.read_bytes(), whole_cells=False))

    def _day_of(self, manifest: str | None) -> date | None:
        started = _field_of(manifest, 'started_at')
        try:
            at = datetime.fromisoformat(started) if started else None
        except ValueError:
            return None
        return None if at is None else at.astimezone(self._zone).date()


def _caller_of(manifest: str | None) -> str | None:
    return _field_of(manifest, 'caller_id')


def _field_of(manifest: str | None, name: str) -> str | None:
    try:
        row = json.loads(manifest or '{}')
    except ValueError:
        return None
    value = row.get(name) if isinstance(row, dict) else None
    return value if isinstance(value, str) else None
