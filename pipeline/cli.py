"""The command line: what each command takes, with examples, and its exit code.

Heavy imports happen inside the commands, so that `--help`, `sql` and `call` answer at once.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from datetime import date
from pathlib import Path

OK, SOME_REJECTED, WRONG_USE, RUN_FAILED = 0, 1, 2, 3
NOT_WELL = 1  # of `doctor`

EXIT_CODES = """exit codes: 0 all well, 1 some calls rejected, 2 wrong use or configuration,
            3 the run, or the fetching of models, failed"""


def run_command(argv: list[str]) -> int:
    """Runs one command line; returns its exit code and prints errors to standard error."""
    from pipeline.beam_flags import FlagError
    from pipeline.yaml_records import ConfigError

    parser = _parser()
    args, rest = parser.parse_known_args(argv)
    args.command_line = shlex.join(['etiquette', *argv])
    try:
        if rest and args.command not in ('run', 'retry'):
            raise FlagError(_unknown(rest[0], parser, args.command))
        return int(args.do(args, rest))
    except (ConfigError, FlagError) as error:
        return _fail(str(error))
    except Exception as error:
        # Errors of other modules that name their way out are told apart by these classes, which
        # are imported only now: they bring pyarrow and DuckDB with them.
        return _explain(error)
    except KeyboardInterrupt:
        print('stopped; what has landed is kept: the same command goes on from there',
              file=sys.stderr)
        return RUN_FAILED


def _explain(error: Exception) -> int:
    from pipeline.fetch import FetchError
    from pipeline.rows import ManifestError
    from pipeline.supervise import RunFailedError
    from transforms.transcribe import EngineError
    from warehouse.errors import WarehouseError

    if isinstance(error, ManifestError):
        return _fail(f'{error}. {error.way_out}')
    if isinstance(error, EngineError | WarehouseError):
        return _fail(str(error))
    if isinstance(error, RunFailedError):
        print(f'the run failed: {_clean(error)}', file=sys.stderr)
        return RUN_FAILED
    if isinstance(error, FetchError):
        _fail(str(error))
        return RUN_FAILED
    raise error


def _run(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.beam_flags import beam_flags
    from pipeline.settings import load_settings
    from pipeline.sources import read_batch

    flags = beam_flags(rest, _flags_of('run'))
    settings = load_settings(args.config)
    batch = read_batch(args.input, settings.source)
    return _process(args, batch, settings, flags)


def _retry(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.beam_flags import beam_flags
    from pipeline.retry import rejected_batch
    from pipeline.settings import load_settings

    flags = beam_flags(rest, _flags_of('retry'))
    settings = load_settings(args.config)
    batch = rejected_batch(_warehouse(args, settings.warehouse), settings.source)
    if not batch.rows:
        print('no rejected calls to try again')
        return OK
    return _process(args, batch, settings, flags)


def _process(args, batch, settings, flags) -> int:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from pipeline.run import as_json, run_batch
    from pipeline.show import print_outcome

    root = _warehouse(args, settings.warehouse)
    if args.workers is not None:
        settings = replace(settings, workers=args.workers)
    outcome = run_batch(
        batch, settings, root, command=args.command_line, beam_flags=flags,
        force=getattr(args, 'force', False), redo_stale=getattr(args, 'stale', False),
        again=args.command == 'retry', say=lambda line: print(_clean(line), file=sys.stderr))
    if args.json:
        print(as_json(outcome))
    else:
        print_outcome(outcome, root)
    return SOME_REJECTED if outcome.run.calls_rejected else OK


def _rescore(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.rescore import as_json, print_rescored, rescore_warehouse
    from pipeline.settings import load_settings

    if args.since and args.until and args.since > args.until:
        return _fail(f'--from {args.since} is after --to {args.until}: no call is in that range')
    settings = load_settings(args.config)
    root = _warehouse(args, settings.warehouse)
    found = rescore_warehouse(
        root, settings, args.standard, command=args.command_line, since=args.since,
        until=args.until, full=args.full, workers=args.workers,
        say=lambda line: print(_clean(line), file=sys.stderr))
    if args.json:
        print(as_json(found))
    else:
        print_rescored(found, str(root))
    return OK


def _sql(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show import print_rows
    from warehouse.query import run_sql

    if (args.query is None) == (args.file is None):
        return _fail('give either a query in quotes or -f FILE with one')
    query = args.query if args.file is None else Path(args.file).read_text(encoding='utf-8')
    print_rows(run_sql(_warehouse(args), query, as_of=args.as_of), args.format)
    return OK


def _call(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show_call import print_call

    return OK if print_call(_warehouse(args), args.call_id, args.as_of, args.all) else WRONG_USE


def _models_pull(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.models import needed, plan_pull, pull
    from pipeline.settings import load_settings
    from pipeline.show_models import Bar, print_plan

    settings = load_settings(args.config)
    try:
        wanted = needed(settings, args.language or ())
    except ValueError as error:
        return _fail(str(error))
    if not wanted:
        print('this configuration needs no models besides those that are installed')
        return OK
    folder = Path(args.to or settings.models or 'models').expanduser().absolute()
    if args.dry_run:
        print_plan(plan_pull(wanted, folder, patient=True), folder)
        return OK
    with Bar() as bar:
        fetched = pull(wanted, folder, settings, bar.file)
    print(f'{_clean(folder)} holds all of it ({fetched} files fetched now). Copy it anywhere and '
          f'set\n  models: {_clean(folder)}\nin the config; `etiquette doctor` checks it.')
    return OK


def _doctor(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.doctor import as_json, examine, is_well
    from pipeline.show import print_findings

    found = examine(args.config, args.warehouse, deep=args.deep)
    if args.json:
        print(as_json(found))
        return OK if is_well(found) else NOT_WELL
    print_findings(found)
    if not is_well(found):
        print('something is missing that this configuration needs: ✗ above')
        return NOT_WELL
    print('all that this configuration needs is here')
    return OK


def _rules(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.settings import load_settings
    from pipeline.show_rules import as_json, as_markdown, print_rules
    from pipeline.standards import load_standard
    from pipeline.text import nearest

    standard = load_standard(args.standard or load_settings(args.config).standard)
    if args.stage is not None and args.stage not in standard.stages:
        return _fail(f'no stage `{args.stage}`; there is {", ".join(standard.stages)}.'
                     f'{nearest(args.stage, standard.stages)}')
    if args.format == 'markdown':
        print(as_markdown(standard), end='')
    elif args.format == 'json':
        print(as_json(standard, args.stage))
    else:
        print_rules(standard, args.stage)
    return OK


def _config_check(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.lexicons import describe_lexicons, load_lexicons
    from pipeline.settings import fingerprint_of, load_settings
    from pipeline.standards import load_standard
    from transforms.transcribe import resolve_engine

    settings = load_settings(args.file)
    lexicons = load_lexicons(settings.phrases)
    for name in dict.fromkeys((settings.standard, *settings.standards)):
        standard = load_standard(name, lexicons)
        print(f'standard {standard.name}: version {standard.version}')
    for line in describe_lexicons(settings.phrases):
        print(_clean(line))
    engine = resolve_engine(settings.transcribe)
    print(f'transcriber {engine.name}: {engine.why}')
    print(f'fingerprint {fingerprint_of(settings)[:12]}')
    print('the configuration is valid')
    return OK


def _warehouse(args: argparse.Namespace, named: str | None = None) -> Path:
    from pipeline.config_files import warehouse_of

    chosen = args.warehouse or named or warehouse_of(getattr(args, 'config', None))
    return Path(chosen).absolute()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='etiquette', allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        description='Judges call recordings against written telephone-etiquette standards.',
        epilog=f"""examples:
  etiquette run samples/manifest.csv
  etiquette sql "SELECT agent_id, sum(agent_interruptions) FROM kpis GROUP BY ALL"
  etiquette call CALL_ID

