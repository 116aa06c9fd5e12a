"""Commands that answer from the tables: `sql`, and `call` for one call explained."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.commands import OK, WRONG_USE, command, fail, warehouse


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds these commands to the parser."""
    sql = command(commands, 'sql', _sql, 'ask the tables, read-only', """examples:
  etiquette sql "SELECT * FROM worst_calls LIMIT 5"
  etiquette sql -f monthly.sql --format csv > monthly.csv""")
    sql.add_argument('query', nargs='?', metavar='"SELECT ..."')
    sql.add_argument('-f', '--file', metavar='FILE', help='read the query from a file')
    sql.add_argument('--format', choices=('table', 'csv', 'json', 'parquet'), default='table',
                     help='json is a list of objects; parquet goes to standard output')
    call = command(commands, 'call', _call, 'explain one call: timeline, transcript, findings',
                    'example:\n  etiquette call c-2026-0001')
    call.add_argument('call_id', metavar='CALL_ID')
    call.add_argument('--all', action='store_true', help='every rule, also those that do not apply')
    for one in (sql, call):
        one.add_argument('--as-of', type=int, metavar='N', help='an older catalog, by number')


def _sql(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show import print_rows
    from warehouse.query import run_sql

    if (args.query is None) == (args.file is None):
        return fail('give either a query in quotes or -f FILE with one')
    query = args.query if args.file is None else Path(args.file).read_text(encoding='utf-8')
    print_rows(run_sql(warehouse(args), query, as_of=args.as_of), args.format)
    return OK


def _call(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show_call import print_call

    return OK if print_call(warehouse(args), args.call_id, args.as_of, args.all) else WRONG_USE
