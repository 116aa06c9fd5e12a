"""Asking the warehouse: one SQL statement in, rows out. Read-only by construction.

A statement is refused before it runs unless it is a question; the connection it runs on can
read files of the warehouse and nothing else, and cannot be told otherwise.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.database import open_readonly
from warehouse.errors import QueryError
from warehouse.spreadsheet_safe import safe_cell

_BATCH_ROWS = 10_000
_QUESTIONS = ('SELECT', 'EXPLAIN')
_EXPLAIN = re.compile(r'\s*EXPLAIN\s+(ANALYZE\s+)?(?:\([^)]*\)\s*)?', re.IGNORECASE)
# What a question that writes cannot do without: DuckDB takes COPY, INSERT, UPDATE and DELETE as the
# body of a WITH clause and calls the whole SELECT. The last runs a statement from its parse tree.
_WRITING = re.compile(r'\b(COPY|INSERT|UPDATE|DELETE|MERGE|JSON_EXECUTE_SERIALIZED_SQL)\b',
                      re.IGNORECASE)
_READING = ('SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE')
_PIVOT = re.compile(r'\s*(PIVOT|FROM|SELECT|WITH|\()', re.IGNORECASE)
_MISSING_COLUMN = re.compile(r'(?:Referenced column|does not have a column named) "([^"]+)"')
_MISSING_TABLE = re.compile(r'Table with name "?([^ "]+)"? does not exist')
_ASK = 'Ask with SELECT; `SHOW TABLES` and `DESCRIBE kpis` list what there is.'


@dataclass
class Rows:
    """The answer to a question, read as it is needed. It can be read once.

    Attributes:
      columns: names; a name that occurs twice has a number added.
      types: DuckDB's names of the column types.
      reader: the rows as Arrow batches.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    reader: pa.RecordBatchReader
    connection: duckdb.DuckDBPyConnection  # kept open for as long as there are rows to read

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows as Python values: instants aware in UTC, dates as dates, lists, dicts."""
        for batch in self.batches():
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def table(self) -> pa.Table:
        """All rows as an Arrow table."""
        return pa.Table.from_batches(list(self.batches()), self.reader.schema)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as Arrow batches. Raises QueryError where a row brings an error."""
        try:
            yield from self.reader
        except (duckdb.Error, pa.ArrowException, OSError) as e:
            raise _explained(self.connection, e) from e


def run_sql(root: Path, sql: str, as_of: int | None = None,
            parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Rows:
    """Answers one SQL question from the published tables and views.

    Args:
      as_of: the number of an older catalog; None = the current one.
      parameters: values of `?` or `$name` in the statement.

    Raises QueryError where the statement is no question (ATTACH, COPY, SET, INSERT ...), is more
    than one, or names what is not there; WarehouseError where there is nothing to ask.
    """
    con = open_readonly(root, as_of)
    try:
        _check(con, sql)
        answer = con.sql(sql, params=parameters or None)
        types = tuple(map(str, answer.types))
        reader = answer.to_arrow_reader(_BATCH_ROWS)
    except duckdb.Error as e:
        raise _explained(con, e) from e
    names = _distinct(reader.schema.names)
    schema = pa.schema([
        # A sum of integers is a HUGEINT, which Arrow does not have and DuckDB makes a float of.
        pa.field(name, pa.int64() if kind in ('HUGEINT', 'UHUGEINT') else field.type)
        for field, name, kind in zip(reader.schema, names, types, strict=True)])
    batches = (pa.RecordBatch.from_arrays(
        [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)],
        schema=schema) for batch in reader)
    return Rows(names, types, pa.RecordBatchReader.from_batches(schema, batches), con)


def to_csv(rows: Rows, raw: bool = False) -> str:
    """The rows as CSV with a header; NULL is empty, lists and structs are JSON.

    Text that a spreadsheet would run as a formula has an apostrophe before it, unless `raw`.
    """
    out = io.StringIO()
    write_csv(rows, out, raw)
    return out.getvalue()


def write_csv(rows: Rows, out: TextIO, raw: bool = False) -> None:
    """Writes what `to_csv` says, row by row."""
    as_text = (lambda text: text) if raw else safe_cell
    writer = csv.writer(out, lineterminator='\n')
    writer.writerow(map(as_text, rows.columns))
    for row in rows.rows():
        cells = ('' if value is None else _cell(value) for value in row)
        writer.writerow([as_text(cell) if isinstance(cell, str) else cell for cell in cells])


def to_json(rows: Rows) -> str:
    """The rows as a JSON list of objects; instants and dates ISO 8601, NaN and infinity null."""
    out = io.StringIO()
    write_json(rows, out)
    return out.getvalue()


def write_json(rows: Rows, out: TextIO) -> None:
    """Writes what `to_json` says, row by row."""
    separator = '['
    for row in rows.rows():
        one = dict(zip(rows.columns, map(_plain, row), strict=True))
        out.write(separator + json.dumps(one, ensure_ascii=False))
        separator = ',\n '
    out.write(']\n' if separator != '[' else '[]\n')


