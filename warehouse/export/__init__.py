"""The tables carried out of the warehouse: as a DuckDB file, CSV, a workbook, vCon or Parquet.

Every export is read from one catalog on one connection that can only read, so its files agree
with each other, whatever is published meanwhile; and it is whole or not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.errors import WarehouseError
from warehouse.export import csv_files, destination, duckdb_file, excel, parquet_files, vcon_files
from warehouse.export.source import (
    TABLE_NAMES,
    VIEW_NAMES,
    Selection,
    Snapshot,
    Watch,
    open_snapshot,
)

__all__ = ['FOLDERS', 'FORMATS', 'Exported', 'Options', 'Selection', 'Watch', 'export']

FORMATS = ('duckdb', 'csv', 'excel', 'vcon', 'parquet')
FOLDERS = ('csv', 'vcon', 'parquet')  # the others are one file


EVERYTHING = Selection()


@dataclass(frozen=True)
class Options:
    """What is exported, and how.

    Attributes:
      tables: names of tables and views; none = what the format has by itself. Not for vCon.
      as_of: the number of an older catalog; None = the current one.
      force: replaces a file, or a folder that an earlier export made.
      bom, raw: of CSV alone, see `csv_files.write`.
      audio_url: of vCon alone: the HTTPS address under which the recordings are to be had.
    """

    selection: Selection = EVERYTHING
    tables: tuple[str, ...] = ()
    as_of: int | None = None
    force: bool = False
    bom: bool = False
    raw: bool = False
    audio_url: str | None = None


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
      path: the file or folder.
      catalog: the number of the catalog it shows.
      calls: the calls that were selected.
      rows: the rows of each table, sheet or, of vCon, the calls.
      size: bytes in all.
    """

    path: Path
    catalog: int
    calls: int
    rows: Mapping[str, int]
    size: int


def export(root: Path, format: str, out: Path, options: Options, watch: Watch) -> Exported:
    """Writes an export to `out`: a new file, or a new folder (`FOLDERS`).

    Raises WarehouseError where the destination or a table's name cannot be taken, nothing is
    published, or the disk is full; then there is nothing new at `out`.
    """
    out = destination.check(out, root, folder=format in FOLDERS, force=options.force)
    snapshot = open_snapshot(root, options.selection, options.as_of)
    try:
        names = snapshot.known(options.tables)
        calls = snapshot.count('calls')
        if format in FOLDERS:
            with destination.whole_folder(out) as folder:
                rows = _into_folder(snapshot, format, folder, names, options, watch)
                destination.mark(folder, {
                    'format': format, 'catalog': snapshot.catalog, 'standard': snapshot.standard,
                    'timezone': snapshot.timezone,
                    'published_at': snapshot.published_at.isoformat(),
                    'selection': snapshot.selection.told(), 'rows': rows})
            size = sum(path.stat().st_size for path in out.iterdir())
        else:
            with destination.whole_file(out) as file:
                rows = _FILES[format](snapshot, file, watch, names)
            size = out.stat().st_size
    except (OSError, duckdb.Error, pa.ArrowException) as e:
        raise WarehouseError(f'the export to {out} failed: {e}; nothing is left of it', way_out=(
            'Put right what it says (a full disk, a folder that cannot be written), then run the '
            'same command again.')) from e
    finally:
        snapshot.con.close()
    return Exported(out, snapshot.catalog, calls, rows, size)


_FILES: dict[str, Callable[[Snapshot, Path, Watch, tuple[str, ...]], dict[str, int]]] = {
    'duckdb': duckdb_file.write, 'excel': excel.write}


def _into_folder(snapshot: Snapshot, format: str, folder: Path, names: tuple[str, ...],
                 options: Options, watch: Watch) -> dict[str, int]:
    if format == 'vcon':
        return {'calls': vcon_files.write(snapshot, folder, watch, options.audio_url)}
    names = names or TABLE_NAMES + VIEW_NAMES
    if format == 'csv':
        return {name: csv_files.write(snapshot, name, folder / f'{name}.csv', watch,
                                      bom=options.bom, raw=options.raw) for name in names}
    return {name: parquet_files.write(snapshot, name, folder / f'{name}.parquet', watch)
            for name in names}
