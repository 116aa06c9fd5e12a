"""What there is to ask: every table and view with its columns, without a warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse import database
from warehouse.catalog import Catalog
from warehouse.schemas import TABLES

_LIKELIEST = ('kpis', 'calls', 'events', 'findings', 'rule_day')  # to be what a view shows


@dataclass(frozen=True)
class Column:
    """`means` is '' where a view's column is explained by the view."""

    name: str
    type: str  # DuckDB's
    means: str


@dataclass(frozen=True)
class Described:
    """A table, or a view and the question that it answers; `key` is empty for views."""

    name: str
    is_view: bool
    says: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


def describe() -> list[Described]:
    """All tables in the order of the schema, then all views by name."""
    with duckdb.connect(':memory:') as con:
        database.fill(con, Path('/'), Catalog(0, {}, (), 'default', 'UTC', '2000-01-01T00:00:00Z'))
        out = [Described(table.name, False, table.comment, table.key, _columns(
            con, table.name, {f.name: f.metadata[b'comment'].decode() for f in table.schema}))
            for table in TABLES.values()]
        meanings = _meanings()
        for path in database.view_files():
            sql = path.read_text(encoding='utf-8')
            con.execute(sql)
            out.append(Described(path.stem, True, database.comment_of(sql), (),
                                 _columns(con, path.stem, {
                                     **meanings, **database.column_comments(sql)})))
    return out


def _meanings() -> dict[str, str]:
    """What a column of a view means that says nothing of it: the same as in the tables."""
    return {field.name: field.metadata[b'comment'].decode()
            for name in reversed(_LIKELIEST) for field in TABLES[name].schema}


def _columns(con: duckdb.DuckDBPyConnection, name: str,
             meanings: dict[str, str]) -> tuple[Column, ...]:
    rows = con.execute(f'DESCRIBE {name}').fetchall()
    return tuple(Column(column, str(kind), meanings.get(column, '')) for column, kind, *_ in rows)
