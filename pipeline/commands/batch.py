"""Commands that process calls: `run`, `retry`, and `rescore` for those that are stored."""

from __future__ import annotations

import argparse
import sys

from pipeline.commands import OK, SOME_REJECTED, command, count, day, fail, flags_of, warehouse
from pipeline.text import clean


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds these commands to the parser."""
    run = command(commands, 'run', _run, 'process a batch of recordings and publish its tables',
                   """examples:
  etiquette run calls.csv --workers 4
  etiquette run inbox/ --config nightly --warehouse /data/warehouse
  etiquette run calls.csv --runner=PortableRunner --job_endpoint=host:8099

Flags that are Beam's go to Beam.""")
    run.add_argument('input', metavar='INPUT', help='a manifest (CSV, JSON Lines, Parquet) or a '
                                                    'folder of recordings')
    run.add_argument('--force', action='store_true', help='process calls again that are done')
    run.add_argument('--stale', action='store_true', help='process calls again that were heard '
                                                          'with other settings')
    retry = command(commands, 'retry', _retry, 'try the rejected calls again',
                     'example:\n  etiquette retry --workers 1')
    rescore = command(commands, 'rescore', _rescore, 'judge the stored calls again, without their '
                       'audio', """examples:
  etiquette rescore                                   rules, weights or phrases have changed
  etiquette rescore --standard ja --standard mine.yaml
  etiquette rescore --from 2026-11-01 --to 2026-11-30 --workers 4

Turns and words stay as they were heard. Only what is asked for is replaced: rows of other standards
stay, and until all is done every reader sees the tables as they were. Where phrases and thresholds
of turns, overlaps, silences, rings and holds are the same, events and measures are kept.""")
    rescore.add_argument('--standard', metavar='NAME', action='append', default=[],
                         help='a shipped standard or a YAML file; can be given several times '
                              '(default: the configured ones)')
    rescore.add_argument('--from', dest='since', type=day, metavar='DATE',
                         help='calls from this call_date on, e.g. 2026-11-01')
    rescore.add_argument('--to', dest='until', type=day, metavar='DATE',
                         help='calls up to this call_date, which is included')
    rescore.add_argument('--full', action='store_true',
                         help='measure every call anew: after an update of the program')
    for one in (run, retry, rescore):
        one.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
        one.add_argument('--workers', type=count, metavar='N',
                         help='worker processes (default: one per core)')
        one.add_argument('--json', action='store_true', help='print the outcome as JSON')


def _run(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.beam_flags import beam_flags
    from pipeline.settings import load_settings
    from pipeline.sources import read_batch

    flags = beam_flags(rest, flags_of(args))
    settings = load_settings(args.config)
    batch = read_batch(args.input, settings.source)
    return _process(args, batch, settings, flags)


def _retry(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.beam_flags import beam_flags
    from pipeline.retry import rejected_batch
    from pipeline.settings import load_settings

    flags = beam_flags(rest, flags_of(args))
    settings = load_settings(args.config)
    batch = rejected_batch(warehouse(args, settings.warehouse), settings.source)
    if not batch.rows:
        print('no rejected calls to try again')
        return OK
    return _process(args, batch, settings, flags)


def _process(args, batch, settings, flags) -> int:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from pipeline.run import as_json, run_batch
    from pipeline.show import print_outcome

    root = warehouse(args, settings.warehouse)
    if args.workers is not None:
        settings = replace(settings, workers=args.workers)
    outcome = run_batch(
        batch, settings, root, command=args.command_line, beam_flags=flags,
        force=getattr(args, 'force', False), redo_stale=getattr(args, 'stale', False),
        again=args.command == 'retry', say=lambda line: print(clean(line), file=sys.stderr))
    if args.json:
        print(as_json(outcome))
    else:
        print_outcome(outcome, root)
    return SOME_REJECTED if outcome.run.calls_rejected else OK


def _rescore(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.rescore import as_json, print_rescored, rescore_warehouse
    from pipeline.settings import load_settings

    if args.since and args.until and args.since > args.until:
        return fail(f'--from {args.since} is after --to {args.until}: no call is in that range')
    settings = load_settings(args.config)
    root = warehouse(args, settings.warehouse)
    found = rescore_warehouse(
        root, settings, args.standard, command=args.command_line, since=args.since,
        until=args.until, full=args.full, workers=args.workers,
        say=lambda line: print(clean(line), file=sys.stderr))
    if args.json:
        print(as_json(found))
    else:
        print_rescored(found, str(root))
    return OK
