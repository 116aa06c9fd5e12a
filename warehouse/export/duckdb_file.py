"""One DuckDB file that needs no warehouse: real tables, and the views over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.database import OFFLINE, add_views, show_standard
from warehouse.export.source import Snapshot, Watch
from warehouse.schemas import TABLES
from warehouse.tables import literal


def write(snapshot: Snapshot, path: Path, watch: Watch,
          names: tuple[str, ...] = ()) -> dict[str, int]:
    """Writes the file. Returns the number of rows of each of its tables.

    Args:
      names: tables and views to be tables of the file, without any view; none = all tables, with
        all views over them.
    """
    with duckdb.connect(str(path), config=OFFLINE) as con:
        con.execute("SET TimeZone = 'UTC'")
        stored = names or tuple('kpis_all' if name == 'kpis' else name for name in TABLES)
        rows = {name: _copy(snapshot, con, name, watch) for name in stored}
        con.execute(_about(snapshot))
        if not names:
            for statement in show_standard(snapshot.standard):
                con.execute(statement)
            add_views(con)
            con.execute(f"COMMENT ON VIEW kpis IS {literal(snapshot.comments['kpis'])}")
        con.execute('CHECKPOINT')
    return rows


def _copy(snapshot: Snapshot, con: duckdb.DuckDBPyConnection, name: str, watch: Watch) -> int:
    columns = snapshot.columns(name)
    declared = ', '.join(f'"{column.name}" {column.type}' for column in columns)
    con.execute(f'CREATE TABLE "{name}" ({declared})')
    con.execute(f'COMMENT ON TABLE "{name}" IS {literal(snapshot.comments[name])}')
    for column in columns:
        if column.comment:
            con.execute(f'COMMENT ON COLUMN "{name}"."{column.name}" IS {literal(column.comment)}')
    watch.begin(name, snapshot.count(name))
    with closing(snapshot.reader(f'SELECT * FROM "{name}"')) as reader:
        con.register('incoming', pa.RecordBatchReader.from_batches(
            reader.schema, _watched(reader, watch)))
        con.execute(f'INSERT INTO "{name}" SELECT * FROM incoming')
        con.unregister('incoming')
    counted = con.execute(f'SELECT count(*) FROM "{name}"').fetchone()
    return int(counted[0]) if counted else 0


def _watched(reader: pa.RecordBatchReader, watch: Watch) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        watch.add(batch.num_rows)
        yield batch


def _about(snapshot: Snapshot) -> str:
    return f"""CREATE TABLE about AS SELECT
        {snapshot.catalog} AS catalog, {literal(snapshot.standard)} AS standard,
        {literal(snapshot.timezone)} AS timezone,
        TIMESTAMPTZ {literal(snapshot.published_at.isoformat())} AS published_at,
        {literal(snapshot.selection.told())} AS selection"""
