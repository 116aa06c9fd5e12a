"""Names of recordings: what they say of the call, by a pattern.

Patterns, tried in this order where none is chosen:

- FreePBX and Issabel: `<kind>-<called>-<calling>-YYYYMMDD-HHMMSS-<uniqueid>`, as their dialplan's
  `sub-record-check` sets CALLFILENAME; kind is exten, out, in, q (queue), rg (ring group), force.
- 3CX: `[Name]_<calling>-<called>_YYYYMMDDHHMMSS(<id>)`. Whose name that is, it does not say.
- Post Call Analytics of AWS: four regular expressions that are searched for, each for itself, and
  the order of the fields of the time; the defaults are AWS's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.importers import Broken, Hints, Options, Read, Row, filled
from pipeline.importers.clock import Clock, beside_epoch, epoch, iso
from pipeline.importers.files import files_of
from pipeline.instants import InstantError
from pipeline.rows import ManifestError

HELP = 'calls by the names of their recordings: FreePBX, Issabel, 3CX, Post Call Analytics, yours'
EXAMPLES = """examples:
  etiquette import names recordings/
  etiquette import names recordings/ --timezone Europe/Berlin --out recordings/manifest.jsonl
  etiquette import names calls/ --pattern '{agent_id}_{date}_{time}'
  etiquette import names calls/ --style pca --agent-regex '_AGENT_(.*?)_'

