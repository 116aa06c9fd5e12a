"""`import`: what a phone system has recorded about its calls becomes a manifest."""

from __future__ import annotations

import argparse
from itertools import chain
from pathlib import Path

from pipeline.commands import OK, SOME_REJECTED, command, fail

_EPILOG = """examples:
  etiquette import names recordings/                                  what would be understood
  etiquette import names recordings/ --out recordings/manifest.jsonl
  etiquette run recordings/manifest.jsonl
  etiquette import FORMAT --help                                      the options of a format"""


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds this command to the parser."""
    text = 'make a manifest of what a phone system has recorded about its calls'
    importing = commands.add_parser(
        'import', help=text, description=text[0].upper() + text[1:] + '.', epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parse = importing.parse_known_args

    def parse_with_formats(args=None, namespace=None):  # type: ignore[no-untyped-def]
        importing.parse_known_args = parse
        _add_formats(importing)
        return parse(args, namespace)
    # The formats are loaded once this command is asked for: others need not wait for them.
    importing.parse_known_args = parse_with_formats


def _add_formats(importing: argparse.ArgumentParser) -> None:
    from pipeline.importers import FORMATS, importer

    formats = importing.add_subparsers(dest='format', required=True, metavar='FORMAT')
    for name in FORMATS:
        module = importer(name)
        one = command(formats, name, _import, module.HELP, module.EXAMPLES, in_warehouse=False)
        _add_common(one)
        module.add_options(one.add_argument_group(f'options of {name}'))


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('records', metavar='RECORDS', nargs='+', type=Path,
                        help='files of records, or folders of them')
    parser.add_argument('--recordings', metavar='DIR', type=Path,
                        help='where the recordings are (default: where the records say)')
    parser.add_argument('--out', metavar='FILE', type=Path,
                        help='the manifest to write, .jsonl; without it what was understood is '
                             'only shown')
    parser.add_argument('--rejects', metavar='FILE', type=Path,
                        help='write every broken record there, as JSON Lines')
    parser.add_argument('--agents', metavar='FILE', type=Path,
                        help='CSV with the columns id and name: agent_name of the agents that '
                             'records name by id')
    parser.add_argument('--timezone', metavar='ZONE',
                        help='of times that name none: Europe/Berlin')
    parser.add_argument('--encoding', metavar='NAME', default='utf-8',
                        help='of text files (default: utf-8)')
    parser.add_argument('--recording-starts', choices=('auto', 'call', 'answer', 'connect'),
                        default='auto', help='when recordings begin, where the records do not say: '
                        'as the call comes in, as it is answered, or as the agent comes on '
                        '(auto: as the length of each recording tells)')
    parser.add_argument('--json', action='store_true', help='print the counts as JSON')
    parser.add_argument('--config', metavar='FILE', help='settings (YAML) over the defaults')


def _import(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.importers import Options, importer
    from pipeline.importers.agent_names import agent_names, named
    from pipeline.importers.clock import Clock
    from pipeline.importers.gather import Landing, gather
    from pipeline.importers.matching import Recordings
    from pipeline.importers.writing import write_manifest, write_rejects
    from pipeline.instants import InstantError, zone_of
    from pipeline.settings import load_settings
    from pipeline.show_import import Bar, as_json, print_imported, print_written
    from pipeline.sources import limits_of

    wrong = _wrong_use(args)
    if wrong:
        return fail(wrong)
    settings = load_settings(args.config)
    try:
        zone = zone_of(args.timezone or settings.source.timezone or '') if (
            args.timezone or settings.source.timezone) else None
    except InstantError as error:
        return fail(f'--timezone {args.timezone} {error}. {error.way_out}')
    near = [path for path in (args.recordings, args.records[0]) if path and path.is_dir()]
    folder = args.out.absolute().parent if args.out else next(iter(near), Path.cwd())
    landing = Landing(folder, limits_of(settings.source), args.recording_starts,
                      allow_outside=settings.source.allow_outside or not args.out)
    names, faults = agent_names(args.agents, args.encoding) if args.agents else ({}, [])
    with Bar() as bar:
        options = Options(zone, args.encoding, settings.source.audio_suffixes, vars(args),
                          bar.tell)
        recordings = Recordings(args.recordings, settings.source.audio_suffixes, Clock(zone))
        items = importer(args.format).read(args.records, options)
        if args.agents:
            items = chain(faults, named(items, names, args.agents.name))
        imported = gather(items, recordings, landing, bar.tell)
    if not args.json:
        print_imported(imported, len(recordings.paths), args.rejects)
    if args.rejects:
        write_rejects(args.rejects, imported.broken)
    if args.out and imported.rows:
        write_manifest(args.out, imported.rows)
    if args.json:
        print(as_json(imported, args.out))
    else:
        print_written(imported, args.out)
    is_empty = args.out and not imported.rows
    return SOME_REJECTED if imported.broken or is_empty else OK


def _wrong_use(args: argparse.Namespace) -> str | None:
    """What is wrong with the arguments, told before anything is read."""
    from pipeline.importers.writing import is_encoding

    if args.out and args.out.suffix.lower() not in ('.jsonl', '.ndjson'):
        return f'--out {args.out}: a manifest is written as JSON Lines: name it .jsonl'
    if args.recordings and not args.recordings.is_dir():
        return f'--recordings {args.recordings}: there is no such folder'
    if not is_encoding(args.encoding):
        return (f'--encoding {args.encoding}: Python knows no such encoding: utf-8, cp1252, '
                'shift_jis, gb18030 ...')
    written = [path for path in (args.out, args.rejects) if path]
    missing = [path for path in written if not path.absolute().parent.is_dir()]
    if missing:
        return f'{missing[0]}: its folder is not there: make it first'
    read = {path.resolve() for path in (*args.records, *filter(None, (args.agents,)))}
    if len({path.resolve() for path in written} - read) < len(written):
        return '--out and --rejects would overwrite the records or each other: choose other names'
    return None
