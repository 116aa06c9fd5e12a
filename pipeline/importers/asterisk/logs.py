"""Asterisk's three logs, told apart by what is in them, into records with names for their fields.

- CDR: `Master.csv` of cdr_csv (its order of columns is in cdr/cdr_csv.c), of cdr_custom with the
  sample's order, CSV with a header (an export of the table `cdr`), JSON lines.
- CEL: `Master.csv` of cel_custom with the sample's order, CSV with a header, JSON lines.
- queue_log: text, and CSV with a header (an export of the table `queue_log`).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipeline.importers import Broken, Options
from pipeline.importers.files import Line, broken, lines_of
from pipeline.rows import ManifestError

CDR, CEL, QUEUE = 'CDR', 'CEL', 'queue_log'
_SNIFFED = 20  # lines: a log may begin with a broken one
_CDR_START = ('accountcode', 'src', 'dst', 'dcontext', 'clid', 'channel', 'dstchannel', 'lastapp',
              'lastdata', 'start', 'answer', 'end', 'duration', 'billsec', 'disposition',
              'amaflags')
_CDR_NEW = ('peeraccount', 'linkedid', 'sequence')  # newcdrcolumns=yes
_CDR_CUSTOM = ('clid', 'src', 'dst', 'dcontext', 'channel', 'dstchannel', 'lastapp', 'lastdata',
               'start', 'answer', 'end', 'duration', 'billsec', 'disposition', 'amaflags',
               'accountcode', 'uniqueid', 'userfield', 'sequence')
_CEL_CUSTOM = ('eventtype', 'eventtime', 'cidname', 'cidnum', 'cidani', 'cidrdnis', 'ciddnid',
               'exten', 'context', 'channame', 'appname', 'appdata', 'amaflags', 'accountcode',
               'uniqueid', 'linkedid', 'peer', 'userfield', 'userdeftype', 'extra')
_QUEUE = ('time', 'callid', 'queuename', 'agent', 'event')
# Other names of the same fields: of tables, of the fields of advanced mappings.
_SAME = {'calldate': 'start', 'startdate': 'start', 'answerdate': 'answer', 'enddate': 'end',
         'acctcode': 'accountcode', 'eventextra': 'extra', 'bridgepeer': 'peer',
         'usereventname': 'userdeftype', 'source': 'src', 'destination': 'dst',
         'destinationchannel': 'dstchannel', 'eventdate': 'eventtime'}
_CEL_EVENTS = frozenset((
    'CHAN_START', 'CHAN_END', 'ANSWER', 'HANGUP', 'APP_START', 'APP_END', 'BRIDGE_ENTER',
    'BRIDGE_EXIT', 'BRIDGE_START', 'BRIDGE_END', 'PARK_START', 'PARK_END', 'BLINDTRANSFER',
    'ATTENDEDTRANSFER', 'PICKUP', 'FORWARD', 'LINKEDID_END', 'LOCAL_OPTIMIZE',
    'LOCAL_OPTIMIZE_BEGIN', 'USER_DEFINED', 'STREAM_BEGIN', 'STREAM_END', 'DTMF'))
_TIME = re.compile(r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|\d{9,10}\.\d+', re.ASCII)
_UNIQUEID = re.compile(r'(?:.*-)?\d{9,10}\.\d+', re.ASCII)
_QUEUE_LINE = re.compile(r'\d{9,10}(?:\.\d+)?\|[^|]*\|', re.ASCII)


@dataclass(frozen=True)
class Record:
    """A record of a log: which, where, its fields, and the text it was read from."""

    kind: str
    where: str
    fields: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class _Layout:
    """How the lines of a file are to be read; `names` None where each names its own fields."""

    kind: str
    names: tuple[str, ...] | None
    header: str | None = None
    delimiter: str = ','


def records_of(path: Path, options: Options) -> Iterator[Record | Broken]:
    """The records of one file. Raises ManifestError where it is none of the logs."""
    layout = _layout_of(path, options)
    for line in lines_of(path, options.encoding):
        if isinstance(line, Broken):
            yield line
        elif line.text != layout.header:
            yield _record(line, layout)


def _layout_of(path: Path, options: Options) -> _Layout:
    asked = options.own.get('cdr_fields')
    for line in islice(lines_of(path, options.encoding), _SNIFFED):
        layout = _layout(line.text, asked)
        if layout is not None:
            return layout
    raise ManifestError(f'{path}: is no CDR, CEL or queue_log of Asterisk',
                        'Give --cdr-fields for a CSV of your own, or write the names of the '
                        'fields in its first line.')


def _layout(text: str, asked: str | None) -> _Layout | None:
    if text.lstrip().startswith('{'):
        given = set(_names(_json(text) or {}))
        return (_Layout(CEL, None) if 'eventtype' in given else
                _Layout(CDR, None) if {'start', 'duration'} & given else None)
    if _QUEUE_LINE.match(text):
        return _Layout(QUEUE, None)
    for delimiter in ',;\t|':
        cells = _csv(text, delimiter)
        if cells is None or len(cells) < 5:
            continue
        names = tuple(_names(cells))
        if 'eventtype' in names and 'eventtime' in names:
            return _Layout(CEL, names, text, delimiter)
        if 'callid' in names and 'event' in names:
            return _Layout(QUEUE, names, text, delimiter)
        if 'start' in names and ('duration' in names or 'end' in names):
            return _Layout(CDR, names, text, delimiter)
        layout = _by_place(cells, delimiter, asked)
        if layout is not None:
            return layout
    return None


def _by_place(cells: Sequence[str], delimiter: str, asked: str | None) -> _Layout | None:
    """The layout of a log without a header."""
    if cells[0] in _CEL_EVENTS:
        literal = not _TIME.match(cells[1])  # the sample has "My Literal" there
        names = (_CEL_CUSTOM[0], 'literal', *_CEL_CUSTOM[1:]) if literal else _CEL_CUSTOM
        return _Layout(CEL, names, None, delimiter)
    if asked:
        return _Layout(CDR, tuple(_names(asked.split(','))), None, delimiter)
    if len(cells) >= len(_CDR_START) and _TIME.match(cells[9]) and not _TIME.match(cells[8]):
        return _Layout(CDR, _master_names(cells), None, delimiter)
    if len(cells) >= len(_CDR_START) and _TIME.match(cells[8]):
        return _Layout(CDR, _CDR_CUSTOM, None, delimiter)
    return None


def _master_names(cells: Sequence[str]) -> tuple[str, ...]:
    """cdr_csv writes uniqueid, userfield and the new columns each only where it is told to."""
    more = len(cells) - len(_CDR_START)
    new = _CDR_NEW if more >= len(_CDR_NEW) else ()
    only_one = more - len(new) == 1
    is_id = only_one and _UNIQUEID.fullmatch(cells[len(_CDR_START)]) is not None
    own = ('userfield',) if only_one and not is_id else ('uniqueid', 'userfield')
    return (*_CDR_START, *own[:more - len(new)], *new)


def _record(line: Line, layout: _Layout) -> Record | Broken:
    fields: Mapping[str, str] | None
    if layout.names is None and layout.kind == QUEUE:
        fields = _queue_fields(line.text)
        what = 'has fewer than the five fields of queue_log'
    elif layout.names is None:
        given = _json(line.text)
        fields = _named(given) if given else None
        what = 'is no JSON object'
    else:
        cells = _csv(line.text, layout.delimiter)
        # Columns at the end may be missing, as cdr_custom's sample grew by one.
        least = min(len(layout.names), 16) if layout.header is None else len(layout.names)
        whole = cells is not None and least <= len(cells) <= len(layout.names)
        fields = dict(zip(layout.names, cells or (), strict=False)) if whole else None
        what = 'is no CSV' if cells is None else (
            f'has {len(cells)} fields where there should be {len(layout.names)}')
    if fields is None:
        return broken(line.where, what, 'See whether the line was cut off or two were mixed.',
                      line.text)
    return Record(layout.kind, line.where, fields, line.text)


def _queue_fields(text: str) -> dict[str, str] | None:
    parts = text.split('|')
    if len(parts) < len(_QUEUE):
        return None
    data = {f'data{at}': part for at, part in enumerate(parts[len(_QUEUE):], 1)}
    return {**dict(zip(_QUEUE, parts, strict=False)), **data}


def _json(text: str) -> dict[str, object] | None:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _named(given: Mapping[str, object]) -> dict[str, str]:
    return dict(zip(_names(given), map(_plain, given.values()), strict=True))


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    return '' if value is None else json.dumps(value)


def _csv(text: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None


def _names(names: Iterator[str] | Sequence[str] | Mapping[str, object]) -> Iterator[str]:
    for name in names:
        plain = re.sub(r'[^a-z0-9]', '', name.lower())
        yield _SAME.get(plain, plain)
