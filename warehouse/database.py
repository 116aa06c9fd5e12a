"""`etiquette.duckdb`: a file of views over exactly the files of one catalog.

It holds no data. Any DuckDB client that opens it read-only sees one consistent snapshot of all
tables, without an extension and without a network. It can be made again from the catalog at any
time, which is also how a warehouse that was moved, or whose file somebody broke, is repaired.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse import catalog as catalogs
from warehouse import tables
from warehouse.catalog import Catalog
from warehouse.derived import made_by, statement_of, tables_in
from warehouse.errors import WarehouseError
from warehouse.files import locked
from warehouse.schemas import TABLES, Table
from warehouse.tables import check_root, literal

NAME = 'etiquette.duckdb'
_BUILDING = '.building-'
_VIEWS = Path(__file__).parent / 'views'
_TYPES = {'string': 'VARCHAR', 'double': 'DOUBLE', 'int32': 'INTEGER', 'int64': 'BIGINT',
          'bool': 'BOOLEAN', 'date32[day]': 'DATE', 'timestamp[us, tz=UTC]': 'TIMESTAMPTZ'}
_COMMENTED = re.compile(r'(\w+),?  -- (.+)$', re.MULTILINE)
_QUIET = 'SET enable_progress_bar = false'  # DuckDB's goes to stdout, amid what machines read
# The views show one standard. A macro is a constant to the planner, so the filter is pushed down.
_STANDARD = 'CREATE MACRO config_standard() AS {}'
OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    'autoinstall_known_extensions': 'false', 'autoload_known_extensions': 'false'}


@dataclass(frozen=True)
class About:
    """What a database file was made for; one that says otherwise than it should is stale."""

    root: str
    catalog: int
    made_by: str

    def is_met_by(self, other: About) -> bool:
        """Whether that file serves: one for a newer catalog, just published, does too."""
        return other == replace(self, catalog=max(self.catalog, other.catalog))


def open_readonly(root: Path, as_of: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that can read this warehouse's published tables and views, and nothing else.

    Args:
      as_of: the number of an older catalog; None = the current one.

    Rebuilds `etiquette.duckdb` where it is absent, stale, damaged or made for another folder;
    where that cannot be (a read-only folder, a publish under way) a temporary one is used.
    Raises WarehouseError where nothing has been published, or `as_of` is not there.
    """
    root = check_root(root)
    if as_of is not None:
        return _open_temporary(root, catalogs.load(root, as_of))
    catalog = catalogs.current(root)
    if catalog is None:
        raise WarehouseError(f'there is no warehouse at {root}, or nothing is published in it',
                             way_out='Run a batch first, or name its folder with --warehouse.')
    wanted = _wanted(root, catalog)
    con = _open_if(root, wanted.is_met_by)
    if con:
        return con
    try:
        with locked(root, timeout_s=0):
            catalog = catalogs.current(root) or catalog
            install(root, build(root, catalog))
    except (WarehouseError, OSError, duckdb.Error):
        # A publish is between its two renames, and the older snapshot is still whole; or the disk
        # is full.
        con = _open_if(root, lambda about: about.root == wanted.root)
        return con or _open_temporary(root, catalog)
    return _open_if(root, wanted.is_met_by) or _open_temporary(root, catalog)


def build(root: Path, catalog: Catalog, folder: Path | None = None) -> Path:
    """Makes the database file of a catalog in a new temporary folder. Returns its path."""
    folder = folder or root / f'{_BUILDING}{uuid.uuid4().hex}'
    folder.mkdir(exist_ok=True)
    path = folder / NAME  # DuckDB names the database after its file
    # Hundreds of statements that read no row: what plans and shares out the work only costs time.
    with duckdb.connect(str(path), config={**OFFLINE, 'threads': 1}) as con:
        con.execute('PRAGMA disable_optimizer')
        con.execute('BEGIN')
        fill(con, root, catalog)
        add_views(con)
        con.execute('; '.join(_comments()))
        con.execute('COMMIT')
    return path


def show_standard(standard: str) -> list[str]:
    """The statements that make `kpis` of `kpis_all`, and the name of what it shows."""
    return [_STANDARD.format(literal(standard)),
            'CREATE VIEW kpis AS SELECT * FROM kpis_all WHERE standard = config_standard()']


