"""vCon, the IETF's container of a conversation: one JSON file a call.

After draft-ietf-vcon-vcon-core-04 (syntax 0.4.0) and, for the roles of the parties,
draft-ietf-vcon-cc-extension-02. The recording is referred to, never included.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from warehouse.records import AGENT, CALLER

SYNTAX = '0.4.0'
VENDOR, PRODUCT = 'call-etiquette', 'etiquette'
REPORT_SCHEMA, EVENTS_SCHEMA = 'call-etiquette-report-1', 'call-etiquette-events-1'
TRANSCRIPT_SCHEMA = 'whisperx'
# Its index in `parties`, and its role as the contact-center extension names it.
_PARTIES = {AGENT: 0, CALLER: 1}
_ROLES = {AGENT: 'agent', CALLER: 'customer'}
# Those that the draft lists are written as it has them.
_MEDIA = {'.wav': 'audio/x-wav', '.mp3': 'audio/x-mp3', '.m4a': 'audio/x-mp4',
          '.mp4': 'audio/x-mp4', '.ogg': 'audio/ogg', '.opus': 'audio/ogg',
          '.oga': 'audio/ogg', '.flac': 'audio/flac', '.webm': 'audio/webm', '.au': 'audio/basic'}
_TAGS = re.compile(r'\[(card|account|phone|email)\]')  # as the pipeline's redaction writes them
_TEL = re.compile(r'\+?[0-9][0-9 ().-]{2,24}')
_MAIL = re.compile(r'[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+')
_SHA256 = re.compile(r'[0-9a-f]{64}')

Row = Mapping[str, Any]


def document(call: Row, turns: Sequence[Row], words: Sequence[Row], events: Sequence[Row],
             findings: Sequence[Row], kpis: Sequence[Row], *, published_at: datetime,
             audio_url: str | None = None) -> dict[str, Any]:
    """The vCon of a call but for its `uuid`, from its rows, whose numbers are finite.

    `created_at` is when the call was processed, so that the same rows give the same document.

    Args:
      published_at: stands for the time of a call that does not say when it was processed.
      audio_url: the address under which the recordings are to be had, each by its file's name.
        The draft takes no other reference than HTTPS; without it the dialog names the file alone.
    """
    told = json.loads(call['manifest'] or '{}')
    dialog = _dialog(call, told, events, audio_url)
    over = 0 if len(dialog) == 1 else list(range(len(dialog)))
    return {
        'vcon': SYNTAX,
        'extensions': ['CC'],
        'created_at': _instant(call['processed_at'] or published_at),
        'subject': f'Call {call["call_id"]}',
        **_redacted(turns, words),
        'parties': [_party(AGENT, call['agent_id'], told.get('agent_name')),
                    _party(CALLER, call['caller_id'], told.get('caller_name'))],
        'dialog': dialog,
        'analysis': [*_transcript(call, turns, words, over),
                     *_reports(call, findings, kpis, over),
                     _analysis(over, 'report', EVENTS_SCHEMA, {'events': _bare(
                         row for row in events if row['kind'] != 'speech')})],
    }


def encoded(document: Mapping[str, Any]) -> bytes:
    """The document as UTF-8 JSON, with its `uuid`: of version 8 (RFC 9562), made of the content."""
    text = json.dumps(document, ensure_ascii=False, separators=(',', ':'), allow_nan=False)
    content = text.encode('utf-8', 'replace')  # a name may hold half a surrogate pair
    return b'{"uuid":"%s",%s\n' % (_uuid8(content).encode('ascii'), content[1:])


def _dialog(call: Row, told: Row, events: Iterable[Row],
            audio_url: str | None) -> list[dict[str, Any]]:
    """The recording, or the two of a call of which each party has its own file."""
    started = call['started_at']
    common = {'type': 'recording', **({'start': _instant(started)} if started else {})}
    pair = [told.get('agent_audio_uri'), told.get('caller_audio_uri')]
    if all(pair):
        # Of each file alone neither the length nor the hash is stored: the sha256 is of both.
        files = [{**common, 'parties': n, **_file(str(uri))} for n, uri in enumerate(pair)]
    else:
        files = [{**common, 'duration': float(call['duration_s']),
                  'parties': _channels(call, told), **_file(call['source_uri']),
                  **_content(call, audio_url)}]
    files[0].update(_history(started, events))
    origin = {'inbound': _PARTIES[CALLER], 'outbound': _PARTIES[AGENT]}.get(call['direction'])
    for one in files:
        first = one['parties'][0] if isinstance(one['parties'], list) else one['parties']
        if origin is not None and first != origin:  # the first is it without being told so
            one['originator'] = origin
    return files


def _channels(call: Row, told: Row) -> list[Any]:
    """Who is on each channel; both on each where it is not told which channel is the agent's."""
    both = list(_PARTIES.values())
    if call['channels'] != len(both) or call['lane_source'] != 'channel':
        return both if call['channels'] == 1 else [both] * call['channels']
    agent = told.get('agent_channel')
    if agent not in (0, 1):
        return [both, both]
    return both if agent == 0 else both[::-1]


def _file(uri: str) -> dict[str, str]:
    name = PurePosixPath(uri.split('?')[0]).name
    media = _MEDIA.get(PurePosixPath(name).suffix.lower())
    return {**({'filename': name} if name else {}), **({'mediatype': media} if media else {})}


