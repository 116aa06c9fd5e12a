"""Commands about what calls are judged by and with: `rules`, `doctor`, `models`, `config`."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.commands import NOT_WELL, OK, command, fail
from pipeline.text import clean, nearest


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds these commands to the parser."""
    rules = command(commands, 'rules', _rules, 'list the rules of a standard, with their sources',
                     """examples:
  etiquette rules
  etiquette rules --standard ja --stage closing
  etiquette rules --format markdown > rules.md""", in_warehouse=False)
    rules.add_argument('--standard', metavar='NAME', help='a shipped standard or a YAML file '
                                                          '(default: the configured one)')
    rules.add_argument('--stage', metavar='NAME', help='pickup, opening, listening, hold ...')
    rules.add_argument('--format', choices=('table', 'markdown', 'json'), default='table')
    rules.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
    doctor = command(commands, 'doctor', _doctor, 'say what is here, what is missing and what '
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
    pull = command(pulls, 'pull', _models_pull,
                    'fetch all models that a config needs into one folder', """examples:
  etiquette models pull --to /data/models --language en,ko
  etiquette models pull --config nightly --dry-run

The only command that downloads. Takes up what an earlier one left. HF_TOKEN opens models whose
terms were accepted; HF_ENDPOINT names a mirror of the hub.""", in_warehouse=False)
    pull.add_argument('--to', metavar='DIR', help='default: the config\'s `models`, or ./models')
    pull.add_argument('--language', type=lambda text: text.split(','), metavar='en,ko',
                      help='aligners of these languages only')
    pull.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')
    pull.add_argument('--dry-run', action='store_true', help='list what would be fetched')
    config = commands.add_parser('config', help='settings: `config check [FILE]`')
    checks = config.add_subparsers(dest='action', required=True, metavar='ACTION')
    check = command(checks, 'check', _config_check, 'validate a settings file',
                    'example:\n  etiquette config check nightly.yaml', in_warehouse=False)
    check.add_argument('file', nargs='?', metavar='FILE')


def _rules(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.settings import load_settings
    from pipeline.show_rules import as_json, as_markdown, print_rules
    from pipeline.standards import load_standard

    standard = load_standard(args.standard or load_settings(args.config).standard)
    if args.stage is not None and args.stage not in standard.stages:
        return fail(f'no stage `{args.stage}`; there is {", ".join(standard.stages)}.'
                     f'{nearest(args.stage, standard.stages)}')
    if args.format == 'markdown':
        print(as_markdown(standard), end='')
    elif args.format == 'json':
        print(as_json(standard, args.stage))
    else:
        print_rules(standard, args.stage)
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


def _models_pull(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.models import needed, plan_pull, pull
    from pipeline.settings import load_settings
    from pipeline.show_models import Bar, print_plan

    settings = load_settings(args.config)
    try:
        wanted = needed(settings, args.language or ())
    except ValueError as error:
        return fail(str(error))
    if not wanted:
        print('this configuration needs no models besides those that are installed')
        return OK
    folder = Path(args.to or settings.models or 'models').expanduser().absolute()
    if args.dry_run:
        print_plan(plan_pull(wanted, folder, patient=True), folder)
        return OK
    with Bar() as bar:
        fetched = pull(wanted, folder, settings, bar.file)
    print(f'{clean(folder)} holds all of it ({fetched} files fetched now). Copy it anywhere and '
          f'set\n  models: {clean(folder)}\nin the config; `etiquette doctor` checks it.')
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
        print(clean(line))
    engine = resolve_engine(settings.transcribe)
    print(f'transcriber {engine.name}: {engine.why}')
    print(f'fingerprint {fingerprint_of(settings)[:12]}')
    print('the configuration is valid')
    return OK
