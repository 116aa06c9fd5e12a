"""The Delta tables: one commit a table and publish, and the way back from a broken publish.

A Delta table's newest version is what Spark or pandas read; the catalog says which version is
published. The two differ only while a publish is under way, or after one was killed: `repair`
then sets the table back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from warehouse.errors import WarehouseError
from warehouse.files import sync
from warehouse.schemas import TABLES

if TYPE_CHECKING:  # a tenth of a second to import: only where a table is opened
    from deltalake import DeltaTable

# Delta's log keeps the smallest and largest value of these columns, in plain text: no texts.
_CONFIGURATION = {'delta.dataSkippingStatsColumns': 'call_id,call_date'}
# Which entries of the log are still needed the catalogs tell, not their age.
_LOG = {'delta.enableExpiredLogCleanup': 'false'}
# Some hundred calls of words, so that what reads calls by ranges need not read far more.
_GROUP_ROWS = 2 ** 17
_AT_ONCE = 2  # a writer uses one core for most of its time
_UNUSABLE = '[]\\^|%?*\n'  # delta-rs or DuckDB cannot name a file in such a folder


def check_root(root: Path) -> Path:
    """The absolute path of the warehouse. Raises WarehouseError where Delta cannot live there."""
    path = root.resolve()
    wrong = sorted(set(str(path)) & set(_UNUSABLE))
    if wrong:
        raise WarehouseError(f'the warehouse folder {path} has {" ".join(map(repr, wrong))} '
                             'in its path', way_out='Name another folder with --warehouse.')
    return path


def folder(root: Path, name: str) -> Path:
    """Where the table lies."""
    return root / 'tables' / name


def repair(root: Path, versions: Mapping[str, int]) -> list[str]:
    """Sets every table back to its version in the catalog. Returns a sentence for each change.

    A table that the catalog does not know is emptied: a first publish was killed before it
    became visible. Its files stay, for `maintain` to remove.
    """
    from deltalake import DeltaTable
    done = []
    for name in TABLES:
        path = folder(root, name)
        known = versions.get(name)
        if known is None and path.exists() and not DeltaTable.is_deltatable(str(path)):
            shutil.rmtree(path)  # killed while it was being created
            continue
        if known is None and not path.exists():
            continue
        wanted = known or 0
        if is_newest(root, name, wanted):
            continue
        table = open_at(root, name)
        newest = table.version()
        if newest != wanted:
            table.restore(wanted)
            done.append(f'table {name} was set back from version {newest} to {wanted}: '
                        'a publish had not been finished')
    return done


def is_newest(root: Path, name: str, version: int) -> bool:
    """Whether this is the newest version that the table's log names: seen without opening it."""
    return _entry(root, name, version).exists() and not _entry(root, name, version + 1).exists()


def _entry(root: Path, name: str, version: int) -> Path:
    return folder(root, name) / '_delta_log' / f'{version:020}.json'


def open_at(root: Path, name: str, version: int | None = None) -> DeltaTable:
    """The table at a version (None = the newest). Raises WarehouseError where it is not there."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError
    try:
        return DeltaTable(str(folder(root, name)), version=version)
    except (DeltaError, OSError) as e:
        what = 'the newest version' if version is None else f'version {version}'
        raise WarehouseError(f'table {name} in {root} cannot be read at {what}: {e}', way_out=(
            'Restore the folder `tables` from a backup, or ask for a newer catalog.')) from e


def write(root: Path, name: str, rows: pa.RecordBatchReader, predicate: str | None = None) -> int:
    """One commit: appends the rows, or puts them in place of those that match the predicate.

    Every new row must match the predicate too. Columns the table does not have yet are added to
    it. Returns the new version.
    """
    from deltalake import WriterProperties, write_deltalake
    table = ensure(root, name)
    missing = set(rows.schema.names) - columns(table)
    if missing:
        rows = _with_comments_of(table, rows)
    properties = WriterProperties(compression='ZSTD', max_row_group_size=_GROUP_ROWS)
    schema_mode: Literal['merge'] | None = 'merge' if missing else None
    if predicate:
        write_deltalake(table, rows, mode='overwrite', predicate=predicate,
                        schema_mode=schema_mode, writer_properties=properties)
    else:
        write_deltalake(table, rows, mode='append', schema_mode=schema_mode,
                        writer_properties=properties)
    version = table.version()
    stamp = _stamp_of(root, name, version)
    if stamp:
        _remember((root, name, version, stamp), _listed_of(table))
    return version


def side_by_side(names: Iterable[str], write: Callable[[str], int]) -> dict[str, int]:
    """Writes some tables, two at a time, begun in this order. Returns the new version of each."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        writing = {name: pool.submit(write, name) for name in names}
    return {name: version.result() for name, version in writing.items()}


