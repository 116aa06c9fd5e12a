"""Plain Parquet: one file a table, its columns commented, readable by anything."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.export.source import Snapshot, Watch

_GROUP_ROWS = 100_000  # DuckDB's and Spark's readers split the work by row groups


def write(snapshot: Snapshot, name: str, path: Path, watch: Watch) -> int:
    """Writes a table or view, lists and structs as they are. Returns the number of rows."""
    columns = snapshot.columns(name)
    select = ', '.join(column.plain if 'HUGEINT' in column.type else f'"{column.name}"'
                       for column in columns)
    watch.begin(name, snapshot.count(name))
    reader = snapshot.reader(f'SELECT {select} FROM "{name}"')
    schema = pa.schema([
        field.with_metadata({'comment': column.comment}) if column.comment else field
        for field, column in zip(reader.schema, columns, strict=True)])
    rows = 0
    with pq.ParquetWriter(path, schema, compression='zstd') as file:
        waiting: list[pa.RecordBatch] = []
        for batch in reader:
            waiting.append(batch)
            if sum(one.num_rows for one in waiting) >= _GROUP_ROWS:
                file.write_table(pa.Table.from_batches(waiting).cast(schema))
                waiting = []
            rows += batch.num_rows
            watch.add(batch.num_rows)
        if waiting:
            file.write_table(pa.Table.from_batches(waiting).cast(schema))
    return rows
