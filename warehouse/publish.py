"""Publishing: what has landed becomes rows of the tables, all at once or not at all.

Landing files are read, every table gets its commit, and one rename of the catalog makes all of it
visible (`warehouse.commit`). Killed at any instant, the same publish again gives the same tables:
until the rename nothing is seen and nothing has been removed, after it the landed calls replace
themselves.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse import catalog as catalogs
from warehouse import database, landing, staging, tables
from warehouse.catalog import Catalog
from warehouse.checking import run_checks
from warehouse.commit import Opened, at_versions, changing, make_visible, next_catalog, write_run
from warehouse.deriving import write_derived
from warehouse.errors import WarehouseError
from warehouse.records import Reject, Run
from warehouse.schemas import OF_A_CALL, TABLES
from warehouse.staging import Stage
from warehouse.tables import one_of

_WARNINGS = 20
_LARGEST = 'words'  # begun first, so that it does not end long after the others
_REMOVERS = 8  # removing a file is waiting for the disk


@dataclass(frozen=True)
class Published:
    """What a publish did.

    Attributes:
      calls: calls whose rows are now in the tables.
      rejects: rejects that were added or changed, damaged landing files among them.
      catalog_version: the number of the catalog that shows them.
      warnings: sentences for the user.
      run: the row of `runs` as stored: a landing file of this run that proved damaged is
        counted as rejected there, not as published.
    """

    calls: int
    rejects: int
    catalog_version: int
    seconds: float
    warnings: tuple[str, ...] = ()
    run: Run | None = None


@dataclass(frozen=True)
class _Rejects:
    """The rejects that wait, and the files they were read from with their stamps."""

    rows: tuple[Reject, ...]
    files: tuple[tuple[Path, tuple[int, int]], ...]


def publish(root: Path, run: Run | None = None, *, standard: str = 'default',
            timezone: str = 'UTC', timeout_s: float | None = None,
            say: Callable[[str], None] = lambda line: None) -> Published:
    """Makes every landed call and waiting reject of the warehouse visible.

    Args:
      run: the row to add to `runs`; None = none.
      standard: the etiquette standard that `kpis` and the views show.
      timezone: of call_date, for those who ask.
      timeout_s: how long to wait for another publisher; None = as long as it takes.
      say: told when it waits, and what had to be repaired.

    Raises WarehouseError where the folder cannot be written, the disk is full, or its tables
    cannot be read; a later publish then goes on.
    """
    began = time.monotonic()
    with changing(root, 'publishing', timeout_s=timeout_s, say=say) as opened, \
            staging.read_landed(opened.root) as stage:
        return _publish(opened, run, stage, standard, timezone, began)


def published(root: Path, call_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """call_id -> (audio_sha256, fingerprint) of those of the calls that are published."""
    return {row[0]: (row[1], row[2]) for row in _look_up(
        root, 'SELECT call_id, audio_sha256, fingerprint FROM calls', 'call_id', call_ids)}


def rejected_before(root: Path, reject_keys: Iterable[str]) -> dict[str, Reject]:
    """reject_key -> the reject, of those that are in the table `rejects`."""
    names = ', '.join(f.name for f in fields(Reject))
    found = [Reject(*row) for row in _look_up(
        root, f'SELECT {names} FROM rejects', 'reject_key', reject_keys)]
    return {reject.reject_key: reject for reject in found}


def _look_up(root: Path, select: str, key: str, values: Iterable[str]) -> list[tuple]:
    keys = pa.table({'key': pa.array(list(values), pa.string())})
    if not keys.num_rows or not catalogs.numbers(root):
        return []
    with database.open_readonly(root) as con:
        con.register('wanted_keys', keys)
        answer = database.ask(con, f'{select} WHERE {key} IN (SELECT key FROM wanted_keys)')
        return [tuple(row.values()) for row in answer.to_pylist()]


def _publish(opened: Opened, run: Run | None, stage: Stage, standard: str,
             timezone_name: str, began: float) -> Published:
    root, before = opened.root, opened.before
    waiting, warnings = _waiting_rejects(root, stage)
    run = _accounted(run, stage)
    as_before = before and (before.standard, before.timezone) == (standard, timezone_name)
    if as_before and not (stage.chunks or waiting.rows or run or opened.repaired):
        assert before
        return Published(0, 0, before.number, time.monotonic() - began, warnings)
    now, dates = _commit(root, next_catalog(opened, standard, timezone_name), stage, waiting, run)
    make_visible(opened, now)
    _remove_published(stage, waiting)
    with duckdb.connect(':memory:') as con:
        database.fill(con, root, now, only=('calls',))
        warnings += _same_audio(con, stage)
    faults = run_checks(root, now, dates) if stage.chunks else []
    return Published(
        calls=sum(map(len, stage.chunks)), rejects=len(waiting.rows), catalog_version=now.number,
        seconds=time.monotonic() - began, run=run,
        warnings=(*warnings, *(f'check {fault}' for fault in faults)))


def _commit(root: Path, now: Catalog, stage: Stage, waiting: _Rejects,
            run: Run | None) -> tuple[Catalog, set[date | None]]:
    """One commit a table. Returns the catalog of the new versions, and the dates touched."""
    versions = dict(now.tables)
    with duckdb.connect(':memory:') as con:
        database.fill(con, root, now, only=('calls', 'rejects'))
        con.register('staged', _staged_table(stage))
        had = dict(con.execute('SELECT call_id, call_date FROM calls WHERE call_id IN '
                               '(SELECT call_id FROM staged)').fetchall())
        dates = {call.call_date for call in stage.calls()} | set(had.values())
        versions |= tables.side_by_side(
            sorted(OF_A_CALL, key=lambda name: name != _LARGEST),
            lambda name: _write_rows(root, name, stage, had, now.tables[name]))
        rejects = _merged_rejects(con, waiting)
        if rejects is not None:
            versions['rejects'] = tables.replace_all(root, 'rejects', rejects)
    if run:
        versions['runs'] = write_run(root, run)
    return write_derived(root, at_versions(now, **versions), dates), dates


def _write_rows(root: Path, name: str, stage: Stage, had: dict[str, date | None],
                version: int) -> int:
    if not had:
        if any(stage.count(name, number) for number in range(len(stage.chunks))):
            version = tables.write(root, name, stage.rows(name))
        return version
    for number, chunk in enumerate(stage.chunks):
        old = {call.call_id for call in chunk} & had.keys()
        if not old and not stage.count(name, number):
            continue
        # The dates let Delta leave all other partitions alone; a corrected date is in both.
        dates = {call.call_date for call in chunk} | {had[call_id] for call_id in old}
        predicate = (f'{one_of("call_id", [call.call_id for call in chunk])}'
                     f' AND {one_of("call_date", dates)}')
        version = tables.write(root, name, stage.rows(name, number), predicate if old else None)
    return version


def _merged_rejects(con: duckdb.DuckDBPyConnection, waiting: _Rejects) -> pa.Table | None:
    """The rows of `rejects` from now on; None where they stay as they are.

    A reject goes once its call is published by a later run. Not by the same one: that rejected
    another row of the batch which names the same call.
    """
    schema = TABLES['rejects'].schema
    con.register('waiting', pa.Table.from_pylist([asdict(r) for r in waiting.rows], schema))
    rows = database.ask(con, """
        SELECT * FROM (
            SELECT * FROM rejects WHERE reject_key NOT IN (SELECT reject_key FROM waiting)
            UNION ALL BY NAME SELECT * FROM waiting) r
        WHERE NOT EXISTS (
            SELECT 1 FROM staged s WHERE s.call_id = r.call_id AND s.run_id <> r.run_id
            AND (r.failed_at IS NULL OR s.processed_at IS NULL OR s.processed_at > r.failed_at))
        ORDER BY reject_key""").cast(schema)
    old = database.ask(con, 'SELECT * FROM rejects ORDER BY reject_key').cast(schema)
    return None if rows.equals(old) else rows


def _staged_table(stage: Stage) -> pa.Table:
    names = ('call_id', 'audio_sha256', 'run_id', 'processed_at')
    schema = pa.schema([TABLES['calls'].schema.field(name) for name in names])
    return pa.Table.from_pylist(
        [{name: getattr(call, name) for name in names} for call in stage.calls()], schema)


def _waiting_rejects(root: Path, stage: Stage) -> tuple[_Rejects, tuple[str, ...]]:
    rows: dict[str, Reject] = {}
    read: list[tuple[Path, tuple[int, int]]] = []
    warnings = [f'{reject.message}; it was moved to {reject.value}'
                for reject in stage.damaged]
    for path in landing.rejects(root):
        with suppress(FileNotFoundError):
            read.append((path, staging.stamp_of(path)))
            try:
                reject = landing.get_reject(path)
                rows[reject.reject_key] = reject
            except WarehouseError as e:
                warnings.append(str(e))
    rows |= {reject.reject_key: reject for reject in stage.damaged}
    return _Rejects(tuple(rows.values()), tuple(read)), tuple(warnings)


def _accounted(run: Run | None, stage: Stage) -> Run | None:
    """The run, with its own landing files that proved damaged counted as rejected."""
    if run is None:
        return None
    began = run.started_at.timestamp()
    lost = sum(Path(reject.value or '').stat().st_mtime >= began for reject in stage.damaged)
    lost = min(lost, run.calls_published)
    return replace(run, calls_published=run.calls_published - lost,
                   calls_rejected=run.calls_rejected + lost)


def _same_audio(con: duckdb.DuckDBPyConnection, stage: Stage) -> tuple[str, ...]:
    con.register('staged', _staged_table(stage))
    rows = con.execute("""
        SELECT list(call_id ORDER BY call_id) FROM calls WHERE audio_sha256 <> '' AND audio_sha256
        IN (SELECT audio_sha256 FROM staged) GROUP BY audio_sha256 HAVING count(*) > 1
        ORDER BY 1""").fetchall()
    said = [f'the same audio has been published as the calls {", ".join(ids)}'
            for (ids,) in rows[:_WARNINGS]]
    if len(rows) > _WARNINGS:
        said.append(f'and so have {len(rows) - _WARNINGS} other recordings')
    return tuple(said)


def _remove_published(stage: Stage, waiting: _Rejects) -> None:
    """Removes what was read; what has landed anew in the meantime waits for the next publish."""
    def remove(path: Path, stamp: tuple[int, int]) -> None:
        with suppress(FileNotFoundError):
            if staging.stamp_of(path) == stamp:
                path.unlink()

    read = [(call.path, call.stamp) for call in stage.calls()] + list(waiting.files)
    with ThreadPoolExecutor(_REMOVERS) as pool:
        for _ in pool.map(lambda one: remove(*one), read):
            pass
