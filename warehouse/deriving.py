"""Working out the derived tables (`warehouse.derived`) of the dates whose calls have changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse import database, tables
from warehouse.catalog import Catalog
from warehouse.derived import made_by, read_by, statement_of
from warehouse.schemas import TABLES
from warehouse.tables import one_of

_DATES = 7  # worked out together: bounds memory
_PARTS = 5  # written together: Delta keeps a buffer for each partition that it writes
_MONTHLY = ('rule_month',)
_Part = tuple[Sequence[date | None], Sequence[date | None]]  # dates to read, partitions to write


def write_derived(root: Path, now: Catalog, dates: Collection[date | None]) -> Catalog:
    """Works out the rows of these dates anew. Returns the next catalog.

    Args:
      now: a catalog of the tables that they are derived from.
    """
    for names in _in_turn():
        versions = tables.side_by_side(names, partial(_renew, root, now, dates))
        now = replace(now, tables={**now.tables, **versions},
                      derived={**now.derived, **{name: made_by(name) for name in names}})
    return now


def _in_turn() -> tuple[list[str], list[str]]:
    """The tables that are derived from others alone, and those that are derived from them."""
    derived = [name for name, table in TABLES.items() if table.derived]
    return ([name for name in derived if not read_by(name)],
            [name for name in derived if read_by(name)])


def _renew(root: Path, now: Catalog, dates: Collection[date | None], name: str) -> int:
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
    views = [database.views_of(root, now, read) for read, _ in parts]
    for first in range(0, len(parts), _PARTS):
        days = {day for _, days in parts[first:first + _PARTS] for day in days}
        rows = (part for part in (_rows(name, one) for one in views[first:first + _PARTS])
                if part.num_rows)
        begun = next(rows, None)
        if begun is None and not had & days:
            continue
        reader = pa.RecordBatchReader.from_batches(
            TABLES[name].schema, (batch for some in ([begun] if begun else [], rows)
                                  for part in some for batch in part.to_batches()))
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


def _rows(name: str, views: Iterable[str]) -> pa.Table:
    with duckdb.connect(':memory:') as con:
        for view in views:
            con.execute(view)
        schema = TABLES[name].schema
        return database.ask(con, statement_of(name)).select(schema.names).cast(schema)
