"""Which stored calls lie where: spans of them, each of one date, that can be read one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import database, tables
from warehouse.catalog import Catalog
from warehouse.errors import WarehouseError
from warehouse.tables import literal

NUMBER = {'turns': 'turn', 'words': 'word', 'events': 'event'}  # rows of a call count from 0
READ = ('calls', 'turns', 'words', 'events', 'findings', 'kpis')
SPAN_CALLS = 1000
_MEMORY = '512MB'  # of a query; the disk gives what is more
# Faults of the disk that is written to meanwhile; they are explained as such further up.
_NOT_THE_FILE = ('No space left', 'Read-only file system', 'Disk quota exceeded')
_MOST_LIVE_ROWS = 2 ** 21  # of one table and partition in memory at once


@dataclass(frozen=True)
class Span:
    """Calls of one date whose rows lie together.

    Attributes:
      low, high: the first and the last call_id.
      calls: how many there are.
      files: table -> the files that hold the rows of the date.
    """

    date: date | None
    low: str
    high: str
    calls: int
    files: Mapping[str, tuple[Path, ...]]


def spans_of(root: Path, catalog: Catalog, since: date | None, until: date | None,
             scratch: Path, size: int = SPAN_CALLS) -> list[Span]:
    """All calls, or those dated from `since` to `until`, inclusive. Calls without a date are in no
    range."""
    where = ' AND '.join(f'call_date {sign} DATE {literal(day)}'
                         for sign, day in (('>=', since), ('<=', until)) if day) or 'true'
    with frugal(scratch, root / 'tables') as con:
        database.fill(con, root, catalog)
        rows = con.execute(f"""
            SELECT call_date, min(call_id), max(call_id), count(*) FROM (
                SELECT call_date, call_id, (row_number() OVER (
                    PARTITION BY call_date ORDER BY call_id) - 1) // {size} AS span
                FROM calls WHERE {where})
            GROUP BY call_date, span ORDER BY call_date, span""").fetchall()
    files = {name: files_by_date(root, name, catalog) for name in READ}
    return [Span(day, low, high, calls, {name: files[name].get(day, ()) for name in READ})
            for day, low, high, calls in rows]


def files_by_date(root: Path, name: str, catalog: Catalog) -> dict[date | None, tuple[Path, ...]]:
    """The files of a table by call_date."""
    out: dict[date | None, tuple[Path, ...]] = {}
    folder = tables.folder(root, name)
    for path, _, day in tables.listed(root, name, catalog.tables[name]).files:
        out[day] = (*out.get(day, ()), folder / path)
    return out


def out_of_order(span: Span) -> list[str]:
    """The tables whose rows of the span's date are to be sorted before they can be walked."""
    return [name for name in READ if name != 'calls' and not is_in_order(
        groups_of(span.files[name]))]


def in_order(spans: Sequence[Span], names: Sequence[str], scratch: Path) -> list[Span]:
    """The spans of one date over sorted copies of these tables, made in `scratch`."""
    copies = {name: (sorted_copy(spans[0].files[name], name, scratch / f'{name}.parquet'),)
              for name in names}
    return [replace(span, files={**span.files, **copies}) for span in spans]


@contextmanager
def frugal(scratch: Path, read: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that goes to the disk, to `scratch`, for what is more than its memory.

    Args:
      read: where it is read from, for an error.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with reading(read), duckdb.connect(':memory:', config={
            'memory_limit': _MEMORY, 'temp_directory': str(scratch), 'threads': 2,
            'preserve_insertion_order': False}) as con:
        yield con


@dataclass(frozen=True)
class Group:
    """A row group of a file, and the least and greatest call_id in it (None: not known)."""

    path: Path
    number: int
    rows: int
    low: str | None
    high: str | None


def groups_of(paths: Sequence[Path]) -> list[Group]:
    """The row groups of some files, in order of their least call_id."""
    found = []
    for path in paths:
        with reading(path):
            metadata = pq.read_metadata(path)
        column = metadata.schema.names.index('call_id')
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            known = group.column(column).statistics
            low, high = (known.min, known.max) if known and known.has_min_max else (None, None)
            found.append(Group(path, number, group.num_rows, low, high))
    return sorted(found, key=lambda group: group.low or '')


def is_in_order(groups: Sequence[Group]) -> bool:
    """Whether a walk through the call_ids holds few rows of these groups at any time."""
    live: list[Group] = []
    for group in groups:
        live = [g for g in live if g.high is None or g.high >= (group.low or '')] + [group]
        if len(live) > 1 and sum(g.rows for g in live) > _MOST_LIVE_ROWS:
            return False
    return True


def sorted_copy(paths: Sequence[Path], name: str, target: Path) -> Path:
    """The rows of some files of a table in one file, in order of call and number."""
    target.parent.mkdir(parents=True, exist_ok=True)
    names = ', '.join(literal(path) for path in paths)
    order = ', '.join(dict.fromkeys(('call_id', NUMBER.get(name, 'call_id'))))
    with frugal(target.parent, paths[0].parent) as con:
        con.execute(f'COPY (SELECT * FROM read_parquet([{names}], union_by_name = true, '
                    f'hive_partitioning = false) ORDER BY {order}) TO {literal(target)} '
                    '(FORMAT parquet, COMPRESSION lz4, ROW_GROUP_SIZE 122880)')
    return target


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What goes wrong in reading a file of a table, as an error that names it."""
    try:
        yield
    except (OSError, pa.ArrowException, duckdb.Error) as e:
        if any(sign in str(e) for sign in _NOT_THE_FILE):
            raise
        why = str(e).partition('\n')[0]
        raise WarehouseError(f'{path} cannot be read: {why}', way_out=(
            'Restore the folder `tables` from a backup; `etiquette sql --as-of` reads an older '
            'catalog.')) from e