def add_views(con: duckdb.DuckDBPyConnection) -> None:
    """Makes all views that answer questions, over tables, `kpis` and `about` that are there."""
    for view in view_files():
        sql = view.read_text(encoding='utf-8')
        con.execute(sql)
        con.execute('; '.join([
            f'COMMENT ON VIEW {view.stem} IS {literal(comment_of(sql))}',
            *(f'COMMENT ON COLUMN {view.stem}.{column} IS {literal(says)}'
              for column, says in column_comments(sql).items())]))


def install(root: Path, built: Path) -> None:
    """Puts a built file in place, unless a reader may write to it; its folder goes."""
    built.chmod(0o444)
    # A client that opened the old file for writing, and died, leaves a log that would be
    # replayed into the new one; one that still lives may write it once more after the rename.
    _remove_logs(root)
    built.replace(root / NAME)
    _remove_logs(root)
    shutil.rmtree(built.parent, ignore_errors=True)


def remove_unfinished(root: Path) -> None:
    """Removes what a killed publish had begun to build. Call it under the lock."""
    for folder in root.glob(f'{_BUILDING}*'):
        shutil.rmtree(folder, ignore_errors=True)


def fill(con: duckdb.DuckDBPyConnection, root: Path, catalog: Catalog,
         dates: Collection[date | None] | None = None,
         only: Collection[str] = TABLES.keys(), read_once: bool = False) -> None:
    """Makes the views of all tables, `kpis` and `about`; of some dates or tables only if given.

    Args:
      read_once: the rows are read into memory, and not again by every question.
    """
    for statement in views_of(root, catalog, dates, only):
        con.execute(statement.replace('CREATE VIEW', 'CREATE TABLE', 1) if read_once
                    else statement)


def views_of(root: Path, catalog: Catalog, dates: Collection[date | None] | None = None,
             only: Collection[str] = TABLES.keys()) -> list[str]:
    """The statements that make what `fill` makes. They name the files, so that no Delta table is
    opened when they are run."""
    wanted, made = _wanted(root, catalog), _with_sources(only, catalog)
    out = []
    for table in TABLES.values():
        name = 'kpis_all' if table.name == 'kpis' else table.name
        if table.name in made:
            out.append(f'CREATE VIEW {name} AS {select(root, table, catalog, dates)}')
    if 'kpis' in made:
        out += show_standard(catalog.standard)
    out.append(f"""CREATE VIEW about AS SELECT
        {literal(wanted.root)} AS root, {wanted.catalog} AS catalog,
        {literal(wanted.made_by)} AS made_by, {literal(catalog.standard)} AS standard,
        {literal(catalog.timezone)} AS timezone,
        TIMESTAMPTZ {literal(catalog.published_at)} AS published_at""")
    return out


def _with_sources(names: Collection[str], catalog: Catalog) -> set[str]:
    """The tables, and those from which what is not stored of them is derived."""
    made = set(names)
    # A table that is derived from derived ones comes after them.
    for table in reversed(TABLES.values()):
        if table.name in made and _is_to_derive(table, catalog):
            made |= tables_in(statement_of(table.name))
    return made


def _is_to_derive(table: Table, catalog: Catalog) -> bool:
    return table.derived and catalog.derived.get(table.name) != made_by(table.name)


def select(root: Path, table: Table, catalog: Catalog,
           dates: Collection[date | None] | None = None) -> str:
    """SELECT of a table's rows as published, columns typed and in order."""
    files: list[str] = []
    derive = _is_to_derive(table, catalog)
    has = set(table.schema.names) if derive else set()
    # An older program's catalog may not know a newer table.
    if table.name in catalog.tables and not derive:
        found = tables.listed(root, table.name, catalog.tables[table.name])
        folder = tables.folder(root, table.name)
        files = [f'{folder}/{path}' for path, _, day in found.files
                 if dates is None or not table.by_date or day in dates]
        has = set(found.columns) if files else set()
    columns = ', '.join(
        f'{field.name if field.name in has else "NULL"}::{_type_of(field.type)} AS {field.name}'
        for field in table.schema)
    if derive:
        return f'SELECT {columns} FROM ({statement_of(table.name)})'
    if not files:
        return f'SELECT {columns} WHERE FALSE'
    options = 'hive_partitioning = true, hive_types = {call_date: DATE}' if table.by_date else (
        'hive_partitioning = false')
    mixed = ', union_by_name = true' if table.name in catalog.mixed else ''
    names = ', '.join(literal(file) for file in files)
    return f'SELECT {columns} FROM read_parquet([{names}], {options}{mixed})'


