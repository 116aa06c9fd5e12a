"""Commands that answer from the tables: `sql`, `ask` for named questions, `call`, `tables`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.commands import OK, WRONG_USE, command, count, day, fail, warehouse

FORMATS = ('table', 'csv', 'json', 'parquet', 'arrow')


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds these commands to the parser."""
    sql = command(commands, 'sql', _sql, 'ask the tables, read-only', """examples:
  etiquette sql "SELECT * FROM worst_calls LIMIT 5"
  etiquette sql -f monthly.sql --format csv > monthly.csv
  etiquette sql "FROM kpis" --out kpis.parquet""")
    sql.add_argument('query', nargs='?', metavar='"SELECT ..."')
    sql.add_argument('-f', '--file', metavar='FILE', help='read the query from a file')
    ask = command(commands, 'ask', _ask, 'answer a question by its name; alone, list the questions',
                  """examples:
  etiquette ask
  etiquette ask worst-holds --queue billing --from 2026-11-01 --limit 10
  etiquette ask why --call c-2026-0001
  etiquette ask agents --format csv > agents.csv

Questions of your own: a folder of NAME.sql files, which `questions` in the settings names.""")
    ask.add_argument('name', nargs='?', metavar='NAME')
    for flag, metavar, text in (('agent', 'ID', 'of this agent'),
                                ('queue', 'NAME', 'of this queue'),
                                ('call', 'ID', 'of this call'), ('rule', 'ID', 'of this rule')):
        ask.add_argument(f'--{flag}', metavar=metavar, help=text)
    ask.add_argument('--from', type=day, metavar='DATE', help='from this call_date on')
    ask.add_argument('--to', type=day, metavar='DATE', help='up to this call_date, included')
    ask.add_argument('--limit', type=count, metavar='N', help='at most so many rows')
    ask.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
    for one in (sql, ask):
        one.add_argument('--format', choices=FORMATS, help='json is a list of objects; parquet and '
                         'arrow go to a file or a pipe (default: as --out ends, else table)')
        one.add_argument('--out', metavar='FILE', help='write to a file: whole, or not at all')
        one.add_argument('--raw', action='store_true', help='csv: leave text that a spreadsheet '
                         'would run as a formula (else an apostrophe goes before it)')
    call = command(commands, 'call', _call, 'explain one call: timeline, transcript, findings',
                   'example:\n  etiquette call c-2026-0001')
    call.add_argument('call_id', metavar='CALL_ID')
    call.add_argument('--all', action='store_true', help='every rule, also those that do not apply')
    for one in (sql, ask, call):
        one.add_argument('--as-of', type=int, metavar='N', help='an older catalog, by number')
    tables = command(commands, 'tables', _tables, 'list the tables and views, with every column',
                     """examples:
  etiquette tables
  etiquette tables kpis
  etiquette tables --format markdown > tables.md""", in_warehouse=False)
    tables.add_argument('name', nargs='?', metavar='NAME', help='one of them, with its columns')
    tables.add_argument('--format', choices=('table', 'markdown', 'json'), default='table')


def _sql(args: argparse.Namespace, rest: list[str]) -> int:
    from warehouse.query import run_sql

    if (args.query is None) == (args.file is None):
        return fail('give either a query in quotes or -f FILE with one')
    if wrong := _wrong_output(args):
        return fail(wrong)
    try:
        query = args.query or Path(args.file).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        return fail(f'{args.file} cannot be read as UTF-8 text: {error}')
    _put_out(args, run_sql(warehouse(args), query, as_of=args.as_of))
    return OK


def _ask(args: argparse.Namespace, rest: list[str]) -> int:
    import json

    from pipeline.ask import chosen, print_answer, print_questions, question_rows
    from pipeline.config_files import questions_of
    from warehouse.questions import PARAMETERS, ask, load_questions

    questions = load_questions(questions_of(args.config))
    given = {name: value for name in PARAMETERS if (value := getattr(args, name)) is not None}
    if args.name is None:
        if given or args.out:
            return fail(f'name the question that is asked: one of {", ".join(questions)}')
        if args.format == 'json':
            print(json.dumps(question_rows(questions), ensure_ascii=False, indent=1))
        else:
            print_questions(questions)
        return OK
    if wrong := _wrong_output(args):
        return fail(wrong)
    question = chosen(args.name, questions)
    rows = ask(warehouse(args), question, given, args.as_of)
    if _format_of(args) == 'table':
        print_answer(question, given, rows)
    else:
        _put_out(args, rows)
    return OK


def _call(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show_call import print_call

    return OK if print_call(warehouse(args), args.call_id, args.as_of, args.all) else WRONG_USE


def _tables(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show_tables import as_json, as_markdown, print_tables
    from pipeline.text import nearest
    from warehouse.describe import describe

    described = describe()
    names = [one.name for one in described]
    if args.name is not None and args.name not in names:
        return fail(f'there is no table or view `{args.name}`.{nearest(args.name, names)}')
    shown = [one for one in described if args.name in (None, one.name)]
    if args.format == 'markdown':
        print(as_markdown(shown), end='')
    elif args.format == 'json':
        print(as_json(shown))
    else:
        print_tables(shown)
    return OK


def _format_of(args: argparse.Namespace) -> str | None:
    """The format that is asked for, or that the name of the file says; None: neither."""
    if args.format is not None:
        return str(args.format)
    ending = Path(args.out).suffix[1:].lower() if args.out else 'table'
    return ending if ending in FORMATS else None


def _wrong_output(args: argparse.Namespace) -> str | None:
    """What is wrong with where the rows are to go; None where nothing is."""
    from pipeline.show import BINARY

    format, files = _format_of(args), ', '.join(FORMATS[1:])
    if args.out is None:
        if format in BINARY and sys.stdout.isatty():
            return f'{format} is not for a terminal: add --out FILE.{format}, or pipe it on'
        return None
    path = Path(args.out)
    if format in (None, 'table'):
        return f'a file takes one of {files}: add --format, or let its name end so'
    if path.is_dir() or not path.parent.is_dir():
        what = 'is a folder' if path.is_dir() else f'there is no folder {path.parent}'
        return f'{path} cannot be written: {what}'
    if path.resolve().is_relative_to(warehouse(args).resolve()):
        return f'{path} lies in the warehouse, which only a run writes to: name another place'
    return None


def _put_out(args: argparse.Namespace, rows) -> None:  # type: ignore[no-untyped-def]
    from pipeline.show import print_rows, save_rows

    format = _format_of(args) or 'table'
    if args.out is None:
        print_rows(rows, format, args.raw)
    else:
        save_rows(rows, Path(args.out), format, args.raw)
