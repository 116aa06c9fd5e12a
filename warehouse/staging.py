"""Staging: landing files are read once, into one plain stream of rows a table.

What is published is thereby one consistent reading, in bounded memory: a landing file may be
replaced while it is being published, and a damaged one is found before any table is touched.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from warehouse import landing
from warehouse.collecting import no_collecting
from warehouse.errors import WarehouseError
from warehouse.records import Reject, reject_key
from warehouse.schemas import TABLES

# Calls a commit where rows are replaced: delta-rs overflows its stack on a predicate of 30,000
# ids, and not on one of 20,000.
CHUNK_CALLS = 4000
_GROUP_CALLS = 200  # read into memory together
# Landing files are small, so reading them is mostly Python's work: for more cores, more processes.
_WORTH_CALLS, _MOST_PROCESSES = 1000, 4
_NAMES = ('calls', *landing.NESTED)
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
        # In order of call_id, so that the files of a table can be read by ranges of it.
        paths = sorted(landing.landed(root),
                       key=lambda path: landing.call_id_of(path) or path.name)
        processes = min(_MOST_PROCESSES, os.cpu_count() or 1, -(-len(paths) // _WORTH_CALLS)) or 1
        written = _written(folder, _shares(paths, processes), processes)
        damaged = [_set_aside(root, *fault) for chunk in written for fault in chunk.damaged]
        kept = [chunk for chunk in written if chunk.calls]
        for number, chunk in enumerate(kept):
            if number != chunk.number:
                for name in _NAMES:
                    _file(folder, chunk.number, name).rename(_file(folder, number, name))
        yield Stage(folder, tuple(chunk.calls for chunk in kept), tuple(damaged))


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


@dataclass(frozen=True)
class _Chunk:
    """A chunk as written: its calls, and landing files that cannot be read with what is wrong."""

    number: int
    calls: tuple[Staged, ...]
    damaged: tuple[tuple[Path, str], ...]


_Share = tuple[int, list[Path]]  # of the landing files those that make the chunk of this number


def _shares(paths: list[Path], processes: int) -> list[_Share]:
    chunks = -(-len(paths) // CHUNK_CALLS)
    chunks = -(-chunks // processes) * processes
    size = -(-len(paths) // chunks) if chunks else 1
    return [(number, paths[first:first + size])
            for number, first in enumerate(range(0, len(paths), size))]


def _written(folder: Path, shares: list[_Share], processes: int) -> list[_Chunk]:
    """All chunks, written by this process and others.

    Programs rather than `multiprocessing`, which would run the script again that called publish.
    """
    others = [subprocess.Popen(
        [sys.executable, '-c', 'from warehouse.staging import help_out; help_out()'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, sys.path))})
        for _ in range(1, processes)]
    told: list[bytes] = []
    try:
        for n, other in enumerate(others, 1):
            assert other.stdin
            with suppress(BrokenPipeError):
                pickle.dump((folder, shares[n::processes]), other.stdin)
                other.stdin.close()
        chunks = [_write_chunk(folder, *share) for share in shares[::processes]]
        for other in others:
            assert other.stdout
            told.append(other.stdout.read())
    finally:
        for other in others:
            other.kill()
            other.wait()
    for n, (other, answer) in enumerate(zip(others, told, strict=True), 1):
        # What stopped another process, a full disk perhaps, is met again here, and told.
        chunks += pickle.loads(answer) if answer and not other.returncode else [
            _write_chunk(folder, *share) for share in shares[n::processes]]
    return sorted(chunks, key=lambda chunk: chunk.number)


def help_out() -> None:
    """Writes chunks for another process: what to do comes in by stdin, what was done goes out."""
    folder, shares = pickle.load(sys.stdin.buffer)
    done = pickle.dumps([_write_chunk(folder, *share) for share in shares])
    sys.stdout.buffer.write(done)


@no_collecting()  # a tenth of the time
def _write_chunk(folder: Path, number: int, paths: list[Path]) -> _Chunk:
    sinks = {name: pa.OSFile(str(_file(folder, number, name)), 'wb') for name in _NAMES}
    streams = {name: pa.ipc.new_stream(sinks[name], TABLES[name].schema,
                                       options=pa.ipc.IpcWriteOptions(compression='lz4'))
               for name in _NAMES}
    staged: list[Staged] = []
    damaged: list[tuple[Path, str]] = []
    for first in range(0, len(paths), _GROUP_CALLS):
        calls, rows = _read_group(paths[first:first + _GROUP_CALLS], damaged)
        if rows is not None:
            for name, table in spread(rows).items():
                streams[name].write_table(table)
            staged += calls
    for name in _NAMES:
        streams[name].close()
        sinks[name].close()
    return _Chunk(number, tuple(staged), tuple(damaged))


def _read_group(paths: list[Path],
                damaged: list[tuple[Path, str]]) -> tuple[list[Staged], pa.Table | None]:
    """The calls of some landing files, and their rows in the same order: by date, so that a
    partition's rows come together and make few, sorted files."""
    stamps = list(map(_stamp_if_there, paths))
    found = [(path, stamp) for path, stamp in zip(paths, stamps, strict=True) if stamp]
    rows = landing.read_together([path for path, _ in found])
    if rows is None:  # one of them is damaged, or gone
        tables = []
        for path, _ in found:
            try:
                tables.append(landing.read(path))
            except FileNotFoundError:
                continue
            except WarehouseError as e:
                damaged.append((path, e.message))
        rows = landing.in_order(tables) if tables else None
    if rows is None:
        return [], None
    told = [rows[name].to_pylist() for name in (
        'call_id', 'call_date', 'audio_sha256', 'run_id', 'processed_at')]
    files = {path.name: (path, stamp) for path, stamp in found}
    return [Staged(call_id, day, sha256, run_id, at, *files[landing.name_of(call_id)])
            for call_id, day, sha256, run_id, at in zip(*told, strict=True)], rows


def _stamp_if_there(path: Path) -> tuple[int, int] | None:
    try:
        return stamp_of(path)
    except FileNotFoundError:
        return None


def _set_aside(root: Path, path: Path, wrong: str) -> Reject:
    """Moves a damaged landing file out of the way; what becomes of its call is a reject."""
    corrupt = root / 'landing' / 'corrupt'
    corrupt.mkdir(parents=True, exist_ok=True)
    path.replace(corrupt / path.name)
    call_id = landing.call_id_of(path)
    return replace(_DAMAGED, reject_key=reject_key(str(path), None, call_id), call_id=call_id,
                   value=str(corrupt / path.name), message=wrong,
                   failed_at=datetime.now(timezone.utc))


_DAMAGED = Reject(
    reject_key='', source_uri=None, row=None, call_id=None, step='publish', field=None, value=None,
    error='damaged', message='', manifest=None,
    way_out='Run the batch again: the call is processed anew. The file is kept in landing/corrupt.')


def _file(folder: Path, chunk: int, name: str) -> Path:
    return folder / f'{chunk}-{name}.arrow'
