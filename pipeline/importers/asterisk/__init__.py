"""Calls of Asterisk, FreePBX and Issabel by their logs: CDR, CEL and queue_log, any of them.

The logs are joined by uniqueid and linkedid. A call is a channel that came in: its uniqueid is the
call's, and the linkedid, which legs of one contact share, the contact's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.importers import Aside, Broken, Options, Read
from pipeline.importers.asterisk.calls import Call, reads_of
from pipeline.importers.asterisk.logs import CDR, CEL, QUEUE, Record, records_of
from pipeline.importers.asterisk.records import (
    CelEvent,
    RecordError,
    cdr_of,
    cel_event_of,
    queue_event_of,
)
from pipeline.importers.clock import Clock
from pipeline.importers.files import broken, files_of
from pipeline.instants import InstantError
from pipeline.rows import ManifestError

HELP = 'calls of Asterisk, FreePBX, Issabel: CDR, CEL and queue_log, any of them'
EXAMPLES = """examples:
  etiquette import asterisk Master.csv queue_log --recordings monitor/
  etiquette import asterisk cdr/ cel/ queue_log* --recordings /var/spool/asterisk/monitor \\
      --out /var/spool/asterisk/monitor/manifest.jsonl

The files are told apart by what is in them; .gz is read as well. CDR is Master.csv, CSV with a
header, or JSON lines. Local times are read by the clock in uniqueid, else by --timezone."""

_LOGS = ('.csv', '.log', '.json', '.jsonl', '.txt', '.gz')
_NAMELESS = 'no uniqueid: '
_NO_CALL = ('NONE', 'REALTIME', '')  # callid of queue_log that is no channel


def add_options(parser: Any) -> None:
    parser.add_argument('--cdr-fields', metavar='A,B,C',
                        help='the order of the fields in a CDR of your own without a header: '
                             'src,dst,start,duration,billsec,disposition,uniqueid')
    parser.add_argument('--extensions', metavar='REGEX', default=r'\d{2,6}',
                        help='which endpoints are phones of agents; others are lines to the '
                             'outside (default: \\d{2,6})')


def read(paths: Sequence[Path], options: Options) -> Iterator[Read]:
    """The calls of the files, by their start."""
    clock = Clock(options.zone)
    try:
        extensions = re.compile(options.own.get('extensions') or r'\d{2,6}')
    except re.error as error:
        raise ManifestError(f'--extensions: is no regular expression ({error})',
                            'Correct it.') from error
    calls: dict[str, Call] = {}
    cel: dict[str, list[CelEvent]] = defaultdict(list)
    seen: set[int] = set()
    count = 0
    for path in files_of(paths, lambda file: file.name.startswith('queue_log')
                         or file.suffix.lower() in _LOGS):
        for record in _records_of(path, options, path in paths):
            options.tell(count := count + 1)
            if isinstance(record, Broken):
                yield record
            elif hash(record.text) in seen:
                yield Aside('told twice, as where rotated logs overlap')
            else:
                seen.add(hash(record.text))
                yield from _taken(record, calls, cel, clock)
    yield from reads_of(calls, cel, extensions)
    yield from clock.notes()


def _records_of(path: Path, options: Options, is_named: bool) -> Iterator[Record | Broken]:
    """The records of a file; one that is no log is an error where it was named, and else broken:
    folders of logs hold other files too."""
    try:
        yield from records_of(path, options)
    except ManifestError as error:
        if is_named:
            raise
        yield broken(str(path), error.message.removeprefix(f'{path}: '), error.way_out, '')


def _taken(record: Record, calls: dict[str, Call], cel: dict[str, list[CelEvent]],
           clock: Clock) -> Iterator[Read]:
    """Puts the record to its call; yields it where it belongs to none."""
    take: dict[str, Callable[[], Read | None]] = {
        CDR: lambda: _take_cdr(record, calls, clock),
        QUEUE: lambda: _take_queue(record, calls, clock),
        CEL: lambda: _take_cel(record, cel, clock)}
    try:
        aside = take[record.kind]()
    except (RecordError, InstantError) as error:
        aside = broken(record.where, f'{record.kind}: {error}', error.way_out, record.text)
    except OverflowError:
        aside = broken(record.where, f'{record.kind}: its end is beyond the year 9999',
                       'See the lines around it.', record.text)
    if aside is not None:
        yield aside


def _take_cdr(record: Record, calls: dict[str, Call], clock: Clock) -> Read | None:
    cdr = cdr_of(record, clock)
    # Local channels are Asterisk's own, between a queue and a phone: not calls of their own.
    inner = cdr.channel.startswith('Local/') and cdr.linkedid
    # Without uniqueid nothing else can be joined to it.
    key = inner or cdr.uniqueid or f'{_NAMELESS}{cdr.where}'
    calls.setdefault(key, Call(key, has_id=bool(cdr.uniqueid))).cdrs.append(cdr)
    return None


def _take_queue(record: Record, calls: dict[str, Call], clock: Clock) -> Read | None:
    event = queue_event_of(record, clock)
    if event.callid.upper() in _NO_CALL:
        return Aside('events of queue_log about no call, such as agents who log in')
    calls.setdefault(event.callid, Call(event.callid)).queue.append(event)
    return None


def _take_cel(record: Record, cel: dict[str, list[CelEvent]], clock: Clock) -> Read | None:
    event = cel_event_of(record, clock)
    cel[event.linkedid].append(event)
    return None