A pattern names columns of the manifest in braces, and {date} {time} or {datetime} (2026-11-04,
20261104, 04.11.2026 or 11-04-2026 is said by --date-order), {epoch}, and {} for what does not
matter. Anything else stands for itself; folders may be part of it: '{queue}/{agent_id}-{epoch}'."""

_FREEPBX = re.compile(
    r'(?P<kind>exten|out|in|q|rg|force|external|internal)-(?P<called>[^-]*)-(?P<calling>.*?)-'
    r'(?P<date>\d{8})-(?P<time>\d{6})-(?P<uniqueid>(?:[\w.]+-)?\d{9,10}\.\d+)', re.ASCII)
_3CX = re.compile(r'\[[^]]*\]_(?P<calling>[^-_]*)-(?P<called>[^_]*)_'
                  r'(?P<datetime>\d{14})\((?P<id>\d+)\)', re.ASCII)
_EXTENSIONS = r'\d{2,5}'
_UNIQUEID_SLACK_S = 120.0  # from a channel's creation to its recording, where it is read as UTC
# The defaults of Post Call Analytics: pca-ssm/cfn/ssm.template.
PCA = {
    'datetime_regex': r'(\d{4})-(\d{2})-(\d{2})T(\d{2})-(\d{2})-(\d{2})',
    'datetime_field_map': '%Y %m %d %H %M %S',
    'guid_regex': '_GUID_(.*?)_',
    'agent_regex': '_AGENT_(.*?)_',
    'cust_regex': '_CUST_(.*?)_',
}
_DATE_ORDERS = {'ymd': ('year', 'month', 'day'), 'dmy': ('day', 'month', 'year'),
                'mdy': ('month', 'day', 'year')}
_DIGITS = {'year': r'(?P<year>\d{4})', 'month': r'(?P<month>[01]\d)', 'day': r'(?P<day>[0-3]\d)'}
_CLOCK = r'(?P<hour>[0-2]\d)[-_.h:]?(?P<minute>[0-5]\d)[-_.m:]?(?P<second>[0-5]\d)'
_TEXT_COLUMNS = ('call_id', 'agent_id', 'agent_name', 'queue', 'caller_id', 'caller_name',
                 'call_type', 'contact_id', 'direction', 'language')


def add_options(parser: Any) -> None:
    parser.add_argument('--style', choices=('auto', 'freepbx', '3cx', 'pca'), default='auto',
                        help='whose names they are (default: the first that fits each)')
    parser.add_argument('--pattern', metavar='PATTERN', help='your own, instead of these')
    parser.add_argument('--date-order', choices=tuple(_DATE_ORDERS), default='ymd',
                        help='of {date} in a pattern (default: ymd)')
    parser.add_argument('--extensions', metavar='REGEX', default=_EXTENSIONS,
                        help='which numbers in names of 3CX are phones of agents '
                             f'(default: {_EXTENSIONS})')
    for name, default in PCA.items():
        flag = '--' + name.replace('_', '-')
        parser.add_argument(flag, metavar='FORMAT' if name.endswith('map') else 'REGEX',
                            default=default, help=f'of Post Call Analytics (default: {default})'
                            .replace('%', '%%'))


def read(paths: Sequence[Path], options: Options) -> Iterator[Read]:
    """A row a recording, under the paths given."""
    clock = Clock(options.zone)
    own = {**PCA, **{name: value for name, value in options.own.items() if value is not None}}
    readers = _readers(own, clock)
    suffixes = tuple(suffix.lower() for suffix in options.audio_suffixes)
    for path in files_of(paths, lambda file: file.name.lower().endswith(suffixes)):
        name = path.absolute().with_suffix('').as_posix()
        try:
            row = next((row for reader in readers if (row := reader(name))), None)
        except InstantError as error:
            yield Broken(str(path), f'the time in its name {error}', error.way_out)
            continue
        if row is None:
            yield Broken(str(path), 'its name follows no known pattern',
                         'Give --pattern, for example \'{agent_id}_{date}_{time}\'.')
            continue
        cells, origin = row
        yield Row(str(path), cells, origin, Hints(files=(str(path.absolute()),)))
    yield from clock.notes()


_Cells = tuple[dict[str, Any], dict[str, str]]


def _readers(own: Mapping[str, Any], clock: Clock) -> list[Any]:
    if own.get('pattern'):
        pattern = _compiled(own['pattern'], own.get('date_order') or 'ymd')
        return [lambda name: _by_pattern(name, pattern, clock)]
    pca = {key: _regex(own[key], key) for key in PCA if key.endswith('regex')}
    field_map = own['datetime_field_map'].split()
    extensions = _regex(f'({own.get("extensions") or _EXTENSIONS})', 'extensions')
    every = {'freepbx': lambda name: _freepbx(name, clock),
             '3cx': lambda name: _three_cx(name, extensions, clock),
             'pca': lambda name: _pca(name, pca, field_map, clock)}
    style = own.get('style') or 'auto'
    return list(every.values()) if style == 'auto' else [every[style]]


def _freepbx(path: str, clock: Clock) -> _Cells | None:
    match = _FREEPBX.fullmatch(path.rpartition('/')[2])
    if match is None:
        return None
    kind, called, calling, date, time, uniqueid = match.groups()
    known = epoch(uniqueid.rpartition('-')[2].partition('.')[0])
    text = _iso_local(date, time)
    at = beside_epoch(text, known, _UNIQUEID_SLACK_S) if known else None
    origin = 'date and time, uniqueid' if at else 'date and time'
    said: dict[str, tuple[Any, str]] = {
        'call_id': (uniqueid, 'uniqueid'), 'started_at': (iso(at or clock.local(text)), origin)}
    if kind == 'out':
        said |= {'direction': ('outbound', 'out-'), 'agent_id': (calling, 'calling number'),
                 'caller_id': (called, 'called number')}
    elif kind in ('exten', 'in', 'q', 'rg'):
        said |= {'direction': ('inbound', f'{kind}-'), 'caller_id': (calling, 'calling number')}
    if kind == 'exten':
        said['agent_id'] = (called, 'called extension')
    elif kind == 'q':
        said['queue'] = (called, 'called queue')
    return filled(said)


def _three_cx(path: str, extensions: re.Pattern[str], clock: Clock) -> _Cells | None:
    match = _3CX.fullmatch(path.rpartition('/')[2])
    if match is None:
        return None
    calling, called, time, id = match.groups()
    said: dict[str, tuple[Any, str]] = {
        'call_id': (f'3cx-{time}-{id}', 'time and id'),
        'started_at': (iso(clock.local(_iso_local(time[:8], time[8:]))), 'date and time')}
    inside = [extensions.fullmatch(number) is not None for number in (calling, called)]
    if inside == [True, False]:
        said |= {'direction': ('outbound', 'calling extension'),
                 'agent_id': (calling, 'calling extension'),
                 'caller_id': (called, 'called number')}
    elif inside == [False, True]:
        said |= {'direction': ('inbound', 'called extension'),
                 'agent_id': (called, 'called extension'),
                 'caller_id': (calling, 'calling number')}
    return filled(said)


def _pca(path: str, regexes: Mapping[str, re.Pattern[str]], field_map: Sequence[str],
         clock: Clock) -> _Cells | None:
    """As AWS does, but for one thing: what fits no regex is left out, the time too."""
    name = path.rpartition('/')[2]
    found = {key: regex.search(name) for key, regex in regexes.items()}
    said: dict[str, tuple[Any, str]] = {}
    for column, key in (('call_id', 'guid_regex'), ('agent_id', 'agent_regex'),
                        ('caller_id', 'cust_regex')):
        match = found[key]
        if match:
            said[column] = (' '.join(filter(None, match.groups())), key.replace('_', '-'))
    time = found['datetime_regex']
    if time:
        at = _strptime([part or '' for part in time.groups()], field_map)
        said['started_at'] = (iso(clock.local(at.isoformat())), 'datetime-regex')
    return filled(said) if said else None


def _strptime(values: Sequence[str], field_map: Sequence[str]) -> datetime:
    if len(values) != len(field_map):
        raise InstantError(f'has {len(values)} parts where --datetime-field-map names '
                           f'{len(field_map)}', 'Give as many as --datetime-regex has groups.')
    try:
        # %f takes the three digits of milliseconds, as AWS's example has them
        return datetime.strptime(' '.join(values), ' '.join(field_map)).replace(tzinfo=None)
    except ValueError as error:
        raise InstantError(f'is none ({error})', 'Correct --datetime-field-map.') from error


def _compiled(pattern: str, order: str) -> re.Pattern[str]:
    """The pattern as a regular expression over the end of a path without suffix."""
    parts, out, names = re.split(r'\{([^{}]*)\}', pattern), [], []
    for at, part in enumerate(parts):
        if at % 2 == 0:
            out.append(re.escape(part))
        elif part == 'date':
            out.append('[-_.]?'.join(_DIGITS[unit] for unit in _DATE_ORDERS[order]))
        elif part == 'time':
            out.append(_CLOCK)
        elif part == 'datetime':
            out.append('[-_.]?'.join(_DIGITS[unit] for unit in _DATE_ORDERS[order])
                       + '[-_T. ]?' + _CLOCK)
        elif part == 'epoch':
            out.append(r'(?P<epoch>\d{9,10})(?:\.\d+)?')
        elif part == '':
            out.append('[^/]*?')
        elif part in _TEXT_COLUMNS:
            out.append(f'(?P<{part}>[^/]+?)')
        else:
            raise ManifestError(f'--pattern: {{{part}}} is no column that a name can hold',
                                f'There is {", ".join(_TEXT_COLUMNS)}, date, time, datetime, '
                                'epoch and {}.')
        names.append(part if at % 2 else '')
    try:
        return re.compile('(?:.*/)?' + ''.join(out))
    except re.error as error:
        raise ManifestError(f'--pattern {pattern!r}: {error}',
                            'Name each column once.') from error


def _by_pattern(path: str, pattern: re.Pattern[str], clock: Clock) -> _Cells | None:
    match = pattern.fullmatch(path)
    if match is None:
        return None
    groups = match.groupdict()
    said = {name: (groups[name], f'{{{name}}}') for name in _TEXT_COLUMNS if groups.get(name)}
    if groups.get('epoch'):
        at = epoch(groups['epoch'])
        said |= {'started_at': (iso(at), '{epoch}')} if at else {}
    elif groups.get('year') and groups.get('hour'):
        text = '{year}-{month}-{day} {hour}:{minute}:{second}'.format(**groups)
        said['started_at'] = (iso(clock.local(text)), '{date} {time}')
    return filled(said)


def _iso_local(date: str, time: str) -> str:
    return f'{date[:4]}-{date[4:6]}-{date[6:8]} {time[:2]}:{time[2:4]}:{time[4:6]}'


def _regex(text: str, key: str) -> re.Pattern[str]:
    flag = '--' + key.replace('_', '-')
    try:
        regex = re.compile(text)
    except re.error as error:
        raise ManifestError(f'{flag} {text!r}: is no regular expression ({error})',
                            'Correct it.') from error
    if not regex.groups:
        raise ManifestError(f'{flag} {text!r}: has no group in parentheses',
                            'Put what it should find in parentheses.')
    return regex


