"""Replacing the rows of whole partitions: files written beside the tables, then swapped in.

Writers in several processes leave files in a staging folder; `swap_in` moves them into the table
and commits them in place of the partition's files. Until then nothing of a table has changed.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import tables
from warehouse.files import sync
from warehouse.records import Event, Finding, Kpis
from warehouse.schemas import TABLES

_NULL_DATE = '__HIVE_DEFAULT_PARTITION__'
_FIELDS = {'findings': Finding._fields, 'events': Event._fields,
           'kpis': tuple(f.name for f in fields(Kpis) if f.name != 'call_date')}
_KPIS = attrgetter(*_FIELDS['kpis'])
# Of these the files tell the least and greatest value, by which readers leave row groups out.
_STATISTICS = ['call_id', 'standard']


@dataclass(frozen=True)
class Written:
    """A finished file: of which table and date, its rows, and the first and last call_id."""

    name: str
    date: date | None
    path: Path
    rows: int
    low: str
    high: str


class Writer:
    """Writes the rows of one table and date, in order of call_id, to a file in `folder`."""

    def __init__(self, folder: Path, name: str, day: date | None):
        self._name, self._date = name, day
        self.schema = pa.schema([f for f in TABLES[name].schema
                                 if f.name != 'call_date']).remove_metadata()
        self.path = new_file(folder, name, day)
        self._file = pq.ParquetWriter(
            self.path, self.schema, compression='zstd', store_schema=False,
            write_statistics=[c for c in _STATISTICS if c in self.schema.names])
        self._rows, self._low, self._high = 0, '', ''

    def write(self, *parts: pa.Table) -> None:
        """Adds a row group: rows of calls that come after those written before."""
        plain = [self._alike(part.select(self.schema.names)) for part in parts if part.num_rows]
        if not plain:
            return
        table = pa.concat_tables(plain)
        ids = table['call_id']
        if len(plain) > 1:
            table = table.sort_by('call_id')
            ids = table['call_id']
        self._file.write_table(table)
        self._low = self._low if self._rows else ids[0].as_py()
        self._high = ids[-1].as_py()
        self._rows += table.num_rows

    def _alike(self, part: pa.Table) -> pa.Table:
        # A cast copies even what is of the type already.
        return part if part.schema == self.schema else part.cast(self.schema)

    def close(self) -> Written | None:
        """Ends the file; None, and no file, where it has no rows."""
        self._file.close()
        if not self._rows:
            self.path.unlink()
            return None
        return Written(self._name, self._date, self.path, self._rows, self._low, self._high)


def new_file(folder: Path, name: str, day: date | None) -> Path:
    """Where a new file of a table and date may be written, for `swap_in` to move from there."""
    path = folder / name / _partition(day) / file_name()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def table_of(name: str, call_ids: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """The rows of `findings`, `events` or `kpis` as a table.

    Args:
      rows: the records of each call.
    """
    flat = [record for of_call in rows for record in of_call]
    names = _FIELDS[name]
    # Calls share many findings, of rules that ask for nothing: each is made a row once.
    once = dict(zip(map(id, flat), flat, strict=True))
    place = dict(zip(once, range(len(once)), strict=True))
    at = np.fromiter(map(place.__getitem__, map(id, flat)), np.int32, len(flat))
    shared = once.values()
    columns = list(zip(*(map(_KPIS, shared) if name == 'kpis' else shared), strict=True)) or [
        ()] * len(names)
    kinds = TABLES[name].schema
    made = pa.table({column: pa.array(values, kinds.field(column).type)
                     for column, values in zip(names, columns, strict=True)})
    ids = pa.array(call_ids, pa.string()).take(pa.array(
        np.repeat(np.arange(len(call_ids)), [len(of_call) for of_call in rows])))
    return made.take(pa.array(at)).add_column(0, 'call_id', ids)


def swap_in(root: Path, name: str, written: Collection[Written],
            dates: Collection[date | None]) -> int:
    """One commit: files in place of all those of some dates. Returns the new version."""
    return swap_files(root, name, written, tables.files_of(tables.open_at(root, name), dates))


def swap_files(root: Path, name: str, written: Collection[Written],
               gone: Collection[tuple[str, int, date | None]], changed: bool = True) -> int:
    """One commit: files in place of others of the table. Returns the new version.

    Args:
      gone: path, size and date of the files they replace, as `tables.files_of` tells them.
      changed: whether the rows are others than before: what follows a table as a stream is told.
    """
    from deltalake.transaction import AddAction, RemoveAction
    table, folder, now = tables.open_at(root, name), tables.folder(root, name), _now_ms()
    dated = TABLES[name].by_date
    actions: list[AddAction | RemoveAction] = [
        RemoveAction(path, changed, now, size, {'call_date': _text(day)} if dated else {})
        for path, size, day in gone]
    for file in written:
        target = folder / (_partition(file.date) if dated else '') / file.path.name
        target.parent.mkdir(exist_ok=True)
        file.path.replace(target)
        stats: dict[str, Any] = {'numRecords': file.rows}
        if TABLES[name].of_a_call:
            stats |= {'minValues': {'call_id': file.low}, 'maxValues': {'call_id': file.high},
                      'nullCount': {'call_id': 0}}
        actions.append(AddAction(
            str(target.relative_to(folder)), target.stat().st_size,
            {'call_date': _text(file.date)} if dated else {}, now, changed, json.dumps(stats)))
    if not actions:
        return table.version()
    for parent in {folder / (_partition(file.date) if dated else '') for file in written}:
        sync(parent)
    table.create_write_transaction(actions, 'append', table.schema(),
                                   ['call_date'] if dated else [])
    return tables.open_at(root, name).version()


def file_name() -> str:
    """A new name for a file of a table."""
    return f'part-00000-{uuid.uuid4()}-c000.zstd.parquet'


def _now_ms() -> int:
    return int(time.time() * 1000)


def _partition(day: date | None) -> str:
    return f'call_date={_NULL_DATE if day is None else day.isoformat()}'


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
