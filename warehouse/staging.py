"""Staging: landing files are read once, into one plain stream of rows a table.

What is published is thereby one consistent reading, in bounded memory: a landing file may be
replaced while it is being published, and a damaged one is found before any table is touched.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from warehouse import landing
from warehouse.errors import WarehouseError
from warehouse.records import Reject, reject_key
from warehouse.schemas import TABLES

# Calls a commit where rows are replaced: delta-rs overflows its stack on a predicate of 30,000
# ids, and not on one of 20,000.
CHUNK_CALLS = 4000
_GROUP_CALLS = 200  # read into memory together
_THREADS = min(4, os.cpu_count() or 1)  # opening a small file is Python's work, reading it is not
_STAGING = '.staging-'


@dataclass(frozen=True)
class Staged:
    """A call as staged: what must be known of it to publish it. `stamp` is its file's identity."""

    call_id: str
    call_date: date | None
    audio_sha256: str
    run_id: str
    processed_at: datetime | None
    path: Path
    stamp: tuple[int, int]


@dataclass(frozen=True)
class Stage:
    """Everything that was read, in chunks of at most CHUNK_CALLS calls.

    `damaged` are rejects in place of landing files that could not be read; these were moved to
    landing/corrupt.
    """

    folder: Path
    chunks: tuple[tuple[Staged, ...], ...]
    damaged: tuple[Reject, ...]

    def calls(self) -> Iterator[Staged]:
        """All calls."""
        for chunk in self.chunks:
            yield from chunk

    def rows(self, name: str, chunk: int | None = None) -> pa.RecordBatchReader:
        """The rows of a table, of one chunk or of all."""
        numbers = range(len(self.chunks)) if chunk is None else [chunk]
        return pa.RecordBatchReader.from_batches(
            TABLES[name].schema, self._batches(name, numbers))

    def count(self, name: str, chunk: int) -> int:
        """How many rows of a table a chunk has."""
        return sum(batch.num_rows for batch in self._batches(name, [chunk]))

    def _batches(self, name: str, numbers: range | list[int]) -> Iterator[pa.RecordBatch]:
        for number in numbers:
            with pa.memory_map(str(_file(self.folder, number, name))) as source:
                yield from pa.ipc.open_stream(source)


@contextmanager
def read_landed(root: Path) -> Iterator[Stage]:
    """Reads every landing file; what was staged is there inside the `with` only."""
    with scratch(root) as folder:
        chunks: list[tuple[Staged, ...]] = []
        damaged: list[Reject] = []
        # In order of call_id, so that the files of a table can be read by ranges of it.
        paths = sorted(landing.landed(root),
                       key=lambda path: landing.call_id_of(path) or path.name)
        for first in range(0, len(paths), CHUNK_CALLS):
            chunk = _write_chunk(
                root, folder, len(chunks), paths[first:first + CHUNK_CALLS], damaged)
            if chunk:
                chunks.append(chunk)
        yield Stage(folder, tuple(chunks), tuple(damaged))


@contextmanager
def scratch(root: Path) -> Iterator[Path]:
    """A folder in the warehouse for files on their way into the tables; it goes afterwards, and
    where that was killed, with the next command that changes the tables."""
    folder = root / f'{_STAGING}{uuid.uuid4().hex}'
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_unfinished(root: Path) -> None:
    """Removes what a killed publish had staged. Call it under the lock."""
    for folder in root.glob(f'{_STAGING}*'):
        shutil.rmtree(folder, ignore_errors=True)


def stamp_of(path: Path) -> tuple[int, int]:
    """Changes whenever the file is replaced."""
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns


def spread(calls: pa.Table) -> dict[str, pa.Table]:
    """The rows of every table from the rows of landing files."""
    calls = calls.combine_chunks()
    out = {'calls': calls.select(TABLES['calls'].schema.names)}
    for name in landing.NESTED:
        column = calls[name].combine_chunks()
        parents, rows = pc.list_parent_indices(column), pc.list_flatten(column)
        columns = dict(zip(TABLES[name].nested.names, rows.flatten(), strict=True))
        columns |= {key: calls[key].take(parents) for key in ('call_id', 'call_date')}
        out[name] = pa.table([columns[f.name] for f in TABLES[name].schema],
                             schema=TABLES[name].schema)
    return out


def _write_chunk(root: Path, folder: Path, number: int, paths: list[Path],
                 damaged: list[Reject]) -> tuple[Staged, ...]:
    names = ('calls', *landing.NESTED)
    sinks = {name: pa.OSFile(str(_file(folder, number, name)), 'wb') for name in names}
    streams = {name: pa.ipc.new_stream(sinks[name], TABLES[name].schema,
                                       options=pa.ipc.IpcWriteOptions(compression='lz4'))
               for name in names}
    staged: list[Staged] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for first in range(0, len(paths), _GROUP_CALLS):
            calls, rows = _read_group(root, paths[first:first + _GROUP_CALLS], damaged, pool)
            if rows is not None:
                # In order of date, a partition's rows come together and make few, sorted files.
                rows = rows.sort_by([('call_date', 'ascending'), ('call_id', 'ascending')])
                for name, table in spread(rows).items():
                    streams[name].write_table(table)
                staged += calls
    for name in names:
        streams[name].close()
        sinks[name].close()
    return tuple(staged)


def _read_group(root: Path, paths: list[Path], damaged: list[Reject],
                pool: ThreadPoolExecutor) -> tuple[list[Staged], pa.Table | None]:
    """The calls of some landing files, and their rows in the same order."""
    stamps = list(map(_stamp_if_there, paths))
    found = [(path, stamp) for path, stamp in zip(paths, stamps, strict=True) if stamp]
    rows = landing.read_together([path for path, _ in found], pool)
    if rows is None:  # one of them is damaged, or gone
        tables, sound = [], []
        for path, stamp in found:
            try:
                tables.append(landing.read(path))
                sound.append((path, stamp))
            except FileNotFoundError:
                continue
            except WarehouseError as e:
                damaged.append(_set_aside(root, path, e))
        found, rows = sound, pa.concat_tables(tables) if tables else None
    if rows is None:
        return [], None
    told = [rows[name].to_pylist() for name in (
        'call_id', 'call_date', 'audio_sha256', 'run_id', 'processed_at')]
    return [Staged(call_id, day, sha256, run_id, at, path, stamp)
            for (path, stamp), (call_id, day, sha256, run_id, at) in zip(
                found, zip(*told, strict=True), strict=True)], rows


def _stamp_if_there(path: Path) -> tuple[int, int] | None:
    try:
        return stamp_of(path)
    except FileNotFoundError:
        return None


def _set_aside(root: Path, path: Path, error: WarehouseError) -> Reject:
    """Moves a damaged landing file out of the way; what becomes of its call is a reject."""
    corrupt = root / 'landing' / 'corrupt'
    corrupt.mkdir(parents=True, exist_ok=True)
    path.replace(corrupt / path.name)
    call_id = landing.call_id_of(path)
    return replace(_DAMAGED, reject_key=reject_key(str(path), None, call_id), call_id=call_id,
                   value=str(corrupt / path.name), message=error.message,
                   failed_at=datetime.now(timezone.utc))


_DAMAGED = Reject(
    reject_key='', source_uri=None, row=None, call_id=None, step='publish', field=None, value=None,
    error='damaged', message='', manifest=None,
    way_out='Run the batch again: the call is processed anew. The file is kept in landing/corrupt.')


def _file(folder: Path, chunk: int, name: str) -> Path:
    return folder / f'{chunk}-{name}.arrow'
