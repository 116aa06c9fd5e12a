"""Calls of FreeSWITCH and FusionPBX by the records of mod_xml_cdr and mod_json_cdr.

A call is the leg that came in (A); the one that it was bridged with (B), where it is logged, says
when the phone rang, and of whom the holds are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.importers import Aside, Begin, Broken, Hints, Options, Read, Row, Said, filled
from pipeline.importers.clock import epoch, iso
from pipeline.importers.files import files_of
from pipeline.importers.freeswitch.legs import Leg, first_of, legs_of
from pipeline.instants import InstantError
from pipeline.rows import ManifestError
from warehouse.records import AGENT, CALLER

HELP = 'calls of FreeSWITCH and FusionPBX: the files of mod_xml_cdr and mod_json_cdr'
EXAMPLES = """examples:
  etiquette import freeswitch /var/log/freeswitch/xml_cdr --recordings recordings/
  etiquette import freeswitch json_cdr/ --recordings recordings/ --out recordings/manifest.jsonl

Times are in UTC. Log the B legs as well (log-b-leg): the holds of an incoming call's agent, and
how long his phone rang, are told by them alone."""

_SUFFIXES = ('.xml', '.json', '.jsonl', '.cdr')
_AT_ONCE_S = 2.0  # an answer so shortly before the bridge is that of the party called
_RECORDS = ('record_session', 'record')
_FILES = ('cc_record_filename', 'record_file', 'recording_file', 'record_filename',
          'recording_filename')
_AGENTS = ('cc_agent', 'dialed_user', 'dialed_extension', 'last_sent_callee_id_number')
_TRANSFER = re.compile(r'(\d{9,10}):[^:|]*:(bl_xfer|att_xfer)')
_PARAMETERS = re.compile(r'^\{[^}]*\}')
_KINDS = {'bl_xfer': 'blind', 'att_xfer': 'attended'}


def add_options(parser: Any) -> None:
    parser.add_argument('--extensions', metavar='REGEX', default=r'\d{2,6}',
                        help='which numbers are phones of agents; others are outside '
                             '(default: \\d{2,6})')


def read(paths: Sequence[Path], options: Options) -> Iterator[Read]:
    """The calls of the files, by their start."""
    try:
        extensions = re.compile(options.own.get('extensions') or r'\d{2,6}')
    except re.error as error:
        raise ManifestError(f'--extensions: is no regular expression ({error})',
                            'Correct it.') from error
    legs: dict[str, Leg] = {}
    for path in files_of(paths, lambda file: file.suffix.lower() in _SUFFIXES):
        for leg in legs_of(path, options.encoding):
            options.tell(len(legs))
            if isinstance(leg, Broken):
                yield leg
            elif leg.uuid in legs:
                yield _twice(leg, legs[leg.uuid])
            else:
                legs[leg.uuid] = leg
    called: dict[str, list[Leg]] = defaultdict(list)
    for leg in legs.values():
        if leg.originator:
            called[leg.originator].append(leg)
    for leg in sorted(legs.values(), key=lambda leg: (leg.started_at, leg.uuid)):
        if leg.originator:
            if leg.originator not in legs:
                yield Aside('legs to a party whose caller\'s leg is not there')
            continue
        try:
            yield _Call(leg, called.get(leg.uuid, []), extensions).read()
        except InstantError as error:
            yield Broken(leg.where, f'one of its times {error}', error.way_out)


def _twice(leg: Leg, first: Leg) -> Read:
    if leg.variables == first.variables:
        return Aside('told twice, as the same record in several files')
    return Broken(leg.where, f'its uuid {leg.uuid} is also that of {first.where}, which says '
                  'otherwise', 'Keep the one that is right.')


class _Call:
    def __init__(self, leg: Leg, called: list[Leg], extensions: re.Pattern[str]):
        self._a, self._variables = leg, leg.variables
        self._records = 1 + len(called)
        answered = [b for b in called if b.answered_at]
        with_a = [b for b in answered if b.uuid == leg.variables.get('bridge_uuid')]
        # Of several that were bridged one after the other, the first is who took the call.
        self._b = min(with_a or answered, key=lambda b: b.started_at, default=None)
        self._extensions = extensions

    def read(self) -> Read:
        a = self._a
        if a.answered_at is None:
            cause = self._variables.get('hangup_cause') or 'no cause'
            return Aside(f'calls that nobody answered ({cause})', self._records)
        if a.bridged_at is None and self._b is None:
            return Aside('calls that a machine alone answered, such as an announcement or '
                         'voicemail', self._records)
        cells, origin = filled(self._said())
        return Row(a.where, cells, origin, self._hints(), self._begins(), self._records)

    def _said(self) -> Said:
        direction, why = self._direction()
        said: dict[str, tuple[Any, str]] = {
            'call_id': (self._a.uuid, 'uuid'),
            'contact_id': first_of(self._variables, ('call_uuid',)),
            'direction': (direction, why),
            'queue': _local(*first_of(self._variables, ('cc_queue',))),
            'ended_at': (iso(self._a.ended_at), 'end_uepoch'),
            'hung_up_by': self._hung_up_by(direction),
            'holds': self._holds(direction),
            'transfers': self._transfers(),
            'agent_channel': self._agent_channel(direction),
        }
        return {**said, **self._times(), **self._parties(direction)}

    def _direction(self) -> tuple[str | None, str]:
        """FreeSWITCH's own `direction` is of the leg: a call out comes in from a phone first."""
        told = self._variables.get('call_direction', '')
        if told in ('inbound', 'outbound'):
            return told, 'call_direction'
        if self._variables.get('cc_queue'):
            return 'inbound', 'cc_queue'
        from_phone = bool(first_of(self._variables, ('user_name', 'sip_auth_username'))[0])
        to_phone = self._extensions.fullmatch(self._dialled()) is not None
        if from_phone and not to_phone and self._dialled():
            return 'outbound', 'user_name, destination_number'
        if not from_phone and self._variables.get('channel_name', '').startswith('sofia/external/'):
            return 'inbound', 'channel_name'
        return None, ''

    def _dialled(self) -> str:
        return self._a.profile.get('destination_number') or self._variables.get(
            'destination_number', '')

    def _parties(self, direction: str | None) -> Said:
        if direction is None:
            return {}
        profile = self._a.profile
        number = profile.get('caller_id_number') or self._variables.get('caller_id_number')
        name = profile.get('caller_id_name') or self._variables.get('caller_id_name')
        name = None if name == number else name
        if direction == 'outbound':
            user, origin = first_of(self._variables, ('user_name', 'sip_auth_username'))
            return {'agent_id': (user or number, origin or 'caller_id_number'),
                    'agent_name': (name, 'caller_id_name'),
                    'caller_id': (self._dialled(), 'destination_number')}
        agent, origin = _local(*first_of(self._variables, _AGENTS))
        if agent is None and self._b is not None:
            agent, origin = self._b.profile.get('destination_number'), 'B destination_number'
        return {'agent_id': (agent, origin), 'caller_id': (number, 'caller_id_number'),
                'caller_name': (name, 'caller_id_name')}

    def _times(self) -> Said:
        """When the called party's phone rang and was answered."""
        a, b = self._a, self._b
        if b is not None and b.answered_at is not None:
            return {'ringing_at': (iso(b.progress_at or b.started_at),
                                   'B progress_uepoch' if b.progress_at else 'B start_uepoch'),
                    'answered_at': (iso(b.answered_at), 'B answer_uepoch')}
        queued = epoch(self._variables.get('cc_queue_answered_epoch', ''))
        if queued is not None:
            return {'answered_at': (iso(queued), 'cc_queue_answered_epoch')}
        if a.bridged_at is None or a.answered_at is None:
            return {}
        said: dict[str, tuple[Any, str]] = {'answered_at': (iso(a.bridged_at), 'bridge_uepoch')}
        at_once = (a.bridged_at - a.answered_at).total_seconds() <= _AT_ONCE_S
        # Where a machine answered first, ringing was heard by nobody but the party called.
        if at_once and a.progress_at is not None and a.progress_at <= a.bridged_at:
            said['ringing_at'] = (iso(a.progress_at), 'progress_uepoch')
        return said

    def _hung_up_by(self, direction: str | None) -> tuple[str | None, str]:
        """By who sent the BYE; FreeSWITCH sends one itself only to whom has not."""
        if direction is None:
            return None, ''
        a_is = AGENT if direction == 'outbound' else CALLER
        b_is = CALLER if direction == 'outbound' else AGENT
        if self._variables.get('sip_hangup_disposition') == 'recv_bye':
            return a_is, 'sip_hangup_disposition'
        if self._b and self._b.variables.get('sip_hangup_disposition') == 'recv_bye':
            return b_is, 'B sip_hangup_disposition'
        return None, ''

    def _holds(self, direction: str | None) -> tuple[list[dict[str, str]] | None, str]:
        """Those of the agent's leg: the one whose phone holds is the one that logs it."""
        leg = self._a if direction == 'outbound' else self._b if direction == 'inbound' else None
        if leg is None or leg.holds is None:
            return None, ''
        return [{'start_at': iso(on), 'end_at': iso(max(on, off or leg.ended_at))}
                for on, off in leg.holds], 'hold_events'

    def _transfers(self) -> tuple[list[dict[str, str]] | None, str]:
        """Those after the agent came on; before it they are the dialplan's own."""
        told = _TRANSFER.findall(self._variables.get('transfer_history', ''))
        since = self._a.bridged_at or (self._b and self._b.answered_at) or self._a.started_at
        items = [(epoch(at), kind) for at, kind in told]
        kept = [{'at': iso(at), 'kind': _KINDS[kind]} for at, kind in items if at and at > since]
        return (kept, 'transfer_history') if kept else (None, '')

    def _recorder(self) -> tuple[str, datetime | None] | None:
        return next(((_PARAMETERS.sub('', data), at) for name, data, at in self._a.applications
                     if name in _RECORDS and data), None)

    def _agent_channel(self, direction: str | None) -> tuple[int | None, str]:
        """RECORD_STEREO puts the party of the leg that records left, RECORD_STEREO_SWAP right
        (switch_core_media_bug.c)."""
        swapped = self._is_set('RECORD_STEREO_SWAP')
        if self._recorder() is None or direction is None or not (
                swapped or self._is_set('RECORD_STEREO')):
            return None, ''
        return int((direction == 'inbound') != swapped), 'RECORD_STEREO'

    def _is_set(self, name: str) -> bool:
        return self._variables.get(name, '').lower() in ('true', 'yes', 'on', '1')

    def _begins(self) -> tuple[Begin, ...]:
        a, recorder = self._a, self._recorder()
        if recorder and recorder[1]:
            waits = [at for name, at in (('RECORD_ANSWER_REQ', a.answered_at),
                                         ('RECORD_BRIDGE_REQ', a.bridged_at))
                     if at is not None and self._is_set(name)]
            return (Begin(max([recorder[1], *waits]), 'answer', 'app_log record_session'),)
        return tuple(Begin(at, kind, origin) for at, kind, origin in (
            (a.started_at, 'call', 'start_uepoch'), (a.answered_at, 'answer', 'answer_uepoch'),
            (a.bridged_at, 'connect', 'bridge_uepoch')) if at is not None)

    def _hints(self) -> Hints:
        recorder, variables = self._recorder(), self._variables
        # Behind the file may stand the longest time and other limits.
        files = [recorder[0], recorder[0].partition(' ')[0]] if recorder else []
        if variables.get('record_name'):
            files.append(f'{variables.get("record_path", "").rstrip("/")}/'
                         f'{variables["record_name"]}'.lstrip('/'))
        files += [variables[name] for name in _FILES if variables.get(name)]
        number = self._a.profile.get('caller_id_number', '')
        return Hints(tuple(dict.fromkeys(files)), (self._a.uuid,),
                     tuple(filter(None, (number, self._dialled()))),
                     self._a.started_at, self._a.ended_at)


def _local(value: str | None, origin: str) -> tuple[str | None, str]:
    """Without the domain of 'support@pbx.example'."""
    return (value.partition('@')[0] if value else None), origin
