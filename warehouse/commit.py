"""What every change of the tables goes through: under the lock, all at once or not at all.

Tables that a killed process left ahead of the catalog are set back first. Then every table gets its
commit, and one rename of the catalog makes all of it visible: killed before it nothing has
happened, after it all has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse import catalog as catalogs
from warehouse import database, staging, tables
from warehouse.catalog import Catalog
from warehouse.errors import WarehouseError
from warehouse.files import PART, locked
from warehouse.records import Run
from warehouse.schemas import TABLES
from warehouse.tables import one_of

_PART_KEPT_S = 24 * 3600.0


@dataclass(frozen=True)
class Opened:
    """A warehouse that may be changed. `before` is its catalog, None before the first publish;
    `repaired` tells whether tables had to be set back."""

    root: Path
    before: Catalog | None
    repaired: bool


@contextmanager
def changing(root: Path, what: str, *, timeout_s: float | None = None,
             say: Callable[[str], None] = lambda line: None) -> Iterator[Opened]:
    """Holds the lock of the warehouse, whose tables are as its catalog says.

    Args:
      what: the change, for an error: `publishing`.
      timeout_s: how long to wait for another holder; None = as long as it takes.
      say: told when it waits, and what had to be repaired.

    Raises WarehouseError where the folder cannot be written, the disk is full, or its tables
    cannot be read; the same again then goes on.
    """
    from deltalake.exceptions import DeltaError
    root = tables.check_root(root)
    with locked(root, timeout_s, say):
        try:
            before = catalogs.current(root)
            _remove_leftovers(root)
            repaired = tables.repair(root, before.tables if before else {})
            for line in repaired:
                say(line)
            yield Opened(root, before, bool(repaired))
        except (OSError, DeltaError, duckdb.Error, pa.ArrowException) as e:
            raise WarehouseError(
                f'{what} in {root} failed: {e}; what was published before is as it was',
                way_out='Put right what it says (a full disk, a read-only folder, a damaged '
                'table), then run the same command again.') from e


def next_catalog(opened: Opened, standard: str, timezone_name: str) -> Catalog:
    """The catalog after the one before, with every table as it is; tables not there are made."""
    root, before = opened.root, opened.before
    known = before.tables if before else {}
    versions = {name: known[name] if name in known and tables.is_newest(root, name, known[name])
                else tables.ensure(root, name).version() for name in TABLES}
    evolved = {name for name, version in versions.items()
               if set(TABLES[name].schema.names) - tables.listed(root, name, version).columns}
    return Catalog(
        number=(before.number if before else 0) + 1,
        tables=versions,
        mixed=tuple(sorted(evolved | set(before.mixed if before else ()))),
        standard=standard, timezone=timezone_name,
        published_at=_instant(),
        derived=before.derived if before else {})


def at_versions(catalog: Catalog, **versions: int) -> Catalog:
    """The catalog with some tables at other versions."""
    return replace(catalog, tables={**catalog.tables, **versions})


def write_run(root: Path, run: Run) -> int:
    """One commit: the row of a run, in place of an earlier one. Returns the version of `runs`."""
    row = pa.Table.from_pylist([asdict(run)], TABLES['runs'].schema)
    return tables.write(root, 'runs', row.to_reader(), one_of('run_id', [run.run_id]))


def make_visible(opened: Opened, now: Catalog) -> None:
    """Swaps the catalog, once all that it names would survive a power cut."""
    root, before = opened.root, opened.before
    for name, version in now.tables.items():
        seen = before.tables.get(name) if before else None
        if version != seen:
            tables.sync_new(root, name, seen, version)
    # What it replaces is kept for a while from now on, however long it took to write this one.
    now = replace(now, published_at=_instant())
    built = database.build(root, now)
    catalogs.save(root, now)
    database.install(root, built)


def _instant() -> str:
    return datetime.now(timezone.utc).isoformat()


def _remove_leftovers(root: Path) -> None:
    """What killed processes left: half-built files at once, half-written ones after a day."""
    staging.remove_unfinished(root)
    database.remove_unfinished(root)
    for folder in ('landing', 'catalog'):
        for path in (root / folder).rglob(f'*{PART}'):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _PART_KEPT_S:
                    path.unlink()
