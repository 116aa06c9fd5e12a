"""Files of a table joined into fewer, larger ones with their rows in order.

A publish adds files; a question then opens many small ones, and finds the rows of a call, or of
a kind of event, strewn over all of them. Joined and sorted, it skips most row groups by their
least and greatest values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import tables
from warehouse.errors import WarehouseError
from warehouse.rewrite import Written, file_name
from warehouse.schemas import TABLES
from warehouse.spans import frugal, groups_of, reading
from warehouse.tables import literal

# Rows of a row group. Of events fewer: one kind is a small part of a day, and only whole groups
# can be skipped.
GROUP_ROWS, GROUP_ROWS_OF = 2 ** 17, {'events': 2 ** 14}
# A file of at least this share of the target stays as it is: else each night's few late calls
# would have whole days written anew.
_LARGE = 0.5

File = tuple[str, int, date | None]  # path in the table's folder, bytes, call_date


@dataclass(frozen=True)
class Heap:
    """Files of one table and date that are better joined."""

    name: str
    date: date | None
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        return sum(size for _, size, _ in self.files)


def heaps_of(root: Path, name: str, version: int, target_bytes: int) -> Iterator[Heap]:
    """What there is to join in a table, by date; nothing where nothing is to be gained."""
    by_date: dict[date | None, list[File]] = {}
    for file in sorted(tables.files_of(tables.open_at(root, name, version)), key=lambda f: f[0]):
        by_date.setdefault(file[2], []).append(file)
    for day, files in sorted(by_date.items(), key=lambda item: (item[0] is None, item[0])):
        unsorted = {file for file in files if TABLES[name].of_a_call
                    and not _is_sorted(name, tables.folder(root, name) / file[0])}
        worth = [file for file in files if file in unsorted or file[1] < _LARGE * target_bytes]
        if len(worth) > 1 or unsorted:
            yield Heap(name, day, tuple(worth))


def _is_sorted(name: str, path: Path) -> bool:
    """Whether the rows are in order, as the file says or its row groups show."""
    with reading(path):
        footer = pq.read_metadata(path)
    wanted = TABLES[name].sorted_by
    said = [footer.row_group(n).sorting_columns for n in range(footer.num_row_groups)]
    names = footer.schema.names
    if said and all(tuple(names[c.column_index] for c in columns) == wanted for columns in said):
        return True
    if wanted[0] != 'call_id':
        return False
    groups = groups_of([path])
    return [group.number for group in groups] == list(range(len(groups))) and all(
        one.high is not None and two.low is not None and one.high <= two.low
        for one, two in pairwise(groups))


def joined(root: Path, heap: Heap, folder: Path, target_bytes: int,
           without: Collection[str] = ()) -> list[Written]:
    """The rows of a heap in new files in `folder`, sorted, in bounded memory.

    Args:
      without: calls whose rows are left out.

    Raises WarehouseError where rows would be lost.
    """
    paths = [tables.folder(root, heap.name) / path for path, _, _ in heap.files]
    schema = _schema(root, heap.name)
    with frugal(folder / 'spill', tables.folder(root, heap.name)) as con:
        con.execute("SET TimeZone = 'UTC'")
        source = _source(paths)
        dropped = ''
        if without:
            con.register('erased', pa.table({'call_id': pa.array(sorted(without), pa.string())}))
            dropped = ' WHERE call_id IS NULL OR call_id NOT IN (SELECT call_id FROM erased)'
        expected = _count(con, f'SELECT count(*) FROM {source}{dropped}')
        order = ', '.join(TABLES[heap.name].sorted_by)
        rows = con.sql(f'SELECT {_columns(paths, schema)} FROM {source}{dropped} ORDER BY {order}')
        group_rows = GROUP_ROWS_OF.get(heap.name, GROUP_ROWS)
        sink = _Sink(folder, heap, schema, target_bytes)
        for batch in rows.to_arrow_reader(group_rows):
            sink.write(pa.Table.from_batches([batch]).cast(schema), group_rows)
    written = sink.close()
    if sum(file.rows for file in written) != expected:
        raise WarehouseError(f'{expected} rows of {heap.name} of {heap.date} came out as '
                             f'{sum(file.rows for file in written)}; nothing was changed',
                             way_out='Keep the warehouse and report this fault.')
    return written


def is_mixed(root: Path, name: str, version: int) -> bool:
    """Whether any file of a table lacks a column that the table has: it was added later."""
    listed = tables.listed(root, name, version)
    wanted = listed.columns - ({'call_date'} if TABLES[name].by_date else set())
    for file, _, _ in listed.files:
        path = tables.folder(root, name) / file
        with reading(path):
            if wanted - set(pq.read_schema(path).names):
                return True
    return False


def _schema(root: Path, name: str) -> pa.Schema:
    """The columns of the table as they are, also those that a newer program has added."""
    fields = [pa.field(f.name, f.type) for f in pa.schema(
        tables.open_at(root, name).schema().to_arrow()) if f.name != 'call_date'
        or not TABLES[name].by_date]
    return pa.schema(fields)


def _source(paths: Sequence[Path]) -> str:
    names = ', '.join(literal(path) for path in paths)
    return f'read_parquet([{names}], union_by_name = true, hive_partitioning = false)'


def _columns(paths: Sequence[Path], schema: pa.Schema) -> str:
    """The columns to select; NULL for those that all the files lack."""
    has: set[str] = set()
    for path in paths:
        with reading(path):
            has |= set(pq.read_schema(path).names)
    return ', '.join(f.name if f.name in has else f'NULL AS {f.name}' for f in schema)


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((number,),) = con.execute(sql).fetchall()
    return int(number)


class _Sink:
    """Writes the rows of a heap into files of about the target size."""

    def __init__(self, folder: Path, heap: Heap, schema: pa.Schema, target_bytes: int):
        self._folder, self._heap, self._schema = folder, heap, schema
        self._target = target_bytes
        self._paths: list[tuple[Path, int]] = []
        self._stream: Any = None
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0

    def write(self, table: pa.Table, group_rows: int) -> None:
        if not table.num_rows:
            return
        if self._writer is None:
            self._open()
        assert self._writer is not None
        self._writer.write_table(table, row_group_size=group_rows)
        self._rows += table.num_rows
        if self._stream.tell() >= self._target:
            self._end()

    def close(self) -> list[Written]:
        """The finished files."""
        if self._writer is not None:
            self._end()
        out = []
        for path, rows in self._paths:
            low, high = ('', '')
            if TABLES[self._heap.name].of_a_call:
                groups = groups_of([path])
                low = min(group.low or '' for group in groups)
                high = max(group.high or '' for group in groups)
            out.append(Written(self._heap.name, self._heap.date, path, rows, low, high))
        return out

    def _open(self) -> None:
        path = self._folder / file_name()
        table = TABLES[self._heap.name]
        order = [(name, 'ascending') for name in table.sorted_by]
        known = {*table.sorted_by, 'call_id', 'standard'} & set(self._schema.names)
        self._stream = pa.OSFile(str(path), 'wb')
        self._writer = pq.ParquetWriter(
            self._stream, self._schema, compression='zstd', store_schema=False,
            write_statistics=sorted(known),
            sorting_columns=pq.SortingColumn.from_ordering(self._schema, order, 'at_end'))
        self._paths.append((path, 0))
        self._rows = 0

    def _end(self) -> None:
        assert self._writer is not None
        self._writer.close()
        self._stream.close()
        self._paths[-1] = (self._paths[-1][0], self._rows)
        self._writer = None