{EXIT_CODES}""")
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    run = _command(commands, 'run', _run, 'process a batch of recordings and publish its tables',
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
    retry = _command(commands, 'retry', _retry, 'try the rejected calls again',
                     'example:\n  etiquette retry --workers 1')
    rescore = _command(commands, 'rescore', _rescore, 'judge the stored calls again, without their '
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
    rescore.add_argument('--from', dest='since', type=_date, metavar='DATE',
                         help='calls from this call_date on, e.g. 2026-11-01')
    rescore.add_argument('--to', dest='until', type=_date, metavar='DATE',
                         help='calls up to this call_date, which is included')
    rescore.add_argument('--full', action='store_true',
                         help='measure every call anew: after an update of the program')
    for command in (run, retry, rescore):
        command.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
        command.add_argument('--workers', type=_count, metavar='N',
                             help='worker processes (default: one per core)')
        command.add_argument('--json', action='store_true', help='print the outcome as JSON')
    sql = _command(commands, 'sql', _sql, 'ask the tables, read-only', """examples:
  etiquette sql "SELECT * FROM worst_calls LIMIT 5"
  etiquette sql -f monthly.sql --format csv > monthly.csv""")
    sql.add_argument('query', nargs='?', metavar='"SELECT ..."')
    sql.add_argument('-f', '--file', metavar='FILE', help='read the query from a file')
    sql.add_argument('--format', choices=('table', 'csv', 'json', 'parquet'), default='table',
                     help='json is a list of objects; parquet goes to standard output')
    call = _command(commands, 'call', _call, 'explain one call: timeline, transcript, findings',
                    'example:\n  etiquette call c-2026-0001')
    call.add_argument('call_id', metavar='CALL_ID')
    call.add_argument('--all', action='store_true', help='every rule, also those that do not apply')
    for command in (sql, call):
        command.add_argument('--as-of', type=int, metavar='N', help='an older catalog, by number')
    rules = _command(commands, 'rules', _rules, 'list the rules of a standard, with their sources',
                     """examples:
  etiquette rules
  etiquette rules --standard ja --stage closing
  etiquette rules --format markdown > rules.md""", warehouse=False)
    rules.add_argument('--standard', metavar='NAME', help='a shipped standard or a YAML file '
                                                          '(default: the configured one)')
    rules.add_argument('--stage', metavar='NAME', help='pickup, opening, listening, hold ...')
    rules.add_argument('--format', choices=('table', 'markdown', 'json'), default='table')
    rules.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
    doctor = _command(commands, 'doctor', _doctor, 'say what is here, what is missing and what '
                      'mends it', """examples:
  etiquette doctor --config nightly
  etiquette doctor --deep --json

