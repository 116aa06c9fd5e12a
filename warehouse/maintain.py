"""Upkeep: small files joined and sorted, and what nobody needs any more removed.

Nothing of what can be asked changes, and a reader who opened the warehouse before goes on
reading: what is replaced stays for the retention.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from warehouse import catalog as catalogs
from warehouse import erase, staging, tables
from warehouse.catalog import Catalog
from warehouse.commit import Opened, at_versions, changing, make_visible, next_catalog
from warehouse.errors import WarehouseError
from warehouse.history import Old, old_of, out_of_date, remove_catalogs, remove_old
from warehouse.rewrite import Written, swap_files
from warehouse.schemas import TABLES
from warehouse.sorting import Heap, heaps_of, is_mixed, joined

_LEDGERS_KEPT_S = 7 * 24 * 3600.0
_NO_WAREHOUSE = 'Run a batch first, or name its folder with --warehouse.'


@dataclass(frozen=True)
class Tended:
    """A table before and after; `removed` files are those that no kept catalog names.

    In a dry run `files_after` is what is to be expected and `bytes_after` is not known.
    """

    name: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int | None
    removed: int
    removed_bytes: int


@dataclass(frozen=True)
class Maintained:
    """What an upkeep did, or in a dry run would do.

    Attributes:
      catalog: the number of the current catalog, a new one where files were joined.
      catalogs_removed: the numbers of those that --as-of no longer knows.
      logs_removed: entries of Delta's logs that a checkpoint stands for now.
      ledgers_removed: folders that killed runs had left.
    """

    tables: tuple[Tended, ...]
    catalog: int
    joined: bool
    catalogs_removed: tuple[int, ...]
    logs_removed: int
    ledgers_removed: int
    seconds: float
    dry_run: bool

    @property
    def anything(self) -> bool:
        """Whether there was anything to do."""
        return bool(self.joined or self.catalogs_removed or self.logs_removed
                    or self.ledgers_removed or any(table.removed for table in self.tables))


def maintain(root: Path, *, retention_s: float, target_bytes: int, dry_run: bool = False,
             timeout_s: float | None = None, say: Callable[[str], None] = lambda line: None,
             progress: Callable[[int, int], None] = lambda done, of: None) -> Maintained:
    """Joins and sorts the files of every table, and removes what is older than the retention.

    Args:
      retention_s: how long a catalog, and the files that it alone names, stay after another one
        has replaced it.
      target_bytes: the size that files are joined up to.
      progress: told how many bytes of all that are to be joined are done.

    Raises WarehouseError where there is no warehouse, or its folder cannot be written. Killed at
    any instant, nothing is lost, and the same again goes on.
    """
    began = time.monotonic()
    if dry_run:
        root = tables.check_root(root)
        before = _current(root)
        heaps = {name: list(heaps_of(root, name, version, target_bytes))
                 for name, version in before.tables.items() if name in TABLES}
        gone = out_of_date(root, retention_s)
        kept = [catalogs.load(root, n) for n in catalogs.numbers(root) if n not in gone]
        olds = [old_of(root, name, kept, retention_s) for name in TABLES]
        return _told(root, before, None, _all_sizes(root, before), heaps, olds, gone,
                     len(_ledgers(root)), began, target_bytes)
    with changing(root, 'upkeep', timeout_s=timeout_s, say=say) as opened:
        root = opened.root
        if (root / erase.NOTE).exists():
            say('an erasure was not finished: run the same `etiquette erase` again')
        before = _current(root)
        sizes = _all_sizes(root, before)
        # First of all room is made, for on a full disk nothing can be joined.
        gone, olds = _sweep(root, retention_s)
        now, heaps = _join(opened, before, target_bytes, progress)
        if now != before:
            more, also = _sweep(root, retention_s)
            gone, olds = [*gone, *more], [_both(*pair) for pair in zip(olds, also, strict=True)]
        ledgers = _ledgers(root)
        for folder in ledgers:
            shutil.rmtree(folder, ignore_errors=True)
        return _told(root, before, now, sizes, heaps, olds, gone, len(ledgers), began,
                     target_bytes)


def _sweep(root: Path, retention_s: float) -> tuple[list[int], list[Old]]:
    """Removes what is out of date. Returns the catalogs, and the files of each table."""
    gone = out_of_date(root, retention_s)
    remove_catalogs(root, gone)
    kept = [catalogs.load(root, number) for number in catalogs.numbers(root)]
    olds = [old_of(root, name, kept, retention_s) for name in TABLES]
    for old in olds:
        remove_old(root, old, kept)
    return gone, olds


def _both(one: Old, two: Old) -> Old:
    return Old(one.name, one.files + two.files, one.bytes + two.bytes, one.logs + two.logs)


def _current(root: Path) -> Catalog:
    before = catalogs.current(root)
    if before is None:
        raise WarehouseError(f'there is no warehouse at {root}, or nothing is published in it',
                             way_out=_NO_WAREHOUSE)
    return before


def _join(opened: Opened, before: Catalog, target_bytes: int,
          progress: Callable[[int, int], None]) -> tuple[Catalog, dict[str, list[Heap]]]:
    """The catalog from now on, and what was joined."""
    root = opened.root
    now = next_catalog(opened, before.standard, before.timezone)
    heaps = {name: list(heaps_of(root, name, now.tables[name], target_bytes)) for name in TABLES}
    of, done = sum(heap.bytes for some in heaps.values() for heap in some), 0
    for name, some in heaps.items():
        if not some:
            continue
        with staging.scratch(root) as folder:
            written: list[Written] = []
            for heap in some:
                written += joined(root, heap, folder, target_bytes)
                done += heap.bytes
                progress(done, of)
            gone = [file for heap in some for file in heap.files]
            now = at_versions(now, **{name: swap_files(root, name, written, gone, changed=False)})
    if not (of or opened.repaired):
        return before, heaps
    now = replace(now, mixed=tuple(name for name in now.mixed
                                   if is_mixed(root, name, now.tables[name])))
    make_visible(opened, now)
    return now, heaps


def _ledgers(root: Path) -> list[Path]:
    """Folders in which a run kept count and that it has not touched for a week: it was killed."""
    out = []
    for folder in (root / 'ledger').glob('*/'):
        with suppress(FileNotFoundError):
            touched_s = max(path.stat().st_mtime for path in (folder, *folder.rglob('*')))
            if touched_s < time.time() - _LEDGERS_KEPT_S:
                out.append(folder)
    return out


def _told(root: Path, before: Catalog, now: Catalog | None, all_sizes: dict[str, list[int]],
          heaps: dict[str, list[Heap]], olds: Sequence[Old], catalogs_gone: Sequence[int],
          ledgers: int, began: float, target_bytes: int) -> Maintained:
    """What was done; `now` None: what would be."""
    out = []
    for old in olds:
        sizes = all_sizes[old.name]
        some = heaps.get(old.name, [])
        bytes_after: int | None
        if now is not None:
            after = sizes if now == before else _sizes(root, old.name, now)
            files_after, bytes_after = len(after), sum(after)
        else:
            fewer = sum(len(heap.files) - -(-heap.bytes // target_bytes) for heap in some)
            files_after, bytes_after = len(sizes) - fewer, None if some else sum(sizes)
        out.append(Tended(old.name, len(sizes), files_after, sum(sizes), bytes_after,
                          len(old.files), old.bytes))
    return Maintained(
        tables=tuple(out), catalog=(now or before).number, joined=any(heaps.values()),
        catalogs_removed=tuple(catalogs_gone), logs_removed=sum(len(old.logs) for old in olds),
        ledgers_removed=ledgers, seconds=time.monotonic() - began, dry_run=now is None)


def _all_sizes(root: Path, catalog: Catalog) -> dict[str, list[int]]:
    return {name: _sizes(root, name, catalog) for name in TABLES}


def _sizes(root: Path, name: str, catalog: Catalog) -> list[int]:
    if name not in catalog.tables:
        return []
    opened = tables.open_at(root, name, catalog.tables[name])
    return [size for _, size, _ in tables.files_of(opened)]
