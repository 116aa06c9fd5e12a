"""Checks: questions in `checks/*.sql` whose every answer is a fault of the tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from warehouse import catalog as catalogs
from warehouse import database, tables
from warehouse.catalog import Catalog
from warehouse.derived import tables_in
from warehouse.schemas import OF_A_CALL

_CHECKS = Path(__file__).parent / 'checks'
_SHOWN = 3
# Statements over these are asked of some dates at a time, which bounds memory.
_LARGE = ('turns', 'words', 'events', 'findings')
_TOGETHER = 2 ** 26  # bytes of their files, compressed, or a date if it has more
_LITTLE = 2 ** 21  # bytes of files that are read into memory once, and not for every check
_NAMES_LARGE = re.compile(rf'\b({"|".join(_LARGE)})\b')


@dataclass(frozen=True)
class Fault:
    """A check that found something: how often, and the first few rows of it."""

    check: str
    says: str
    count: int
    rows: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        first = '; '.join(', '.join(f'{k} {v}' for k, v in row.items()) for row in self.rows)
        return f'{self.check} ({self.says}): {self.count} found, first: {first}'


def run_checks(root: Path, catalog: Catalog | None = None,
               dates: Collection[date | None] | None = None,
               only: Collection[str] | None = None) -> list[Fault]:
    """Runs every check on the published tables; of some call dates, or some checks, if given."""
    root = tables.check_root(root)
    catalog = catalog or catalogs.current(root)
    if catalog is None:
        return []
    checks = {path.stem: path.read_text(encoding='utf-8') for path in sorted(_CHECKS.glob('*.sql'))
              if only is None or path.stem in only}
    large = {name: sql for name, sql in checks.items()
             if _NAMES_LARGE.search(re.sub('--.*', '', sql))}
    faults: dict[str, Fault] = {}
    sizes = _sizes(root, catalog, dates)
    if sum(sizes.values()) <= _LITTLE:
        return list(_asked(root, catalog, dates, checks, read_once=True))
    small = {name: sql for name, sql in checks.items() if name not in large}
    for some, asked in [(dates, small), *((some, large) for some in _parts(sizes))]:
        for fault in _asked(root, catalog, some, asked):
            known = faults.get(fault.check)
            faults[fault.check] = replace(
                known, count=known.count + fault.count,
                rows=(*known.rows, *fault.rows)[:_SHOWN]) if known else fault
    return [faults[name] for name in checks if name in faults]


def _asked(root: Path, catalog: Catalog, dates: Collection[date | None] | None,
           checks: dict[str, str], read_once: bool = False) -> Iterator[Fault]:
    named = tables_in('\n'.join(checks.values()))
    with duckdb.connect(':memory:') as con:
        database.fill(con, root, catalog, dates, named, read_once)
        for name, sql in checks.items():
            found = database.ask(con, sql)
            if found.num_rows:
                yield Fault(name, database.comment_of(sql), found.num_rows,
                            tuple(found.slice(0, _SHOWN).to_pylist()))


def _sizes(root: Path, catalog: Catalog,
           dates: Collection[date | None] | None) -> dict[date | None, int]:
    """Date -> bytes of the files of its calls."""
    sizes: dict[date | None, int] = {}
    # Of all tables: a date may have calls and none of the rows that they should have.
    for name in OF_A_CALL:
        for _, size, day in tables.listed(root, name, catalog.tables[name]).files:
            if dates is None or day in dates:
                sizes[day] = sizes.get(day, 0) + size
    return sizes


def _parts(sizes: dict[date | None, int]) -> Iterator[list[date | None]]:
    """The dates, in order, as many together as have few enough bytes."""
    part: list[date | None] = []
    bytes_ = 0
    for day in sorted(sizes, key=lambda day: (day is None, day or date.min)):
        if part and bytes_ + sizes[day] > _TOGETHER:
            yield part
            part, bytes_ = [], 0
        part.append(day)
        bytes_ += sizes[day]
    if part:
        yield part
