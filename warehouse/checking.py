"""Checks: questions in `checks/*.sql` whose every answer is a fault of the tables."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from warehouse import catalog as catalogs
from warehouse import database
from warehouse.catalog import Catalog
from warehouse.spans import frugal
from warehouse.tables import check_root

_CHECKS = Path(__file__).parent / 'checks'
_SHOWN = 3


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
    root = check_root(root)
    catalog = catalog or catalogs.current(root)
    if catalog is None:
        return []
    faults = []
    with tempfile.TemporaryDirectory() as scratch, frugal(Path(scratch), root / 'tables') as con:
        database.fill(con, root, catalog, dates)
        for path in sorted(_CHECKS.glob('*.sql')):
            if only is not None and path.stem not in only:
                continue
            sql = path.read_text(encoding='utf-8')
            found = database.ask(con, sql)
            if found.num_rows:
                faults.append(Fault(path.stem, database.comment_of(sql), found.num_rows,
                                    tuple(found.slice(0, _SHOWN).to_pylist())))
    return faults