def to_parquet(rows: Rows) -> bytes:
    """The rows as a Parquet file."""
    sink = io.BytesIO()
    write_parquet(rows, sink)
    return sink.getvalue()


def write_parquet(rows: Rows, out: BinaryIO) -> None:
    """Writes what `to_parquet` says, batch by batch."""
    with pq.ParquetWriter(out, rows.reader.schema, compression='zstd') as writer:
        for batch in rows.batches():
            writer.write_batch(batch)


def to_arrow(rows: Rows) -> bytes:
    """The rows as an Arrow IPC stream."""
    sink = io.BytesIO()
    write_arrow(rows, sink)
    return sink.getvalue()


def write_arrow(rows: Rows, out: BinaryIO) -> None:
    """Writes what `to_arrow` says, batch by batch."""
    with pa.ipc.new_stream(out, rows.reader.schema) as stream:
        for batch in rows.batches():
            stream.write_batch(batch)


def _check(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = con.extract_statements(sql)
    if len(statements) != 1:
        what = 'nothing' if not statements else f'{len(statements)} statements'
        raise QueryError(f'one statement is answered at a time, and this is {what}', way_out=_ASK)
    kind = statements[0].type.name
    if kind == 'EXPLAIN':
        # EXPLAIN ANALYZE runs what it explains: that must be a question itself.
        inner = _EXPLAIN.sub('', statements[0].query, count=1)
        if inner == statements[0].query:
            raise QueryError('EXPLAIN must come first, before any comment', way_out=_ASK)
        return _check(con, inner)
    # PIVOT is made of several statements inside; nothing else that begins like a question is.
    if kind not in _QUESTIONS and not (kind == 'MULTI' and _PIVOT.match(statements[0].query)):
        raise QueryError(f'the warehouse answers questions only, and this is {kind}', way_out=_ASK)
    word = _WRITING.search(statements[0].query)
    if word and (written := _written(con, statements[0].query, word[0])):
        raise QueryError(f'the warehouse answers questions only, and this is {written}',
                         way_out=_ASK)
    return None


def _written(con: duckdb.DuckDBPyConnection, sql: str, word: str) -> str | None:
    """What a statement that holds such a word writes by; None where it is just a name or text."""
    if word.upper().startswith('JSON'):
        return word.upper()
    ((text,),) = con.execute('SELECT json_serialize_sql($1::VARCHAR)', [sql]).fetchall()
    tree = json.loads(text)
    if tree['error']:  # no plain SELECT, so that it cannot be told
        return word.upper()
    nodes = list(_found(tree, 'query_node'))
    return next((str(node['type']).partition('_')[0] for node in nodes
                 if node['type'] not in _READING), None)


def _found(tree: Any, key: str) -> Iterator[Any]:
    """Every value of a key in a tree of dicts and lists."""
    if isinstance(tree, dict):
        if key in tree:
            yield tree[key]
        for value in tree.values():
            yield from _found(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from _found(value, key)


def _explained(con: duckdb.DuckDBPyConnection, error: Exception) -> QueryError:
    """The error in one sentence, with the names that may have been meant."""
    message = str(error).strip()
    first = message.splitlines()[0] if message else type(error).__name__
    column, table = _MISSING_COLUMN.search(message), _MISSING_TABLE.search(message)
    if column:
        known = con.execute("""SELECT column_name, string_agg(DISTINCT table_name, ', ')
            FROM information_schema.columns GROUP BY 1""").fetchall()
        where = dict(known)
        near = difflib.get_close_matches(column[1].lower(), where, 3, 0.5)
        hint = '; '.join(f'{name} (in {where[name]})' for name in near)
        return QueryError(f'there is no column {column[1]} here', way_out=(
            f'Nearest: {hint}.' if near else _ASK))
    if table:
        known = con.execute('SELECT table_name FROM information_schema.tables').fetchall()
        near = difflib.get_close_matches(table[1].lower(), [row[0] for row in known], 3, 0.4)
        return QueryError(f'there is no table {table[1]}', way_out=(
            f'Nearest: {", ".join(near)}.' if near else _ASK))
    if isinstance(error, duckdb.PermissionException):
        return QueryError(f'only the warehouse can be read: {first}', way_out=_ASK)
    position = re.search(r'LINE \d+:.*', message)
    return QueryError(first + (f' ({position[0].strip()})' if position else ''), way_out=_ASK)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    out: list[str] = []
    for name in names:
        n, unique = 1, name
        while unique in out:
            n += 1
            unique = f'{name}_{n}'
        out.append(unique)
    return tuple(out)


def _cell(value: Any) -> Any:
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, (dict, list)) else plain


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, pa.MonthDayNano):
        return f'P{value.months}M{value.days}DT{value.nanoseconds / 1e9:g}S'
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
