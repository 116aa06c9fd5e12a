"""The command that carries tables out of the warehouse: `export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.commands import OK, command, day, fail, warehouse

FORMATS = ('duckdb', 'csv', 'excel', 'vcon', 'parquet')  # of warehouse.export, not imported here
ONLY = (('bom', 'csv'), ('raw', 'csv'), ('audio_url', 'vcon'))  # flags that one format has


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds the command to the parser."""
    export = command(commands, 'export', _export, 'carry tables out: DuckDB, CSV, Excel, vCon, '
                     'Parquet', """examples:
  etiquette export duckdb --out november.duckdb --from 2026-11-01 --to 2026-11-30
  etiquette export excel --out support.xlsx --queue support
  etiquette export csv --out tables/ --tables kpis,findings --bom
  etiquette export vcon --out vcons/ --agent a7
  etiquette export parquet --out lake/

duckdb and excel are one file, the others a folder. All of it is of one moment, however much is
published meanwhile, and it is whole or not there.""")
    export.add_argument('format', choices=FORMATS, metavar='FORMAT', help=', '.join(FORMATS))
    export.add_argument('--out', metavar='PATH', required=True, help='the file or folder to make')
    export.add_argument('--from', dest='since', type=day, metavar='DATE',
                        help='calls from this call_date on, e.g. 2026-11-01')
    export.add_argument('--to', dest='until', type=day, metavar='DATE',
                        help='calls up to this call_date, which is included')
    export.add_argument('--agent', metavar='ID', help='calls of this agent_id only')
    export.add_argument('--queue', metavar='NAME', help='calls of this queue only')
    export.add_argument('--tables', type=_names, default=(), metavar='NAME,...',
                        help='these tables and views (not for vcon; default: depends on FORMAT)')
    export.add_argument('--as-of', type=int, metavar='N', help='an older catalog, by number')
    export.add_argument('--force', action='store_true',
                        help='replace a file, or the folder of an earlier export')
    export.add_argument('--bom', action='store_true',
                        help='csv: begin with a byte order mark, for Excel')
    export.add_argument('--raw', action='store_true',
                        help='csv: leave text that a spreadsheet would run as a formula as it is')
    export.add_argument('--audio-url', metavar='URL',
                        help='vcon: the HTTPS address under which the recordings are to be had')
    export.add_argument('--json', action='store_true', help='print what was written as JSON')


def _export(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show_export import Bar, as_json, print_exported
    from warehouse.export import Options, Selection, export

    if args.since and args.until and args.since > args.until:
        return fail(f'--from {args.since} is after --to {args.until}: no call is in that range')
    for name, format in ONLY:
        if getattr(args, name) and args.format != format:
            return fail(f'--{name.replace("_", "-")} is for {format}, not for {args.format}')
    if args.tables and args.format == 'vcon':
        return fail('a vCon holds a call, not tables: leave --tables out')
    if args.audio_url and not args.audio_url.startswith('https://'):
        return fail(f'--audio-url {args.audio_url}: vCon refers to recordings by https:// alone')
    options = Options(
        selection=Selection(args.since, args.until, args.agent, args.queue), tables=args.tables,
        as_of=args.as_of, force=args.force, bom=args.bom, raw=args.raw, audio_url=args.audio_url)
    with Bar() as bar:
        done = export(warehouse(args), args.format, Path(args.out), options, bar)
    if args.json:
        print(as_json(done))
    else:
        print_exported(done)
    return OK


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(',') if name.strip())