Exit code 1: something is missing that the configuration needs.""")
    doctor.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
    doctor.add_argument('--deep', action='store_true', help='load every model as well: a minute')
    doctor.add_argument('--json', action='store_true', help='print the findings as JSON')
    models = commands.add_parser('models', help='models to copy to where calls are: `models pull`',
                                 epilog='example:\n  etiquette models pull --to /data/models')
    pulls = models.add_subparsers(dest='action', required=True, metavar='ACTION')
    pull = _command(pulls, 'pull', _models_pull,
                    'fetch all models that a config needs into one folder', """examples:
  etiquette models pull --to /data/models --language en,ko
  etiquette models pull --config nightly --dry-run

The only command that downloads. Takes up what an earlier one left. HF_TOKEN opens models whose
terms were accepted; HF_ENDPOINT names a mirror of the hub.""", warehouse=False)
    pull.add_argument('--to', metavar='DIR', help='default: the config\'s `models`, or ./models')
    pull.add_argument('--language', type=lambda text: text.split(','), metavar='en,ko',
                      help='aligners of these languages only')
    pull.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
    pull.add_argument('--dry-run', action='store_true', help='list what would be fetched')
    config = commands.add_parser('config', help='settings: `config check [FILE]`')
    checks = config.add_subparsers(dest='action', required=True, metavar='ACTION')
    check = checks.add_parser('check', allow_abbrev=False, help='validate a settings file',
                              epilog='example:\n  etiquette config check nightly.yaml',
                              formatter_class=argparse.RawDescriptionHelpFormatter)
    check.add_argument('file', nargs='?', metavar='FILE')
    check.set_defaults(do=_config_check)
    return parser


def _command(commands, name, do, text, epilog, warehouse=True):  # type: ignore[no-untyped-def]
    command = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + '.', allow_abbrev=False,
        epilog=f'{epilog}\n\n{EXIT_CODES}', formatter_class=argparse.RawDescriptionHelpFormatter)
    if warehouse:
        command.add_argument('--warehouse', metavar='DIR', help='default: ./warehouse-data')
    command.set_defaults(do=do)
    return command


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('must be at least 1')
    return number


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is no date: write 2026-11-30') from None


def _flags_of(command: str) -> list[str]:
    parser = _parser()
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return [flag for action in commands.choices[command]._actions
            for flag in action.option_strings]


def _unknown(flag: str, parser: argparse.ArgumentParser, command: str) -> str:
    from pipeline.text import nearest
    return f'unknown flag or argument {flag}.{nearest(flag, _flags_of(command))}'


def _fail(message: str) -> int:
    for line in message.splitlines():
        print(f'etiquette: {_clean(line)}', file=sys.stderr)
    return WRONG_USE


def _clean(text: object) -> str:
    from pipeline.text import clean
    return clean(text)
