"""What is exported: one snapshot of the published tables and views, whole or of some calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.database import ask, open_readonly
from warehouse.derived import read_by, statement_of
from warehouse.errors import WarehouseError
from warehouse.schemas import TABLES
from warehouse.tables import literal

BATCH_ROWS = 10_000
_ABOUT = 'about'
_NESTED = ('[', 'STRUCT', 'MAP', 'UNION')
# What a folder of plain files and the views in a workbook are about; any other is had by its name.
TABLE_NAMES = tuple(name for name, table in TABLES.items()
                    if not table.derived or name == 'rule_day')
VIEW_NAMES = ('agent_day', 'queue_day', 'rule_compliance', 'worst_calls', 'interruptions', 'holds')


class Watch(Protocol):
    """Is told how far an export is."""

    def begin(self, what: str, rows: int) -> None:
        """So many rows of a table come now."""

    def add(self, rows: int) -> None:
        """So many more of them are written."""


@dataclass(frozen=True)
class Selection:
    """The calls that are exported; None leaves a bound or a name out.

    Attributes:
      since, until: call dates, both included; a call whose date is not known is in neither.
    """

    since: date | None = None
    until: date | None = None
    agent: str | None = None
    queue: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def where(self) -> str:
        """The condition on the columns call_date, agent_id and queue."""
        wanted = (('call_date >= {}', self.since), ('call_date <= {}', self.until),
                  ('agent_id = {}', self.agent), ('queue = {}', self.queue))
        return ' AND '.join(text.format(_constant(value)) for text, value in wanted
                            if value is not None) or 'true'

    def in_dates(self) -> str:
        """The condition on call_date alone: with it, whole partitions are not read."""
        return Selection(self.since, self.until).where()

    def told(self) -> str:
        """The selection in a few words."""
        if self.is_all:
            return 'all calls'
        parts = [('from', self.since), ('to', self.until), ('agent', self.agent),
                 ('queue', self.queue)]
        return 'calls ' + ' '.join(f'{word} {value}' for word, value in parts if value is not None)


@dataclass(frozen=True)
class Column:
    """A column of a table or view; `type` is DuckDB's name of its type."""

    name: str
    type: str
    comment: str = ''

    @property
    def plain(self) -> str:
        """SQL of the column as a text, number, date or instant: lists and structs as JSON."""
        if any(mark in self.type for mark in _NESTED):
            return f'to_json("{self.name}")::VARCHAR AS "{self.name}"'
        # A sum of integers is a HUGEINT, which neither Arrow nor a spreadsheet has.
        return f'"{self.name}"::BIGINT AS "{self.name}"' if 'HUGEINT' in self.type else (
            f'"{self.name}"')


@dataclass(frozen=True)
class Snapshot:
    """The tables and views of one catalog. One question at a time: read an answer to its end.

    Attributes:
      comments: what each table and view is, by its name.
      standard: what `kpis` and the views show.
      timezone: of call_date.
    """

    con: duckdb.DuckDBPyConnection
    selection: Selection
    catalog: int
    standard: str
    timezone: str
    published_at: datetime
    comments: dict[str, str]

    def columns(self, name: str) -> tuple[Column, ...]:
        """The columns of a table or view, with their meaning where it is known."""
        table = TABLES.get('kpis' if name == 'kpis_all' else name)
        told = {f.name: f.metadata[b'comment'].decode() for f in table.schema} if table else {}
        return tuple(Column(row[0], row[1], told.get(row[0], ''))
                     for row in self.rows(f'DESCRIBE "{name}"'))

    def count(self, name: str) -> int:
        """The rows of a table or view."""
        return int(self.rows(f'SELECT count(*) FROM "{name}"')[0][0])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A small answer, whole."""
        return self.con.execute(sql).fetchall()

    def table(self, sql: str) -> pa.Table:
        """A small answer as an Arrow table."""
        return ask(self.con, sql)

    def reader(self, sql: str) -> pa.RecordBatchReader:
        """An answer of any size, as it is needed."""
        return self.con.sql(sql).to_arrow_reader(BATCH_ROWS)

    def known(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names, each once. Raises WarehouseError for one that is not here."""
        wanted = tuple(dict.fromkeys(names))
        for name in wanted:
            if name not in self.comments:
                raise WarehouseError(f'there is no table or view {name}', way_out=(
                    f'There is {", ".join(sorted(self.comments))}.'))
        return wanted


def open_snapshot(root: Path, selection: Selection, as_of: int | None = None) -> Snapshot:
    """The published tables, narrowed to the selection: views then speak of its calls alone.

    `runs` are those that processed a selected call. `rejects` have no date, agent or queue of
    their own and are left out unless all calls are wanted.

    Raises WarehouseError where nothing has been published, or `as_of` is not there.
    """
    con = open_readonly(root, as_of)
    catalog, standard, timezone, at = con.execute(
        f'SELECT catalog, standard, timezone, published_at FROM {_ABOUT}').fetchall()[0]
    comments = {name: comment or '' for name, comment in con.execute(
        'SELECT view_name, comment FROM duckdb_views() WHERE NOT internal').fetchall()
        if name != _ABOUT}
    if not selection.is_all:
        for statement in _narrowing(selection):
            con.execute(statement)
    return Snapshot(con, selection, catalog, standard, timezone, at, comments)


def finite(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The column with NULL for what is no number or infinite."""
    return pc.if_else(pc.is_finite(column), column, None)


def _narrowing(selection: Selection) -> Iterator[str]:
    """Temporary views: a name is looked for among them first, by the stored views as well."""
    wheres = {'calls': selection.where(), 'rule_day': selection.where(), 'rejects': 'false',
              'runs': 'run_id IN (SELECT run_id FROM temp.calls)'}
    of_a_call = f'{selection.in_dates()} AND call_id IN (SELECT call_id FROM temp.calls)'
    for name, table in TABLES.items():
        if name in wheres:
            yield _temporary(name, wheres[name])
        elif 'call_id' in table.schema.names:
            yield _temporary('kpis_all' if name == 'kpis' else name, of_a_call)
        elif table.derived and read_by(name):
            # Sums are of all calls of a day or month: they are worked out anew from those selected.
            yield f'CREATE TEMP VIEW {name} AS {statement_of(name)}'


def _temporary(name: str, where: str) -> str:
    return f'CREATE TEMP VIEW {name} AS SELECT * FROM etiquette.main.{name} WHERE {where}'


def _constant(value: date | str) -> str:
    return f'DATE {literal(value)}' if isinstance(value, date) else literal(value)
