"""Commands that look after the tables: `maintain`, and `erase` for what must not stay."""

from __future__ import annotations

import argparse
import sys

from pipeline.commands import OK, RUN_FAILED, command, day, fail, warehouse
from pipeline.maintaining import duration_s
from pipeline.text import clean


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds these commands to the parser."""
    maintain = command(commands, 'maintain', _maintain, 'join small files, and remove what nobody '
                       'needs any more', """examples:
  etiquette maintain --dry-run
  etiquette maintain                          each night, after the run
  etiquette maintain --retention 12h --json

Questions are answered as before, only faster; readers that hold an older etiquette.duckdb go on
reading for the retention, and `--as-of` knows the catalogs within it. Files that are joined are
there twice until the retention is over.""")
    maintain.add_argument('--retention', type=duration_s, metavar='TIME',
                          help='how long what was replaced stays: 30s, 12h, 7d (default: the '
                               'configured days)')
    erase = command(commands, 'erase', _erase, 'take calls out of the tables, of older versions '
                    'and of logs', """examples:
  etiquette erase --caller +15550123 --dry-run
  etiquette erase --call c-2026-0001 --yes
  etiquette erase --older-than 400d --yes        each night: nothing older is kept

Older catalogs go with the calls: `--as-of` begins anew. Readers that are open meanwhile may fail.
Afterwards every file of the warehouse is searched for the calls. The recordings themselves are not
touched: --json names them. Exit code 3: something is left, which is listed.""")
    which = erase.add_argument_group('which calls')
    which.add_argument('--caller', metavar='ID', action='append', default=[],
                       help="all calls of this caller, by the manifest's caller_id")
    which.add_argument('--call', metavar='ID', action='append', default=[], help='this call')
    which.add_argument('--from', dest='since', type=day, metavar='DATE',
                       help='calls from this call_date on, e.g. 2026-11-01')
    which.add_argument('--to', dest='until', type=day, metavar='DATE',
                       help='calls up to this call_date, which is included')
    which.add_argument('--older-than', type=duration_s, metavar='TIME',
                       help='calls dated more than so long ago: 400d')
    erase.add_argument('--yes', action='store_true', help='do not ask')
    for one in (maintain, erase):
        one.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
        one.add_argument('--dry-run', action='store_true', help='only say what would be done')
        one.add_argument('--json', action='store_true', help='print the outcome as JSON')


def _maintain(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.settings import load_settings
    from pipeline.show_upkeep import Bar, maintained_as_json, print_maintained
    from warehouse.maintain import maintain

    settings = load_settings(args.config)
    options, root = settings.maintain, warehouse(args, settings.warehouse)
    retention_s = options.retention_s if args.retention is None else args.retention
    with Bar('joining files') as bar:
        done = maintain(root, retention_s=retention_s, target_bytes=options.target_bytes,
                        dry_run=args.dry_run, progress=bar.show,
                        say=lambda line: print(clean(line), file=sys.stderr))
    if args.json:
        print(maintained_as_json(done))
    else:
        print_maintained(done, root)
    return OK


def _erase(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.settings import load_settings
    from pipeline.show_upkeep import (
        erased_as_json,
        found_as_json,
        print_erased,
        print_found,
    )
    from warehouse.erase import erase, look_for

    if args.since and args.until and args.since > args.until:
        return fail(f'--from {args.since} is after --to {args.until}: no call is in that range')
    settings = load_settings(args.config)
    wanted = _wanted(args, settings)
    if wanted is None:
        return fail('name the calls: --caller ID, --call ID, --from DATE --to DATE, or '
                    '--older-than 400d')
    root = warehouse(args, settings.warehouse)
    found = look_for(root, wanted)
    if not args.json:
        print_found(found, root)
    elif args.dry_run:
        print(found_as_json(found))
    if args.dry_run:
        return OK
    if not args.yes and (args.json or not _agreed()):
        return fail('nothing was erased: give --yes, or answer y on a terminal')
    done = erase(root, wanted, target_bytes=settings.maintain.target_bytes,
                 say=lambda line: print(clean(line), file=sys.stderr))
    if args.json:
        print(erased_as_json(done))
    else:
        print_erased(done, root)
    return RUN_FAILED if done.left else OK


def _wanted(args, settings):  # type: ignore[no-untyped-def]
    """What is to be erased; None where nothing is named."""
    from datetime import datetime, timedelta, timezone
    from zoneinfo import ZoneInfo

    from pipeline.privacy import forms_of
    from warehouse.finding import Wanted

    before = None
    if args.older_than is not None:
        now = datetime.now(timezone.utc).astimezone(ZoneInfo(settings.timezone))
        before = (now - timedelta(seconds=args.older_than)).date()
    if not (args.caller or args.call or args.since or args.until or before):
        return None
    callers = [form for caller in args.caller for form in forms_of(caller, settings.privacy)]
    return Wanted(tuple(callers), tuple(args.call), args.since, args.until, before)


def _agreed() -> bool:
    if not sys.stdin.isatty():
        return False
    return input('Erase all of it, older versions too? [y/N] ').strip().lower() in ('y', 'yes')
