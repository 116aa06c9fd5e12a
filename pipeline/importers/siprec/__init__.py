"""SIPREC: the metadata that recording clients send (RFC 7865), as recorders keep it.

A stream that a participant sends carries that participant's voice. Which channel of a file or
which file it went to is the recorder's choice: `--channels` or `--file-names` says it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from pipeline.importers import Aside, Broken, Hints, Note, Options, Read, Row
from pipeline.importers.clock import Clock, iso
from pipeline.importers.files import broken, files_of
from pipeline.importers.json_records import RecordError
from pipeline.importers.parties import Agents, number_of
from pipeline.importers.siprec.metadata import Participant, Session, documents_of, merge, tree_of

HELP = 'SIPREC: recording metadata of session border controllers (RFC 7865), as XML'
EXAMPLES = """examples:
  etiquette import siprec metadata/ --recordings recordings/ --agent-domain pbx.example.com
  etiquette import siprec metadata/ --recordings recordings/ --agent-pattern '^sip:2..@' \\
      --channels 1,2 --out recordings/manifest.jsonl"""

SUFFIXES = ('.xml', '.gz', '.siprec', '.txt')
_SAME_S = 1.0
_NO_AGENT = ('nothing says which participant is the agent: agent_id, agent_channel and direction '
             'are left out; --agent-domain or --agent-pattern says it')


def add_options(parser: Any) -> None:
    Agents.add_options(parser)
    parser.add_argument('--file-names', metavar='TEMPLATE', default='',
                        help='of a file for each stream: {session}_{label}; also {stream} and '
                             '{sip_session}')
    parser.add_argument('--channels', metavar='LABELS',
                        help='labels of the streams in the order of a recording\'s channels: 1,2')


def read(paths: Sequence[Path], options: Options) -> Iterator[Read]:
    """The sessions of the documents, in the order of the files' names."""
    clock, agents = Clock(options.zone), Agents.of(options.own)
    order = [label.strip() for label in (options.own.get('channels') or '').split(',') if label]
    sessions: dict[str, Session] = {}
    for path in files_of(paths, lambda file: file.suffix.lower() in SUFFIXES):
        for where, text in documents_of(path, options.encoding):
            try:
                if isinstance(text, Broken):
                    yield text
                elif not merge(tree_of(text), where, sessions, clock):
                    yield Aside('holds no session')
            except RecordError as error:
                yield broken(where, str(error), error.way_out, text if isinstance(text, str)
                             else '')
    for session in sessions.values():
        yield from _row(session, agents, order, options.own.get('file_names') or '')
    yield from clock.notes()


def _row(session: Session, agents: Agents, order: Sequence[str],
         template: str) -> Iterator[Read]:
    talking = {id: one for id, one in session.participants.items() if one.addresses}
    found = [one for one in talking.values()
             if agents.knows([*one.addresses, *([one.name] if one.name else [])])]
    agent = found[0] if len(found) == 1 else None
    caller = next((one for one in talking.values() if one is not agent), None) \
        if agent and len(talking) == 2 else None
    started = session.recorded or session.started
    cells: dict[str, Any] = {
        'call_id': session.id, 'contact_id': session.group,
        'started_at': iso(started) if started else None,
        'ended_at': iso(session.ended) if session.ended else None}
    if agent is None:
        yield Note(_NO_AGENT)
    else:
        cells['agent_id'], cells['agent_name'] = number_of(agent.addresses[0]), agent.name
        cells['direction'] = _direction(agent, caller)
        cells['hung_up_by'] = _first_out(agent, caller)
        cells['agent_channel'] = _channel(session, agent, order)
    if caller is not None:
        cells['caller_id'], cells['caller_name'] = number_of(caller.addresses[0]), caller.name
    cells = {name: cell for name, cell in cells.items() if cell is not None}
    ids = _names(session.id) + ((session.sip_id,) if session.sip_id else ())
    yield Row(session.where, cells, {name: _ORIGIN[name] for name in cells}, Hints(ids=ids),
              records=session.documents, pair=_pair(session, agent, caller, template))


def _direction(agent: Participant, caller: Participant | None) -> str | None:
    if agent.calling is None and (caller is None or caller.calling is None):
        return None
    is_agent = agent.calling if agent.calling is not None else not (caller and caller.calling)
    return 'outbound' if is_agent else 'inbound'


def _first_out(agent: Participant, caller: Participant | None) -> str | None:
    if caller is None or agent.left is None or caller.left is None:
        return None
    apart_s = (agent.left - caller.left).total_seconds()
    return None if abs(apart_s) <= _SAME_S else 'agent' if apart_s < 0 else 'caller'


def _channel(session: Session, agent: Participant, order: Sequence[str]) -> int | None:
    """The place of the agent's only label among the labels of a file's channels."""
    labels = {session.labels.get(id, '') for id in agent.sends} - {''}
    held = [at for at, label in enumerate(order[:2]) if label in labels]
    return held[0] if len(held) == 1 else None


def _pair(session: Session, agent: Participant | None, caller: Participant | None,
          template: str) -> tuple[Hints, Hints] | None:
    """A file for each party, where the template names one for each stream."""
    if agent is None or caller is None or not ({'{label}', '{stream}'} & set(
            re.findall(r'\{\w+\}', template))):
        return None
    return (Hints(_filled(template, session, agent)), Hints(_filled(template, session, caller)))


def _filled(template: str, session: Session, participant: Participant) -> tuple[str, ...]:
    """The names that a file with the participant's voice may have."""
    names: dict[str, None] = {}
    for stream in participant.sends:
        for form in _names(session.id):
            for stream_form in _names(stream):
                name = template
                for field, value in (('{session}', form), ('{stream}', stream_form),
                                     ('{label}', session.labels.get(stream, '')),
                                     ('{sip_session}', session.sip_id or '')):
                    name = name.replace(field, value)
                names[name] = None
    return tuple(names)


def _names(id: str) -> tuple[str, ...]:
    """An id as names of files may hold it: as it is, without what names cannot hold, as a UUID."""
    forms = [id.removeprefix('urn:uuid:'), re.sub(r'[/+=]', '_', id),
             id.replace('+', '-').replace('/', '_').rstrip('=')]
    with suppress(ValueError, binascii.Error):
        forms.append(str(UUID(bytes=base64.b64decode(id, validate=True))))
    return tuple(dict.fromkeys(forms))


_ORIGIN: Mapping[str, str] = {
    'call_id': 'session_id', 'contact_id': 'group-ref', 'started_at': 'associate-time',
    'ended_at': 'stop-time, disassociate-time', 'agent_id': 'nameID aor', 'agent_name': 'name',
    'caller_id': 'nameID aor', 'caller_name': 'name', 'direction': 'callingParty',
    'hung_up_by': 'participant\'s disassociate-time', 'agent_channel': '--channels, label'}