def _type_of(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f'{_type_of(kind.value_type)}[]'
    if pa.types.is_struct(kind):
        return f'STRUCT({", ".join(f"{f.name} {_type_of(f.type)}" for f in kind)})'
    return _TYPES[str(kind)]


def ask(con: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    """The answer to a question as an Arrow table."""
    table = con.sql(sql).to_arrow_table()
    assert isinstance(table, pa.Table)
    return table


def view_files() -> list[Path]:
    """The files of the views, in the order in which they are made."""
    return sorted(_VIEWS.glob('*.sql'))


def comment_of(sql: str) -> str:
    """The header comment of an SQL file as one line."""
    lines = [line[2:].strip() for line in sql.splitlines() if line.startswith('--')]
    return ' '.join(lines)


def column_comments(sql: str) -> dict[str, str]:
    """Column -> what the comment behind it in the file of its view says."""
    return dict(_COMMENTED.findall(sql))


def lock_down(con: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Leaves a connection no file but those of the tables, and no way to change that."""
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f'SET allowed_directories = [{literal(root / "tables")}]')
    con.execute('SET enable_external_access = false')
    con.execute('SET lock_configuration = true')


def _open_if(root: Path, fits: Callable[[About], bool]) -> duckdb.DuckDBPyConnection | None:
    try:
        con = _attach(root / NAME)
    except duckdb.Error:  # absent, damaged, held open for writing, or with a foreign log
        return None
    try:
        row = con.execute('SELECT root, catalog, made_by FROM about').fetchone()
        if row and fits(About(*row)):
            lock_down(con, root)
            return con
    except duckdb.Error:  # not made by this program
        pass
    con.close()
    return None


def _open_temporary(root: Path, catalog: Catalog) -> duckdb.DuckDBPyConnection:
    with tempfile.TemporaryDirectory() as folder:
        # Removed while open: the views live on in the connection and leave nothing behind.
        con = _attach(build(root, catalog, Path(folder)))
    lock_down(con, root)
    return con


def _attach(path: Path) -> duckdb.DuckDBPyConnection:
    """Opens the file read-only.

    Attached to a database in memory: connected to by name, DuckDB would give a process that
    still has an older file of this name open that older one again.
    """
    con = duckdb.connect(':memory:', config=OFFLINE)
    try:
        con.execute(_QUIET)
        con.execute(f'ATTACH {literal(path)} AS etiquette (READ_ONLY)')
        con.execute('USE etiquette')
    except duckdb.Error:
        con.close()
        raise
    return con


def _remove_logs(root: Path) -> None:
    for path in root.glob(f'{NAME}.*'):
        path.unlink(missing_ok=True)


def _comments() -> Iterator[str]:
    yield "COMMENT ON VIEW about IS 'What this file was made from'"
    for name, table in (*TABLES.items(), ('kpis_all', TABLES['kpis'])):
        yield f'COMMENT ON VIEW {name} IS {literal(table.comment)}'
        for field in table.schema:
            comment = field.metadata[b'comment'].decode()
            yield f'COMMENT ON COLUMN {name}.{field.name} IS {literal(comment)}'


def _wanted(root: Path, catalog: Catalog) -> About:
    return About(str(root), catalog.number, _made_by())


@cache
def _made_by() -> str:
    """Changes with everything that shapes the file, so that an upgrade rebuilds it."""
    parts = [f'{table.name} {table.comment} {table.schema.to_string(show_field_metadata=True)}'
             for table in TABLES.values()]
    parts += [path.read_text(encoding='utf-8')
              for path in (Path(__file__), *view_files())]
    parts += [made_by(table.name) for table in TABLES.values() if table.derived]
    return hashlib.sha256('\0'.join(parts).encode()).hexdigest()[:16]
