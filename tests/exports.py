"""Exports in tests: made in one line, read back in another."""

import csv

import duckdb

from warehouse.export import Options, export
from warehouse.query import run_sql

TEXT = 'a "quoted", text,\r\nof two lines\tand é日😀'
FORMULA = '=cmd|"/c calc"!A1'
NAMES = {'duckdb': 'a.duckdb', 'excel': 'a.xlsx'}


class Watch:
    """Remembers what it was told: the rows that come, and those that were written."""

    def __init__(self):
        self.told, self.done = {}, {}

    def begin(self, what, rows):
        self.told[what], self.done[what] = rows, 0

    def add(self, rows):
        self.done[list(self.told)[-1]] += rows


def made(root, format, folder, **options):
    out = folder / NAMES.get(format, 'a')
    export(root, format, out, Options(**options), Watch())
    return out


def ask(root, sql, **kwargs):
    return list(run_sql(root, sql, **kwargs).rows())


def query(path, sql):
    """The answer of a DuckDB file."""
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.sql(sql).fetchall()


def cells(path):
    """The rows of a CSV file."""
    with path.open(encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


def comparable(table):
    """Its rows in an order of their own. A sum of integers is a float to plain Arrow."""
    return sorted(repr([float(value) if type(value) is int else value for value in row.values()])
                  for row in table.to_pylist())
