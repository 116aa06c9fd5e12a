"""Erasing calls: out of every table, every older version, every log and what has landed.

Rows are taken out as a publish puts them in: all at once, visible by one rename. Then everything
that was before goes, older catalogs with it, and the whole folder is searched for what must not
be there. What is meant is noted in a file until that is done, so that an erasure that was killed
is finished by the next one.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse import catalog as catalogs
from warehouse import database, landing, staging, tables
from warehouse.catalog import Catalog
from warehouse.commit import Opened, at_versions, changing, make_visible, next_catalog
from warehouse.deriving import write_derived
from warehouse.errors import WarehouseError
from warehouse.files import sync, write_whole
from warehouse.finding import Found, Wanted, find
from warehouse.history import old_of, remove_catalogs, remove_old
from warehouse.ledger import is_in_use
from warehouse.proof import Finder, Searched, search
from warehouse.rewrite import Written, swap_files
from warehouse.schemas import OF_A_CALL, TABLES
from warehouse.sorting import Heap, joined

NOTE = 'erasing.json'  # what is being erased, until it is done
_ERASED = '[erased]'
_NOTHING = Searched(0, 0, 0, (), ())


@dataclass(frozen=True)
class Erased:
    """What an erasure took out.

    Attributes:
      found: what there was; `found.recordings` are audio files, which are not touched.
      catalogs_removed: the numbers of those that --as-of no longer knows.
      files_removed: data files of older versions.
      searched: what was searched afterwards; `searched.hits` is what is left.
    """

    found: Found
    catalog: int
    catalogs_removed: tuple[int, ...]
    files_removed: int
    searched: Searched
    seconds: float

    @property
    def left(self) -> bool:
        """Whether anything is left, or may be."""
        return bool(self.searched.hits or self.searched.unread)


def look_for(root: Path, wanted: Wanted) -> Found:
    """What there is to erase, without changing anything."""
    root = tables.check_root(root)
    return find(root, catalogs.current(root), _with_noted(root, wanted))


def erase(root: Path, wanted: Wanted, *, target_bytes: int, timeout_s: float | None = None,
          say: Callable[[str], None] = lambda line: None) -> Erased:
    """Takes the calls out of the warehouse, with all that is older, and searches it for them.

    Readers that are open meanwhile may fail: the files they read are gone. Raises WarehouseError
    where there is no warehouse, or its folder cannot be written; the same again then goes on.
    """
    began = time.monotonic()
    with changing(root, 'erasing', timeout_s=timeout_s, say=say) as opened:
        root = opened.root
        if opened.before is None and not (root / 'landing').exists():
            raise WarehouseError(f'there is no warehouse at {root}',
                                 way_out='Name its folder with --warehouse.')
        wanted = _with_noted(root, wanted)
        found = find(root, opened.before, wanted)
        values = {*found.call_ids, *wanted.named}
        if not found:
            # A mistyped id is no reason to lose what was before.
            earlier = search(root, values) if values else _NOTHING
            if not earlier.hits or opened.before is None:
                return Erased(found, opened.before.number if opened.before else 0, (), 0, earlier,
                              time.monotonic() - began)
        _note(root, wanted, found)
        say('writing the tables without them')
        now = _without(opened, found, values, target_bytes)
        _remove_landed(root, found, values)
        gone = [number for number in catalogs.numbers(root) if number != now.number]
        remove_catalogs(root, gone)
        files = 0
        for name in TABLES:
            old = old_of(root, name, [now], retention_s=float('-inf'))
            remove_old(root, old, [now])
            files += len(old.files)
        say('searching all files')
        searched = search(root, values, leave_out=[root / NOTE])
        if not (searched.hits or searched.unread):
            (root / NOTE).unlink()
            sync(root)
        return Erased(found, now.number, tuple(gone), files, searched, time.monotonic() - began)


def _note(root: Path, wanted: Wanted, found: Found) -> None:
    note = {'callers': sorted(wanted.callers), 'call_ids': sorted(
        {*wanted.call_ids, *found.call_ids})}
    for half in root.glob(f'{NOTE}.*'):  # of an erasure that was killed as it wrote it
        half.unlink(missing_ok=True)
    write_whole(root / NOTE, json.dumps(note).encode())


def _with_noted(root: Path, wanted: Wanted) -> Wanted:
    """With what an erasure that was not finished was about."""
    try:
        note = json.loads((root / NOTE).read_bytes())
        return replace(wanted, unfinished=len(note['call_ids']), callers=tuple(dict.fromkeys(
            (*wanted.callers, *note['callers']))), call_ids=tuple(dict.fromkeys(
                (*wanted.call_ids, *note['call_ids']))))
    except FileNotFoundError:
        return wanted
    except (ValueError, TypeError, KeyError) as e:
        raise WarehouseError(f'{root / NOTE} cannot be read: {e}', way_out=(
            'Remove it, and erase again what was being erased.')) from e


def _without(opened: Opened, found: Found, values: Collection[str], target_bytes: int) -> Catalog:
    """The catalog of tables that do not hold the calls, visible from now on."""
    root = opened.root
    standard, zone = (opened.before.standard, opened.before.timezone) if opened.before else (
        'default', 'UTC')
    now = next_catalog(opened, standard, zone)
    versions = dict(now.tables)
    dates: set[date | None] = set(found.calls.values())
    with staging.scratch(root) as folder:
        for name in OF_A_CALL:
            of_table = _dates_of(root, now, name, found.call_ids) | dates
            dates |= of_table
            versions[name] = _taken_out(root, name, found.call_ids, of_table, folder,
                                        target_bytes)
    versions |= _without_rows(root, now, found, values)
    now = at_versions(now, **versions)
    if dates:
        now = write_derived(root, now, dates)
    # Its own version a table, whose entry is the oldest that is left of the log.
    now = at_versions(now, **{name: tables.commit_clean(root, name) for name in TABLES})
    make_visible(opened, now)
    return now


def _dates_of(root: Path, now: Catalog, name: str, call_ids: Collection[str]) -> set[date | None]:
    """The dates under which the table has rows of the calls."""
    if not call_ids:
        return set()
    with duckdb.connect(':memory:') as con:
        database.fill(con, root, now)
        con.register('erased', pa.table({'call_id': pa.array(sorted(call_ids), pa.string())}))
        table = 'kpis_all' if name == 'kpis' else name
        return {day for (day,) in con.execute(
            f'SELECT DISTINCT call_date FROM {table} WHERE call_id IN (SELECT call_id FROM erased)'
        ).fetchall()}


def _taken_out(root: Path, name: str, call_ids: Collection[str], dates: Collection[date | None],
               folder: Path, target_bytes: int) -> int:
    """One commit: the files of these dates written anew without the calls."""
    files = tables.files_of(tables.open_at(root, name), dates)
    if not files:
        return tables.open_at(root, name).version()
    written: list[Written] = []
    for day in {day for _, _, day in files}:
        heap = Heap(name, day, tuple(file for file in files if file[2] == day))
        written += joined(root, heap, folder, target_bytes, without=call_ids)
    return swap_files(root, name, written, files)


def _without_rows(root: Path, now: Catalog, found: Found,
                  values: Collection[str]) -> dict[str, int]:
    """The versions of `rejects` without those of the calls, and of `runs` without their names."""
    out = {}
    finder = Finder(values)
    with duckdb.connect(':memory:') as con:
        database.fill(con, root, now)
        con.execute("SET TimeZone = 'UTC'")
        rejects = database.ask(con, 'SELECT * FROM rejects ORDER BY reject_key').cast(
            TABLES['rejects'].schema)
        runs = database.ask(con, 'SELECT * FROM runs ORDER BY run_id').cast(
            TABLES['runs'].schema)
    keys = set(found.rejects)
    kept = [row for row in rejects.to_pylist() if row['reject_key'] not in keys]
    if len(kept) < rejects.num_rows:
        out['rejects'] = tables.replace_all(
            root, 'rejects', pa.Table.from_pylist(kept, rejects.schema))
    commands = [_blotted(command, finder) for command in runs['command'].to_pylist()]
    if commands != runs['command'].to_pylist():
        at = runs.schema.names.index('command')
        out['runs'] = tables.replace_all(root, 'runs', runs.set_column(
            at, runs.schema.field('command'), pa.array(commands, pa.string())))
    return out


def _blotted(text: str | None, finder: Finder) -> str | None:
    """The text with what is erased taken out of it."""
    for value in finder.find((text or '').encode('utf-8', 'replace'), whole_cells=False):
        text = (text or '').replace(value, _ERASED)
    return text


def _remove_landed(root: Path, found: Found, values: Collection[str]) -> None:
    """Landing files, waiting rejects, damaged files and ledgers of the calls."""
    finder = Finder(values)
    names = {landing.path_of(root, call_id).name for call_id in {*found.call_ids, *values}}
    landing.remove((*found.landed.values(), *found.waiting))
    # Half-written files bear the name of the whole one, and more.
    landing.remove(path for path in (root / 'landing').glob('[0-9a-f][0-9a-f]/*')
                   if f'{path.name.partition(".parquet")[0]}.parquet' in names)
    landing.remove(path for path in (root / 'landing' / 'corrupt').glob('*')
                   if path.name in names or _mentions(path, finder))
    for folder in _ledgers_about(root, finder):
        shutil.rmtree(folder, ignore_errors=True)


def _ledgers_about(root: Path, finder: Finder) -> Iterator[Path]:
    """The ledgers of runs that are over, if they name what is erased."""
    for folder in (root / 'ledger').glob('*/'):
        if not is_in_use(folder) and any(
                _mentions(path, finder) for path in folder.rglob('*') if path.is_file()):
            yield folder


def _mentions(path: Path, finder: Finder) -> bool:
    with suppress(FileNotFoundError):
        return bool(finder.find(path.read_bytes(), whole_cells=False))
    return False
