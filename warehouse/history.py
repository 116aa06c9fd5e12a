"""What was published before: which of it is kept, and how the rest goes.

A file stays for as long as a catalog that names it does, so a reader who holds an older
`etiquette.duckdb`, or asks `--as-of`, finds it; a catalog stays until it has been out of date
for the retention.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import catalog as catalogs
from warehouse import tables
from warehouse.catalog import Catalog
from warehouse.files import sync, write_whole
from warehouse.spans import reading

_LOG = re.compile(r'(\d{20})\.(json|crc|checkpoint(\..+)?\.parquet)')
_DATA = re.compile(r'.*\.parquet(#\d+)?')  # with a number: half-written
_TEMPORARY_KEPT_S = 24 * 3600.0


@dataclass(frozen=True)
class Old:
    """What is no longer needed of one table."""

    name: str
    files: tuple[Path, ...]
    bytes: int
    logs: tuple[Path, ...]


def out_of_date(root: Path, retention_s: float, now_s: float | None = None) -> list[int]:
    """The catalogs that another one replaced at least `retention_s` ago, oldest first.

    Counted from when they were replaced, not from when they were made: the one that was current
    until yesterday stays, however old it is. The current one never goes.
    """
    now_s = time.time() if now_s is None else now_s
    out = []
    for number, following in pairwise(catalogs.numbers(root)):
        replaced_s = datetime.fromisoformat(catalogs.load(root, following).published_at).timestamp()
        if replaced_s > now_s - retention_s:
            break  # the catalogs that are kept follow each other
        out.append(number)
    return out


def remove_catalogs(root: Path, numbers: Sequence[int]) -> None:
    """Removes catalogs, oldest first: what is left is always a range."""
    for number in sorted(numbers):
        catalogs.path_of(root, number).unlink(missing_ok=True)
    if numbers:
        sync(root / 'catalog')


def old_of(root: Path, name: str, kept: Sequence[Catalog], retention_s: float = 0.0,
           now_s: float | None = None) -> Old:
    """The data files that no kept catalog names, and the log entries before the oldest of them.

    Args:
      kept: catalogs that follow each other, the current one last.
      retention_s: how long a file stays that never came to be published.
    """
    folder = tables.folder(root, name)
    versions = [catalog.tables[name] for catalog in kept if name in catalog.tables]
    if not versions or not folder.exists():
        return Old(name, (), 0, ())
    now_s = time.time() if now_s is None else now_s
    needed = _needed(root, name, sorted(set(versions)))
    gone, size = [], 0
    for path in sorted(folder.rglob('*')):
        if '_delta_log' in path.parts or not _DATA.fullmatch(path.name) or (
                str(path.relative_to(folder)) in needed):
            continue
        # What a kept catalog does not name and is younger than the retention was never published:
        # a killed change left it, and a reader of the Delta table may have opened it since.
        with suppress(FileNotFoundError):
            stat = path.stat()
            if stat.st_mtime <= now_s - retention_s:
                gone.append(path)
                size += stat.st_size
    return Old(name, tuple(gone), size, tuple(_logs_before(folder, min(versions), now_s)))


def remove_old(root: Path, old: Old, kept: Sequence[Catalog]) -> None:
    """Removes them: the log entries once a checkpoint stands for them. Call it under the lock."""
    folder = tables.folder(root, old.name)
    if old.logs:
        oldest = min(catalog.tables[old.name] for catalog in kept if old.name in catalog.tables)
        log = folder / '_delta_log'
        checkpoint = log / f'{oldest:020}.checkpoint.parquet'
        if not checkpoint.exists():
            tables.open_at(root, old.name, oldest).create_checkpoint()
            _without_hidden_values(checkpoint)
        with reading(checkpoint):  # or the table would go with its log
            pq.read_metadata(checkpoint)
        for path in (checkpoint, log):
            sync(path)
    for path in (*old.files, *old.logs):
        path.unlink(missing_ok=True)
    for parent in {path.parent for path in old.files}:
        with suppress(OSError):  # another date's files are in it
            if parent != folder:
                parent.rmdir()


def _without_hidden_values(checkpoint: Path) -> None:
    """Writes the checkpoint anew: delta-rs leaves values of files that are gone under NULLs, where
    no reader sees them, and in the statistics of its columns."""
    sink = pa.BufferOutputStream()
    pq.write_table(pq.read_table(checkpoint), sink)
    write_whole(checkpoint, sink.getvalue())


def _needed(root: Path, name: str, versions: Sequence[int]) -> set[str]:
    """The files of the oldest version, and all that were added since."""
    needed = {str(path) for path in tables.files(tables.open_at(root, name, versions[0]))}
    try:
        needed.update(_added(tables.folder(root, name), versions[0], versions[-1]))
    except FileNotFoundError:  # another program has tidied the log
        for version in versions[1:]:
            needed.update(map(str, tables.files(tables.open_at(root, name, version))))
    return {unquote(path) for path in needed} | needed


def _added(folder: Path, after: int, until: int) -> Iterator[str]:
    for version in range(after + 1, until + 1):
        text = (folder / '_delta_log' / f'{version:020}.json').read_text(encoding='utf-8')
        for line in text.splitlines():
            action = json.loads(line) if line.strip() else {}
            if 'add' in action:
                yield action['add']['path']


def _logs_before(folder: Path, version: int, now_s: float) -> Iterator[Path]:
    for path in sorted((folder / '_delta_log').iterdir()):
        match = _LOG.fullmatch(path.name)
        with suppress(FileNotFoundError):
            if (int(match[1]) < version if match else ('.tmp' in path.name or '#' in path.name)
                    and path.stat().st_mtime < now_s - _TEMPORARY_KEPT_S):
                yield path

