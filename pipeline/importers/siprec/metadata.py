"""Recording metadata of RFC 7865 into sessions: who takes part, and which streams they send.

Metadata come as a snapshot and updates of it; those of one session are put together, the later
ones last. Drafts and vendors name some attributes otherwise (`id`, `session`, start-time): both
are read, in any namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

from pipeline.importers import Broken
from pipeline.importers.clock import Clock
from pipeline.importers.files import declares_entities, text_of
from pipeline.importers.json_records import RecordError
from pipeline.instants import InstantError

DOCUMENT_MOST = 1 << 20  # characters: of one call they are a few thousand
_DEEPEST = 20
_BEGIN = re.compile(r'<(?:[\w.-]{1,64}:)?recording[\s>]')
_END = re.compile(r'</(?:[\w.-]{1,64}:)?recording\s{0,64}>')
_CALLING, _CALLED = 'callingParty', 'calledParty'  # extensions of Oracle and NetSapiens


@dataclass
class Participant:
    """Who takes part; `sends` are ids of streams that carry their voice, `left` when they left."""

    addresses: list[str] = field(default_factory=list)
    name: str | None = None
    calling: bool | None = None
    left: datetime | None = None
    sends: list[str] = field(default_factory=list)


@dataclass
class Session:
    """A call, as far as the documents read so far tell; `labels` are those of its streams."""

    id: str
    where: str
    sip_id: str | None = None
    group: str | None = None
    started: datetime | None = None
    recorded: datetime | None = None  # from then on
    ended: datetime | None = None
    labels: dict[str, str] = field(default_factory=dict)  # of streams, in their order
    participants: dict[str, Participant] = field(default_factory=dict)
    documents: int = 0


def documents_of(path: Path, encoding: str) -> Iterator[tuple[str, str | Broken]]:
    """The documents of a file, which may be those of a SIP message, or several."""
    text = text_of(path, encoding)
    if isinstance(text, Broken):
        yield str(path), text
        return
    found = [] if declares_entities(text) else list(_parts(text))
    for number, part in enumerate(found or [text], 1):
        yield (f'{path} document {number}' if len(found) > 1 else str(path)), part


def _parts(text: str) -> Iterator[str]:
    at = 0
    while (begin := _BEGIN.search(text, at)) and (end := _END.search(text, begin.end())):
        yield text[begin.start():end.end()]
        at = end.end()


def tree_of(text: str) -> ElementTree.Element:
    """The document as XML. Raises RecordError where it is none, or dangerous."""
    if len(text) > DOCUMENT_MOST:
        raise RecordError('recording', f'is longer than {DOCUMENT_MOST >> 20} MiB',
                         'See whether it is recording metadata.')
    if declares_entities(text):
        raise RecordError('recording', 'has a DOCTYPE or an ENTITY, which recording metadata never '
                         'have', 'Take it out, if you know where it comes from.')
    try:
        tree = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise RecordError('recording', f'is not XML ({error})', 'Export it again.') from error
    if _name(tree) != 'recording':
        raise RecordError('recording', 'is not the root element', 'Give documents of RFC 7865.')
    if _depth(tree) > _DEEPEST:
        raise RecordError('recording', 'is nested too deep', 'Give documents of RFC 7865.')
    return tree


def _depth(tree: ElementTree.Element) -> int:
    level, depth = [tree], 0
    while level and depth <= _DEEPEST:
        level, depth = [child for element in level for child in element], depth + 1
    return depth


def merge(tree: ElementTree.Element, where: str, sessions: dict[str, Session],
          clock: Clock) -> bool:
    """Adds what a document says; False where it tells of no session that is known.

    Raises RecordError where it cannot be read: then nothing of it is added.
    """
    of = [_id(element, 'session_id') for element in _children(tree, 'session')]
    of += [id for name in ('sessionrecordingassoc', 'participantsessionassoc', 'stream')
           for element in _children(tree, name)
           if (id := element.get('session_id') or element.get('session')) in sessions and id]
    of = of or _with_participants(tree, sessions)
    told = {id: deepcopy(sessions[id]) if id in sessions else Session(id, where) for id in of}
    for session in told.values():
        session.documents += 1
        _merge_times(tree, session, clock)
        _merge_parties(tree, session, clock, alone=len(told) == 1)
    sessions |= told
    return bool(told)


def _with_participants(tree: ElementTree.Element, sessions: dict[str, Session]) -> list[str]:
    """The session that a partial update is of, where it names none: the only one that has its
    participants."""
    if (_text(tree, 'datamode') or _text(tree, 'dataMode') or '').lower() != 'partial':
        return []
    ids = {id for child in tree if (id := child.get('participant_id'))}
    found = [session.id for session in sessions.values() if ids & set(session.participants)]
    return found if len(found) == 1 else []


def _merge_times(tree: ElementTree.Element, session: Session, clock: Clock) -> None:
    for element in _of(tree, 'session', session.id):
        own_half = (_text(element, 'sipSessionID') or '').partition(';')[0]  # RFC 7989
        session.sip_id = own_half or session.sip_id
        session.group = _text(element, 'group-ref') or session.group
        session.started = (session.started or _instant(element, 'start-time', clock)
                           or _instant(element, 'associate-time', clock))
        session.ended = _instant(element, 'stop-time', clock) or session.ended
    for element in _of(tree, 'sessionrecordingassoc', session.id):
        session.recorded = session.recorded or _instant(element, 'associate-time', clock)
        session.ended = _instant(element, 'disassociate-time', clock) or session.ended


def _merge_parties(tree: ElementTree.Element, session: Session, clock: Clock,
                   alone: bool) -> None:
    for element in _of(tree, 'stream', session.id):
        id = _id(element, 'stream_id')
        session.labels[id] = _text(element, 'label') or session.labels.get(id, '')
    joining = _of(tree, 'participantsessionassoc', session.id)
    members = {element.get('participant_id') for element in joining}
    for element in _children(tree, 'participant'):
        id = _id(element, 'participant_id')
        if (id in members or id in session.participants or (alone and not members)
                or element.get('session') == session.id):
            _merge_participant(element, session.participants.setdefault(id, Participant()))
    for element in joining:
        participant = session.participants.get(element.get('participant_id') or '')
        if participant is not None:
            participant.left = _instant(element, 'disassociate-time', clock) or participant.left
    for element in tree.iter():
        participant = session.participants.get(element.get('participant_id') or '')
        if participant is None:
            continue
        if _name(element) == 'participantstreamassoc':
            _sends(element, participant)
        elif _name(element) in (_CALLING, _CALLED):
            participant.calling = _name(element) == _CALLING


def _merge_participant(element: ElementTree.Element, participant: Participant) -> None:
    for named in [*_children(element, 'nameID'), element]:
        aor = named.get('aor') or _text(named, 'aor')
        if aor and aor not in participant.addresses:
            participant.addresses.append(aor)
        participant.name = _text(named, 'name') or participant.name
    _sends(element, participant)  # before RFC 7865 streams were told here
    for inner in element.iter():
        if _name(inner) == _CALLING and inner.text:
            participant.calling = inner.text.strip().lower() == 'true'


def _sends(element: ElementTree.Element, participant: Participant) -> None:
    """A stream that stops is sent again when a hold ends: all that were sent are kept."""
    for sent in _children(element, 'send'):
        id = (sent.text or '').strip()
        if id and id not in participant.sends:
            participant.sends.append(id)


def _children(tree: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Of any namespace: drafts and RFC differ in it, and some senders leave it out."""
    return [child for child in tree if _name(child) == name]


def _of(tree: ElementTree.Element, name: str, session: str) -> list[ElementTree.Element]:
    """The elements of one session; a session itself has its id."""
    return [child for child in _children(tree, name)
            if session in (child.get('session_id'), child.get('session'), child.get('id'))]


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition('}')[2]


def _id(element: ElementTree.Element, name: str) -> str:
    id = element.get(name) or element.get('id')
    if not id:
        raise RecordError(f'{_name(element)}.{name}', 'is missing', 'Export it again.')
    return id.strip()


def _text(element: ElementTree.Element, name: str) -> str | None:
    return next((child.text.strip() for child in _children(element, name)
                 if child.text and child.text.strip()), None)


def _instant(element: ElementTree.Element, name: str, clock: Clock) -> datetime | None:
    text = _text(element, name)
    try:
        return clock.local(text) if text else None
    except InstantError as error:
        raise RecordError(f'{_name(element)}.{name}', f'{str(text)[:40]!r} {error}',
                         error.way_out) from error
