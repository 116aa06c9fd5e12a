"""Working out the derived tables (`warehouse.derived`) of the dates whose calls have changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from warehouse import database, staging, tables
from warehouse.catalog import Catalog
from warehouse.derived import made_by, read_by, statement_of, tables_in
from warehouse.schemas import TABLES
from warehouse.spans import frugal
from warehouse.tables import one_of

_DATES = 7  # worked out together: bounds memory
_PARTS = 5  # written together: Delta keeps a buffer for each partition that it writes
_BATCH_ROWS = 2 ** 15
_MONTHLY = ('rule_month',)
_Part = tuple[Sequence[date | None], Sequence[date | None]]  # dates to read, partitions to write


def write_derived(root: Path, now: Catalog, dates: Collection[date | None],
                  same: Mapping[str, Collection[date | None]] = MappingProxyType({})) -> Catalog:
    """Works out the rows of these dates anew. Returns the next catalog.

    Args:
      now: a catalog of the tables that they are derived from.
      same: derived table -> dates on which nothing has changed that it is derived from.
    """
    for names in _in_turn():
        def renewed(name: str, now: Catalog = now) -> int:
            return _renew(root, name, now, set(dates).difference(same.get(name, ())))
        now = replace(
            now, derived={**now.derived, **{name: made_by(name) for name in names}},
            tables={**now.tables, **tables.side_by_side(names, renewed)})
    return now


def _in_turn() -> tuple[list[str], list[str]]:
    """The tables that are derived from others alone, and those that are derived from them."""
    derived = [name for name, table in TABLES.items() if table.derived]
    return ([name for name in derived if not read_by(name)],
            [name for name in derived if read_by(name)])


def _renew(root: Path, name: str, now: Catalog, dates: Collection[date | None]) -> int:
    """The version of a table with the rows of these dates, or where an older program made it, of
    all, worked out anew."""
    touched = set(dates)
    if now.derived.get(name) != made_by(name):
        touched |= {day for _, _, day in tables.listed(
            root, 'calls', now.tables['calls']).files}
        now = replace(now, tables={**now.tables, name: tables.empty(root, name)})
    return _write(root, name, now, touched)


def _write(root: Path, name: str, now: Catalog, dates: Collection[date | None]) -> int:
    parts = _by_month(root, now, dates) if name in _MONTHLY else _by_days(dates)
    version = now.tables[name]
    had = {day for _, _, day in tables.listed(root, name, version).files}
    # Before the first row is asked for: Delta cannot open a table while it writes another.
    views = [database.views_of(root, now, read, tables_in(statement_of(name)))
             for read, _ in parts]
    for first in range(0, len(parts), _PARTS):
        days = {day for _, days in parts[first:first + _PARTS] for day in days}
        with staging.scratch(root) as scratch:
            batches = chain.from_iterable(_batches(root, name, one, scratch)
                                          for one in views[first:first + _PARTS])
            begun = list(islice(batches, 1))
            if not begun and not had & days:
                continue
            reader = pa.RecordBatchReader.from_batches(TABLES[name].schema, chain(begun, batches))
            version = tables.write(
                root, name, reader, one_of('call_date', days) if had & days else None)
    return version


def _by_days(dates: Collection[date | None]) -> list[_Part]:
    ordered = sorted(dates, key=lambda day: (day is None, day or date.min))
    return [(days, days) for first in range(0, len(ordered), _DATES)
            if (days := ordered[first:first + _DATES])]


def _by_month(root: Path, now: Catalog, dates: Collection[date | None]) -> list[_Part]:
    """Of each month that is touched all days."""
    days = {day for _, _, day in tables.listed(root, 'rule_day', now.tables['rule_day']).files}
    days |= set(dates)
    return [([day for day in days if _month(day) == month], [month])
            for month in {_month(day) for day in dates}]


def _month(day: date | None) -> date | None:
    return day and day.replace(day=1)


def _batches(root: Path, name: str, views: Iterable[str],
             scratch: Path) -> Iterator[pa.RecordBatch]:
    """The rows as the statement says, without empty batches."""
    schema = TABLES[name].schema
    with frugal(scratch, root / 'tables') as con:
        for view in views:
            con.execute(view)
        for batch in con.sql(statement_of(name)).to_arrow_reader(_BATCH_ROWS):
            yield from pa.Table.from_batches([batch]).select(schema.names).cast(
                schema).to_batches()