def _content(call: Row, audio_url: str | None) -> dict[str, str]:
    name = PurePosixPath(call['source_uri']).name
    sha256 = call['audio_sha256'] or ''
    if not audio_url or not name or not _SHA256.fullmatch(sha256):
        return {}
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode('ascii').rstrip('=')
    return {'url': f'{audio_url.rstrip("/")}/{quote(name)}', 'content_hash': f'sha256-{digest}'}


def _history(started: datetime | None, events: Iterable[Row]) -> dict[str, Any]:
    """When the caller was parked: an event of the draft has a time of day, or is left out."""
    if started is None:
        return {}
    history = [
        {'party': _PARTIES[CALLER], 'event': event, 'time': _instant(started + timedelta(
            seconds=row[f'{edge}_s']))}
        for row in events if row['kind'] == 'hold'
        for edge, event in (('start', 'hold'), ('end', 'unhold'))]
    return {'party_history': history} if history else {}


def _party(who: str, known_as: str | None, name: Any) -> dict[str, str]:
    party = {'role': _ROLES[who]}
    if known_as:
        key = ('mailto' if _MAIL.fullmatch(known_as) else
               'tel' if who == CALLER and _TEL.fullmatch(known_as) else 'uuid')
        party[key] = known_as
    if name:
        party |= {'name': str(name), 'validation': 'none'}
    return party


def _transcript(call: Row, turns: Sequence[Row], words: Sequence[Row],
                over: int | list[int]) -> Iterator[dict[str, Any]]:
    """What was said, turn by turn with its words, as WhisperX writes it; a word of no turn is a
    segment of its own."""
    if not words and not turns:
        return
    of_turn = {number: list(rows) for number, rows in groupby(
        sorted(words, key=lambda row: (row['turn'], row['word'])), lambda row: row['turn'])}
    segments = [{**_span(turn), **_said_by(turn), 'text': turn['text'],
                 'is_backchannel': turn['is_backchannel'],
                 'words': [_word(word) for word in of_turn.get(turn['turn'], ())]}
                for turn in turns]
    numbers = {turn['turn'] for turn in turns}
    segments += [{**_span(word), **_said_by(word), 'text': word['text'], 'words': [_word(word)]}
                 for number, rows in of_turn.items() if number not in numbers for word in rows]
    body = {'language': call['language'], 'segments': segments,
            'transcriber': call['transcriber'], 'model': call['transcriber_model'],
            'trust': call['transcript_trust']}
    yield _analysis(over, 'transcript', TRANSCRIPT_SCHEMA, body)


def _said_by(row: Row) -> dict[str, int]:
    return {'party': _PARTIES[row['speaker']]} if row['speaker'] in _PARTIES else {}


def _word(word: Row) -> dict[str, Any]:
    score = {} if word['confidence'] is None else {'score': word['confidence']}
    return {'word': word['text'], **_span(word), **score, 'time_quality': word['time_quality']}


def _span(row: Row) -> dict[str, float]:
    return {} if row['start_s'] is None or row['end_s'] is None else {
        'start': row['start_s'], 'end': row['end_s']}


def _reports(call: Row, findings: Sequence[Row], kpis: Sequence[Row],
             over: int | list[int]) -> Iterator[dict[str, Any]]:
    """One report a standard: the measures and scores, and what each rule says and why."""
    about = {name: call[name] for name in (
        'call_id', 'audio_sha256', 'duration_s', 'direction', 'queue', 'language',
        'hung_up_by', 'sample_rate_hz', 'channels', 'codec', 'lane_source', 'transcript_trust')}
    about['call_date'] = call['call_date'] and call['call_date'].isoformat()
    for row in kpis:
        of_standard = [one for one in findings if one['standard'] == row['standard']]
        yield _analysis(over, 'report', REPORT_SCHEMA, {
            'standard': row['standard'], 'rule_version': row['rule_version'], 'call': about,
            'kpis': _bare([row], 'standard', 'rule_version', 'agent_id', 'queue', 'hung_up_by')[0],
            'findings': _bare(of_standard, 'standard', 'rule_version')})


def _analysis(over: int | list[int], kind: str, schema: str, body: Row) -> dict[str, Any]:
    return {'type': kind, 'dialog': over, 'mediatype': 'application/json', 'vendor': VENDOR,
            'product': PRODUCT, 'schema': schema, 'encoding': 'json', 'body': body}


def _bare(rows: Iterable[Row], *without: str) -> list[dict[str, Any]]:
    """The rows without the columns that the report says once."""
    return [{name: value for name, value in row.items()
             if name not in ('call_id', 'call_date', *without)} for row in rows]


def _redacted(turns: Iterable[Row], words: Iterable[Row]) -> dict[str, Any]:
    """Says that something was taken out, where a tag stands for it. No less redacted version is
    kept, so none is referred to."""
    kinds = {kind for row in (*turns, *words) for kind in _TAGS.findall(row['text'] or '')}
    return {'redacted': {'type': ', '.join(sorted(kinds))}} if kinds else {}


def _instant(at: datetime) -> str:
    text = at.astimezone(timezone.utc).isoformat(timespec='milliseconds')
    return text.replace('+00:00', 'Z')


def _uuid8(content: bytes) -> str:
    raw = bytearray(hashlib.sha256(content).digest()[:16])
    raw[6] = raw[6] & 0x0f | 0x80  # version
    raw[8] = raw[8] & 0x3f | 0x80  # variant
    return str(uuid.UUID(bytes=bytes(raw)))
