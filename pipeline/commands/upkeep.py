"""Commands that look after the tables: `maintain`."""

from __future__ import annotations

import argparse
import sys

from pipeline.commands import OK, command, warehouse
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
    maintain.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
    maintain.add_argument('--dry-run', action='store_true', help='only say what would be done')
    maintain.add_argument('--json', action='store_true', help='print the outcome as JSON')


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
