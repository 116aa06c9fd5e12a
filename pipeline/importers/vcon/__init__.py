"""vCon (draft-ietf-vcon-vcon-core, up to -04, and the older forms of 2022 to 2025).

Every recording in a vCon is a row; two that hold one party each and begin together are the pair of
one call. Who the agent is, the contact centre extension says (`role`), or `--agent-pattern` and
`--agent-domain` do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.importers import Aside, Broken, Hints, Note, Options, Read, Row
from pipeline.importers.clock import Clock, iso
from pipeline.importers.files import files_of, text_of
from pipeline.importers.json_records import (
    Record,
    RecordError,
    records_among,
    records_of,
    spoilt,
)
from pipeline.importers.parties import Agents, agent_of, party_number
from pipeline.importers.vcon.history import Joined, history_of, transfers_of
from pipeline.importers.vcon.inside import Inside, inside_of
from pipeline.importers.vcon.opening import (
    body_of,
    compact_payload,
    hashes_of,
    opened_vcon,
)

HELP = 'vCon: conversation containers of the IETF draft, plain or signed'
EXAMPLES = """examples:
  etiquette import vcon calls/ --recordings recordings/
  etiquette import vcon call.vcon --agent-domain example.com
  etiquette import vcon calls/ --unpack --out calls/manifest.jsonl"""

SUFFIXES = ('.vcon', '.json', '.jsonl', '.ndjson', '.jws', '.gz')
_MOST = 256 << 20  # characters: with the recording of an hour inside
_TOGETHER_S = 0.5  # recordings of two parties that begin within it are of one call
_NO_AGENT = ('nothing says which party is the agent: agent_channel, direction, holds and '
             'hung_up_by are left out; --agent-pattern or --agent-domain says it')
_SIGNED = 'is signed, and the signature was not checked'
_INLINE = 'holds its recording inside: --unpack with --out writes it beside the manifest'
_REDACTED = 'has a recording that was taken out of it (redacted)'


@dataclass(frozen=True)
class _Talk:
    """A dialog that is a recording.

    Attributes:
      at: its index in `dialog`.
      channels: the parties of each channel; one, of all parties, where it is mixed.
    """

    at: int
    tree: Mapping[str, Any]
    start: datetime
    channels: tuple[tuple[int, ...], ...]

    @property
    def parties(self) -> list[int]:
        return [party for channel in self.channels for party in channel]


def add_options(parser: Any) -> None:
    Agents.add_options(parser)
    parser.add_argument('--unpack', action='store_true',
                        help='write recordings and transcripts that are inside vCons to a folder '
                             'beside the manifest (needs --out)')


def read(paths: Sequence[Path], options: Options) -> Iterator[Read]:
    """The recordings of the vCons."""
    clock, agents = Clock(options.zone), Agents.of(options.own)
    inside = inside_of(options)
    wanted = records_among(SUFFIXES, options, inside.folder)
    for path in files_of(paths, wanted):
        for record in _records(path, options.encoding):
            if isinstance(record, Broken):
                yield record
                continue
            try:
                yield from list(_rows(record, path, clock, agents, inside))
            except RecordError as error:
                yield spoilt(replace(record, tree=_short(record.tree)), error)
    yield from clock.notes()


def _records(path: Path, encoding: str) -> Iterator[Record | Broken]:
    if path.suffix.lower() != '.jws':
        yield from records_of(path, encoding, _MOST)
        return
    text = text_of(path, encoding)
    if isinstance(text, Broken):
        yield text
        return
    try:
        payload = compact_payload(text)
    except RecordError as error:
        yield Broken(str(path), str(error), error.way_out)
        return
    if payload is None:
        yield Broken(str(path), 'is no JWS in compact form', 'Name a JSON file .json or .vcon.')
        return
    import json
    yield Record(str(path), json.loads(payload))


def _rows(record: Record, path: Path, clock: Clock, agents: Agents,
          inside: Inside) -> Iterator[Read]:
    opened = opened_vcon(record)
    vcon = opened.record
    if opened.signed:
        yield Note(_SIGNED)
    uuid = vcon.text('uuid')
    if uuid is None:
        raise RecordError('uuid', 'is missing', 'Export the vCon again.')
    parties = vcon.parts('parties')
    dialogs = vcon.parts('dialog')
    talks = [_talk(at, dialog, len(parties), clock) for at, dialog in enumerate(dialogs)
             if dialog.text('type') == 'recording' and _is_audio(dialog)]
    if not talks:
        kinds = sorted({dialog.text('disposition') or dialog.text('type') or 'empty'
                        for dialog in dialogs})
        yield Aside(f'holds no recording of a call ({", ".join(kinds)[:60] or "no dialog"})')
        return
    calls = _calls(talks)
    for number, call in enumerate(calls):
        whole = len(calls) == 1
        row = _row(vcon, path, call, parties, dialogs, clock, agents, inside,
                   uuid if whole else f'{uuid}/{number}')
        yield from (replace(item, records=1 if not number else 0) if isinstance(item, Row | Aside)
                    else item for item in row)


def _talk(at: int, dialog: Record, known: int, clock: Clock) -> _Talk:
    start = dialog.instant(clock, 'start')
    if start is None:
        raise RecordError(f'dialog[{at}].start', 'is missing', 'Export the vCon again.')
    told = dialog.tree.get('parties')
    if told is None:
        told = []
    items = told if isinstance(told, list) else [[told]]
    channels = tuple(tuple(item) if isinstance(item, list) else
                     () if item is None else (item,) for item in items)
    if not all(type(party) is int and 0 <= party < known
               for channel in channels for party in channel):
        raise RecordError(f'dialog[{at}].parties', 'names a party that is not there',
                         'Export the vCon again.')
    return _Talk(at, dialog.tree, start, channels)


def _is_audio(dialog: Record) -> bool:
    kind = (dialog.text('mediatype') or dialog.text('mimetype') or 'audio/').lower()
    return kind.startswith(('audio/', 'application/octet-stream', 'multipart/'))


def _calls(talks: Sequence[_Talk]) -> list[tuple[_Talk, ...]]:
    """Recordings of one party each that begin together are of one call."""
    calls: list[tuple[_Talk, ...]] = []
    for talk in talks:
        other = calls[-1] if calls else ()
        if (len(other) == 1 and len(talk.parties) == len(other[0].parties) == 1
                and talk.parties != other[0].parties
                and abs((talk.start - other[0].start).total_seconds()) <= _TOGETHER_S):
            calls[-1] = (*other, talk)
        else:
            calls.append((talk,))
    return calls


def _row(vcon: Record, path: Path, call: tuple[_Talk, ...], parties: Sequence[Record],
         dialogs: Sequence[Record], clock: Clock, agents: Agents, inside: Inside,
         call_id: str) -> Iterator[Read]:
    present = list(dict.fromkeys(party for talk in call for party in talk.parties))
    agent = agent_of(parties, present, agents)
    caller = next((party for party in present if party != agent), None) \
        if agent is not None and len(present) == 2 else None
    if agent is None:
        yield Note(_NO_AGENT)
    uuid = vcon.text('uuid')
    cells: dict[str, Any] = {
        'call_id': call_id, 'contact_id': uuid if call_id != uuid else None,
        'started_at': iso(min(talk.start for talk in call)), **_who(parties, agent, caller)}
    pair = _pair(call, agent) if len(call) == 2 else None
    if len(call) == 2 and pair is None:
        raise RecordError('dialog', 'has a file for each party, and nothing says which is the '
                         'agent', 'Give --agent-pattern or --agent-domain.')
    cells |= _channel(call, agent) | _direction(call[0], agent)
    joined = history_of([Record(vcon.where, talk.tree) for talk in call], agent, caller, clock)
    cells |= _history(joined)
    moved = transfers_of(dialogs, {talk.at for talk in call}, agent, clock)
    if moved:
        cells['transfers'] = [{'at': iso(at), 'kind': kind} for at, kind in moved
                              if at >= min(talk.start for talk in call)]
        cells.pop('hung_up_by', None)  # an agent who moved the caller on has left, not hung up
    transcript = inside.transcript(vcon, path, call[0].at, call_id)
    if isinstance(transcript, Note):
        yield transcript
    elif transcript:
        cells['transcript_uri'] = transcript
    files = [_hints(talk, call_id, vcon.text('uuid') or '') for talk in (pair or call)]
    written = [inside.audio(body, talk.tree, call_id if len(call) == 1 else f'{call_id}-{talk.at}')
               for talk in (pair or call) if (body := body_of(talk.tree)) is not None]
    if len(written) == len(call) and all(written):
        names = ('agent_audio_uri', 'caller_audio_uri') if pair else ('audio_uri',)
        cells |= dict(zip(names, written, strict=True))
    elif written:
        yield Note(_INLINE)
    elif all('url' not in talk.tree for talk in call) and 'filename' not in call[0].tree:
        yield Note(_REDACTED)
    cells = {name: cell for name, cell in cells.items() if cell is not None}
    yield Row(vcon.where, cells, {name: _ORIGIN.get(name, 'parties') for name in cells}, files[0],
              pair=(files[0], files[1]) if pair else None)


def _who(parties: Sequence[Record], agent: int | None,
         caller: int | None) -> dict[str, str | None]:
    who: dict[str, str | None] = {}
    if agent is not None:
        party = parties[agent]
        who['agent_name'] = party.text('name')
        who['agent_id'] = (party.text('uuid') or party.text('mailto') or party_number(party)
                           or party.text('name'))
    if caller is not None:
        party = parties[caller]
        who['caller_name'] = party.text('name')
        who['caller_id'] = party_number(party) or party.text('mailto') or party.text('uuid')
    return who


def _pair(call: tuple[_Talk, ...], agent: int | None) -> tuple[_Talk, ...] | None:
    """The agent's, then the caller's."""
    if agent is None or agent not in (call[0].parties[0], call[1].parties[0]):
        return None
    return call if call[0].parties[0] == agent else call[::-1]


def _channel(call: tuple[_Talk, ...], agent: int | None) -> dict[str, int]:
    """Where two channels hold a party each: of a mono mix it means nothing, and does no harm."""
    channels = call[0].channels
    if len(call) != 1 or agent is None or len(channels) != 2:
        return {}
    held = [at for at, channel in enumerate(channels) if agent in channel]
    return {'agent_channel': held[0]} if len(held) == 1 else {}


def _direction(talk: _Talk, agent: int | None) -> dict[str, str]:
    """Who called: `originator`, else 'the first party in the dialog Object parties list'."""
    told = talk.tree.get('originator')
    by = told if type(told) is int else talk.parties[0] if len(talk.parties) > 1 else None
    if agent is None or by is None:
        return {}
    return {'direction': 'outbound' if by == agent else 'inbound'}


def _history(joined: Joined) -> dict[str, Any]:
    return {
        'answered_at': iso(joined.answered) if joined.answered else None,
        'ended_at': iso(joined.ended) if joined.ended else None,
        'hung_up_by': joined.hung_up_by,
        'holds': [{'start_at': iso(start), 'end_at': iso(end)} for start, end in joined.holds]
        or None}


def _hints(talk: _Talk, call_id: str, uuid: str) -> Hints:
    url = talk.tree.get('url')
    url = url if isinstance(url, str) else ''
    try:
        last = unquote(PurePosixPath(urlsplit(url).path).name)
    except ValueError:  # no URL
        last = ''
    files = list(dict.fromkeys(name for name in (talk.tree.get('filename'), last)
                               if isinstance(name, str) and name))
    if '://' in url and not url.lower().startswith('http'):  # a run opens gs:// and s3://
        files.append(url)
    return Hints(tuple(files), tuple(dict.fromkeys((call_id, uuid))), hashes=hashes_of(talk.tree))


def _short(tree: Mapping[str, Any]) -> dict[str, Any]:
    """What a reject shows of it: not the recording."""
    return {name: value for name, value in tree.items()
            if isinstance(value, str | int | float) and len(str(value)) < 200}


_ORIGIN = {
    'call_id': 'uuid', 'contact_id': 'uuid', 'started_at': 'dialog.start',
    'agent_channel': 'dialog.parties', 'direction': 'dialog.originator, parties',
    'answered_at': 'party_history join', 'ended_at': 'party_history drop',
    'hung_up_by': 'party_history drop', 'holds': 'party_history hold, unhold',
    'transfers': 'dialog of type transfer', 'transcript_uri': 'analysis of type transcript',
    'audio_uri': 'dialog.body', 'agent_audio_uri': 'dialog.body', 'caller_audio_uri': 'dialog.body'}
