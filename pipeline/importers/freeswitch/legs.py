"""Records of mod_xml_cdr and mod_json_cdr into legs: what a channel's variables and times are.

Both write one record a leg, the same in XML and in JSON (switch_ivr.c), with variables in URL
encoding. XML that declares a document type or an entity is refused before it is parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from pipeline.importers import Broken
from pipeline.importers.clock import epoch
from pipeline.importers.files import broken, text_of
from pipeline.instants import InstantError

# What is kept of the two hundred variables that a leg has: logs may be large.
KEPT = frozenset((
    'uuid', 'originator', 'call_uuid', 'bridge_uuid', 'channel_name', 'direction', 'call_direction',
    'caller_id_number', 'caller_id_name', 'destination_number', 'user_name', 'sip_auth_username',
    'cc_queue', 'cc_agent', 'cc_queue_answered_epoch', 'dialed_user', 'dialed_extension',
    'last_sent_callee_id_number', 'hangup_cause', 'sip_hangup_disposition', 'transfer_history',
    'hold_events', 'hold_accum_seconds', 'RECORD_STEREO', 'RECORD_STEREO_SWAP',
    'RECORD_ANSWER_REQ', 'RECORD_BRIDGE_REQ', 'record_path', 'record_name', 'cc_record_filename',
    'record_file', 'recording_file', 'record_filename', 'recording_filename',
    *(f'{time}_{unit}' for time in ('start', 'progress', 'progress_media', 'answer', 'bridge',
                                    'end') for unit in ('epoch', 'uepoch'))))
_DECLARES = re.compile(r'<!\s*(DOCTYPE|ENTITY)', re.IGNORECASE)
_HOLD = re.compile(r'\{\s*(\d{1,17})\s*,\s*(\d{1,17})\s*\}', re.ASCII)
_PER_SECOND = 1_000_000
_CORRECT = 'Correct the record, or leave its file out.'
_WAY_OUT = 'See whether the file was cut off, or is no record of mod_xml_cdr or mod_json_cdr.'


class LegError(ValueError):
    """The record says what cannot be."""


@dataclass(frozen=True)
class Leg:
    """A channel of FreeSWITCH. Times are None where it came not so far.

    Attributes:
      variables: those of KEPT that are set.
      profile: of the caller profile that it began with.
      applications: (name, data, when), as they ran.
      holds: when its own party held the other.
    """

    where: str
    uuid: str
    variables: Mapping[str, str]
    profile: Mapping[str, str]
    applications: tuple[tuple[str, str, datetime | None], ...]
    holds: tuple[tuple[datetime, datetime | None], ...] | None
    started_at: datetime
    progress_at: datetime | None
    answered_at: datetime | None
    bridged_at: datetime | None
    ended_at: datetime

    @property
    def originator(self) -> str:
        """uuid of the leg that called this one; '' of one that came in."""
        return self.variables.get('originator', '')


def legs_of(path: Path, encoding: str) -> Iterator[Leg | Broken]:
    """The legs in a file: one record, a JSON array of them, or one a line."""
    text = text_of(path, encoding)
    if isinstance(text, Broken):
        yield text
    elif text.lstrip().startswith('<'):
        yield _leg(str(path), text, _xml)
    elif text.lstrip().startswith('['):
        yield from _array(path, text)
    elif not text.strip():
        yield broken(str(path), 'is empty', _WAY_OUT, '')
    elif _is_json(text):
        yield _leg(str(path), text, json.loads)
    else:
        lines = [(n, line) for n, line in enumerate(text.split('\n'), 1) if line.strip()]
        for number, line in lines:
            where = f'{path} line {number}' if len(lines) > 1 else str(path)
            yield _leg(where, line, json.loads)


def _array(path: Path, text: str) -> Iterator[Leg | Broken]:
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield broken(str(path), f'is no JSON: {error}', _WAY_OUT, text)
        return
    for number, record in enumerate(records, 1):
        yield _leg(f'{path} record {number}', json.dumps(record), json.loads)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _leg(where: str, text: str, parse: Any) -> Leg | Broken:
    try:
        record = parse(text)
        if not isinstance(record, dict) or not isinstance(record.get('variables'), dict):
            raise LegError('holds no variables')
        return _of(where, record)
    except RecursionError:
        cause, way_out = 'is nested too deep', _WAY_OUT
    except LegError as error:
        cause, way_out = str(error), _CORRECT
    except InstantError as error:
        cause, way_out = f'one of its times {error}', _CORRECT
    except (ValueError, ElementTree.ParseError) as error:
        cause, way_out = f'cannot be read: {error}', _WAY_OUT
    return broken(where, cause, way_out, text)


def _of(where: str, record: Mapping[str, Any]) -> Leg:
    variables = {name: unquote(value) if isinstance(value, str) else str(value)
                 for name, value in record['variables'].items()
                 if name in KEPT and value is not None}
    flows = record.get('callflow') or []
    flows = [flow for flow in (flows if isinstance(flows, list) else [flows])
             if isinstance(flow, dict)]
    flows.sort(key=lambda flow: int(flow.get('profile_index') or 0))
    profile = _texts(flows[0].get('caller_profile')) if flows else {}
    uuid = variables.get('uuid') or profile.get('uuid') or ''
    if not uuid:
        raise LegError('has no uuid')
    times = _texts(flows[-1].get('times')) if flows else {}
    created = _texts(flows[0].get('times')) if flows else {}
    started_at = _time(variables, 'start') or _micros(created.get('created_time'))
    ended_at = _time(variables, 'end') or _micros(times.get('hangup_time'))
    if started_at is None or ended_at is None:
        raise LegError('says not when it started and ended')
    leg = Leg(where, uuid, variables, profile, _applications(record), _holds(record, variables),
              started_at,
              _time(variables, 'progress') or _time(variables, 'progress_media')
              or _micros(times.get('progress_time')) or _micros(times.get('progress_media_time')),
              _time(variables, 'answer') or _micros(times.get('answered_time')),
              _time(variables, 'bridge') or _micros(times.get('bridged_time')), ended_at)
    _check(leg)
    return leg


def _check(leg: Leg) -> None:
    if leg.ended_at < leg.started_at:
        raise LegError('ends before it starts')
    for name, at in (('answered', leg.answered_at), ('bridged', leg.bridged_at)):
        if at is not None and not leg.started_at <= at <= leg.ended_at:
            raise LegError(f'was {name} before it started or after it ended')


def _time(variables: Mapping[str, str], name: str) -> datetime | None:
    """`start_uepoch` in microseconds, else `start_epoch` in seconds; 0 is not at all."""
    fine = _micros(variables.get(f'{name}_uepoch'))
    return fine or epoch(variables.get(f'{name}_epoch') or '')


def _micros(text: str | None) -> datetime | None:
    return epoch(text or '', _PER_SECOND)


def _applications(record: Mapping[str, Any]) -> tuple[tuple[str, str, datetime | None], ...]:
    log = record.get('app_log')
    items = log.get('applications') or log.get('application') if isinstance(log, dict) else log
    return tuple((str(item.get('app_name') or ''), unquote(str(item.get('app_data') or '')),
                  _micros(str(item.get('app_stamp') or '')))
                 for item in (items if isinstance(items, list) else ()) if isinstance(item, dict))


def _holds(record: Mapping[str, Any],
           variables: Mapping[str, str]) -> tuple[tuple[datetime, datetime | None], ...] | None:
    """By `hold_events` or the hold record; none where `hold_accum_seconds` is 0."""
    pairs = _HOLD.findall(variables.get('hold_events', ''))
    held = record.get('hold-record')
    pairs = pairs or [(str(item.get('on') or ''), str(item.get('off') or ''))
                      for item in (held if isinstance(held, list) else ())]
    holds = [(_micros(on), _micros(off)) for on, off in pairs]
    known = tuple((on, off) for on, off in holds if on is not None)
    total = variables.get('hold_accum_seconds', '')
    return known if known or total == '0' else None


def _texts(given: object) -> dict[str, str]:
    return {name: unquote(str(value)) for name, value in given.items()
            if isinstance(value, (str, int))} if isinstance(given, dict) else {}


def _xml(text: str) -> dict[str, Any]:
    if _DECLARES.search(text):
        raise LegError('declares a document type or an entity, which no CDR does')
    root = ElementTree.fromstring(text)
    if root.tag != 'cdr':
        raise LegError(f'is XML, but <{root.tag[:40]}>, not <cdr>')

    def children(parent: ElementTree.Element | None) -> dict[str, str]:
        return {} if parent is None else {child.tag: child.text or '' for child in parent}

    def attributes(path: str) -> list[dict[str, str]]:
        return [dict(item.attrib) for item in root.findall(path)]
    if root.find('variables') is None:
        raise LegError('holds no variables')
    return {
        'variables': children(root.find('variables')),
        'app_log': attributes('app_log/application'),
        'hold-record': attributes('hold-record/hold'),
        'callflow': [{**flow.attrib, 'caller_profile': children(flow.find('caller_profile')),
                      'times': children(flow.find('times'))}
                     for flow in root.findall('callflow')],
    }


def first_of(variables: Mapping[str, str], names: Sequence[str]) -> tuple[str | None, str]:
    """The first of these variables that is set, and its name."""
    return next(((variables[name], name) for name in names if variables.get(name)), (None, ''))