def _with_comments_of(table: DeltaTable, rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The rows with the table's comments: Delta adds no column where another's comment differs."""
    known = {field.name: field.metadata for field in pa.schema(table.schema().to_arrow())}
    schema = pa.schema([field.with_metadata(known.get(field.name, field.metadata))
                        for field in rows.schema])
    return pa.RecordBatchReader.from_batches(
        schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in rows))


def empty(root: Path, name: str) -> int:
    """One commit: no rows, and the columns that the program wants. Returns the new version."""
    from deltalake import write_deltalake
    ensure(root, name)
    write_deltalake(str(folder(root, name)), TABLES[name].schema.empty_table(), mode='overwrite',
                    schema_mode='overwrite', partition_by=['call_date'])
    return open_at(root, name).version()


def replace_all(root: Path, name: str, rows: pa.Table) -> int:
    """One commit that leaves these rows alone in the table. Returns the new version."""
    from deltalake import write_deltalake
    ensure(root, name)
    write_deltalake(str(folder(root, name)), rows, mode='overwrite', schema_mode='overwrite')
    return open_at(root, name).version()


def ensure(root: Path, name: str) -> DeltaTable:
    """The table, made where it is not there."""
    from deltalake import DeltaTable
    path, table = folder(root, name), TABLES[name]
    if not DeltaTable.is_deltatable(str(path)):
        path.mkdir(parents=True, exist_ok=True)
        DeltaTable.create(
            str(path), table.schema, mode='ignore', name=name, description=table.comment,
            partition_by=['call_date'] if table.by_date else None,
            configuration={**_LOG, **(_CONFIGURATION if table.of_a_call else {})})
    return open_at(root, name)


def columns(table: DeltaTable) -> set[str]:
    """The names of its columns."""
    return {field.name for field in table.schema().fields}


@dataclass(frozen=True)
class Listed:
    """A table at a version: its files (path in its folder, bytes, call_date) and columns."""

    files: tuple[tuple[str, int, date | None], ...]
    columns: frozenset[str]


_Key = tuple[Path, str, int, tuple[int, int]]
_KEPT = 64
_known: dict[_Key, Listed] = {}


def listed(root: Path, name: str, version: int) -> Listed:
    """The files of a table at a version. A process that asks again does not read the log again."""
    stamp = _stamp_of(root, name, version)
    if stamp is None:  # cleaned away: then nothing tells whether it is still the same version
        return _listed_of(open_at(root, name, version))
    key = (root, name, version, stamp)
    found = _known.get(key)
    return found or _remember(key, _listed_of(open_at(root, name, version)))


def _stamp_of(root: Path, name: str, version: int) -> tuple[int, int] | None:
    try:
        stat = _entry(root, name, version).stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _remember(key: _Key, found: Listed) -> Listed:
    _known[key] = found
    for old in list(_known)[:-_KEPT]:
        _known.pop(old, None)
    return found


def _listed_of(table: DeltaTable) -> Listed:
    return Listed(tuple(sorted(files_of(table), key=lambda file: file[0])),
                  frozenset(columns(table)))


def files(table: DeltaTable, dates: Collection[date | None] | None = None) -> list[Path]:
    """The Parquet files of the table, relative to its folder; only of these dates if given."""
    return sorted(Path(path) for path, _, _ in files_of(table, dates))


def files_of(table: DeltaTable, dates: Collection[date | None] | None = None,
             ) -> list[tuple[str, int, date | None]]:
    """Path, size in bytes and call_date of each file; only of these dates if given."""
    actions = pa.table(table.get_add_actions(flatten=True))
    paths, sizes = (actions[name].to_pylist() for name in ('path', 'size_bytes'))
    if 'partition.call_date' not in actions.column_names:
        return [(path, size, None) for path, size in zip(paths, sizes, strict=True)]
    days = actions['partition.call_date'].to_pylist()
    return [(path, size, day) for path, size, day in zip(paths, sizes, days, strict=True)
            if dates is None or day in dates]


def add_columns(root: Path, name: str) -> int:
    """Gives the table the columns it lacks, in one commit. Returns its version."""
    from deltalake import Field, Schema
    table = ensure(root, name)
    wanted = Schema.from_arrow(TABLES[name].schema)
    missing = [field for field in wanted.fields if field.name not in columns(table)]
    if missing:
        table.alter.add_columns([Field(f.name, f.type, nullable=True) for f in missing])
    return open_at(root, name).version()


def commit_clean(root: Path, name: str) -> int:
    """One commit that changes no row and says nothing of any. Returns the new version.

    With it as the oldest entry, a log holds no predicate and no statistics of earlier ones.
    """
    ensure(root, name).alter.set_table_properties(_LOG)
    return open_at(root, name).version()


def sync_new(root: Path, name: str, before: int | None, version: int) -> None:
    """Waits until what was written from one version to another would survive a power cut."""
    path = folder(root, name)
    had = {file for file, _, _ in listed(root, name, before).files} if before is not None else set()
    written = [path / file for file, _, _ in listed(root, name, version).files if file not in had]
    for file in (*written, *(path / '_delta_log').iterdir()):
        sync(file)
    for parent in {file.parent for file in written} | {path, path / '_delta_log'}:
        sync(parent)


def one_of(column: str, values: Collection[Any]) -> str:
    """`column IN (...)` for Delta and DuckDB, with NULL among the values meaning IS NULL."""
    known = sorted({literal(value) for value in values if value is not None})
    parts = [f'{column} IN ({", ".join(known)})'] if known else []
    if any(value is None for value in values):
        parts.append(f'{column} IS NULL')
    return f'({" OR ".join(parts)})' if parts else 'FALSE'


def literal(value: Any) -> str:
    """A text or date as an SQL literal."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    return "'" + text.replace("'", "''") + "'"
