"""Reading transcripts of other systems: WhisperX, Amazon Transcribe, vCon, WebVTT.

Each reader gives what was said piece by piece, with whoever the file says said it. Times are
seconds from the start of the recording. What cannot be read is a `TranscriptError` that begins
with the place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any, NamedTuple

from transforms.transcribe.segments import (
    ALIGNED,
    UNSPACED,
    UNTIMED,
    Word,
    by_character,
    fill_times,
    spoken_parts,
    spread,
)


class TranscriptError(ValueError):
    """A transcript that cannot be read; the message begins with the place."""


class Said(NamedTuple):
    """A word and whoever is said to have said it."""

    word: Word
    label: str | None = None  # a name or a role, as the file has it
    channel: int | None = None


@dataclass(frozen=True)
class Reading:
    """A transcript as its file has it; `kind` names the format."""

    kind: str
    said: tuple[Said, ...]
    language: str | None = None


def read_transcript(data: bytes, language: str | None) -> Reading:
    """The transcript in a file's bytes, whichever of the formats it is in.

    Args:
      language: of the call, where it is known: Japanese and Chinese have a word per character.

    Raises TranscriptError.
    """
    try:
        text = data.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise TranscriptError(f'byte {error.start}: is not UTF-8 text') from None
    if text.lstrip().startswith('WEBVTT'):
        return Reading('WebVTT', tuple(_webvtt(text, language)))
    try:
        tree = json.loads(text)
    except json.JSONDecodeError as error:
        raise TranscriptError(f'line {error.lineno}, column {error.colno}: is neither WebVTT '
                              f'nor JSON ({error.msg})') from None
    except RecursionError:
        raise TranscriptError('line 1: is nested too deeply') from None
    return _json(tree, language, 'top level')


def _json(tree: Any, language: str | None, at: str) -> Reading:
    if isinstance(tree, list):
        tree = {'segments': tree}
    readers: tuple[tuple[str, str, Callable[..., Iterator[Said]]], ...] = (
        ('segments', 'WhisperX', _segments), ('results', 'Amazon Transcribe', _amazon),
        ('Transcript', 'Amazon Transcribe Call Analytics', _amazon_calls), ('vcon', 'vCon', _vcon))
    for key, kind, reader in readers:
        if isinstance(tree, dict) and key in tree:
            told = tree.get('language') or tree.get('LanguageCode')
            if told is None and isinstance(tree['results'] if key == 'results' else None, dict):
                told = tree['results'].get('language_code')
            told = told if isinstance(told, str) else None
            return Reading(kind, tuple(reader(tree, language or told, at)), told)
    raise TranscriptError(f'{at}: is none of WhisperX (segments), Amazon Transcribe (results), '
                          'vCon and WebVTT')


def _segments(tree: dict[str, Any], language: str | None, at: str) -> Iterator[Said]:
    """WhisperX and its kin: segments with text, times and, mostly, words."""
    for n, segment in enumerate(_list(tree['segments'], f'{at}: segments')):
        here = f'{at}: segments[{n}]'
        _dict(segment, here)
        span = (_time(segment, ('start', 'start_time'), here),
                _time(segment, ('end', 'end_time'), here))
        label = _label(segment)
        words = segment.get('words')
        if not words:
            text = next((segment[key] for key in ('text', 'message', 'transcript')
                         if isinstance(segment.get(key), str)), '')
            yield from (Said(word, label) for word in _untimed(text, language, span, here))
            continue
        heard, labels = [], []
        for m, word in enumerate(_list(words, f'{here}.words')):
            there = f'{here}.words[{m}]'
            _dict(word, there)
            text = word.get('word', word.get('text'))
            if not isinstance(text, str):
                raise TranscriptError(f'{there}.word: is missing')
            score = word.get('score', word.get('probability', word.get('confidence')))
            heard.append(_word(text, _time(word, ('start',), there), _time(word, ('end',), there),
                               score, there))
            labels.append(_label(word) or label)
        bounds = (span[0] if span[0] is not None else _first(heard),
                  span[1] if span[1] is not None else _last(heard))
        if bounds[0] is not None and bounds[1] is not None:
            heard = fill_times(heard, (bounds[0], bounds[1]))
        for word, who in zip(heard, labels, strict=True):
            yield from (Said(part, who) for part in _parts(word, language) if part.text)


def _amazon(tree: dict[str, Any], language: str | None, at: str) -> Iterator[Said]:
    """Amazon Transcribe: items, by channel, by speaker, or neither."""
    results = _dict(tree['results'], f'{at}: results')
    channels = _dict(results.get('channel_labels') or {}, f'{at}: results.channel_labels')
    if channels:
        for n, channel in enumerate(_list(channels.get('channels'),
                                          f'{at}: results.channel_labels.channels')):
            here = f'{at}: results.channel_labels.channels[{n}]'
            number = re.search(r'\d+$', str(_dict(channel, here).get('channel_label', n)))
            index = int(number[0]) if number else n
            for said in _items(channel.get('items'), {}, language, f'{here}.items'):
                yield said._replace(channel=index)
        return
    labels = _dict(results.get('speaker_labels') or {}, f'{at}: results.speaker_labels')
    speakers = {}
    for n, segment in enumerate(_list(labels.get('segments', []),
                                      f'{at}: results.speaker_labels.segments')):
        here = f'{at}: results.speaker_labels.segments[{n}]'
        for item in _list(_dict(segment, here).get('items', []), f'{here}.items'):
            speakers[str(_dict(item, here).get('start_time'))] = item.get('speaker_label')
    yield from _items(results.get('items'), speakers, language, f'{at}: results.items')


def _items(items: Any, speakers: dict[str, Any], language: str | None, at: str) -> Iterator[Said]:
    out: list[Said] = []
    for n, item in enumerate(_list(items, at)):
        here = f'{at}[{n}]'
        choices = _list(_dict(item, here).get('alternatives'), f'{here}.alternatives')
        best = _dict(choices[0] if choices else None, f'{here}.alternatives[0]')
        text = str(best.get('content', ''))
        if item.get('type') == 'punctuation':
            if out:
                last = out[-1]
                out[-1] = last._replace(word=last.word._replace(text=last.word.text + text))
            continue
        word = _word(text, _time(item, ('start_time',), here), _time(item, ('end_time',), here),
                     best.get('confidence'), here)
        label = item.get('speaker_label') or speakers.get(str(item.get('start_time')))
        out.append(Said(word, _text(label)))
    yield from (said._replace(word=part) for said in out
                for part in _parts(said.word, language) if part.text)


def _amazon_calls(tree: dict[str, Any], language: str | None, at: str) -> Iterator[Said]:
    """Amazon Transcribe Call Analytics: turns with items in milliseconds."""
    for n, turn in enumerate(_list(tree['Transcript'], f'{at}: Transcript')):
        here = f'{at}: Transcript[{n}]'
        role = _text(_dict(turn, here).get('ParticipantRole'))
        items = turn.get('Items')
        if not items:
            span = (_milliseconds(turn, 'BeginOffsetMillis', here),
                    _milliseconds(turn, 'EndOffsetMillis', here))
            yield from (Said(word, role)
                        for word in _untimed(str(turn.get('Content', '')), language, span, here))
            continue
        heard: list[Word] = []
        for m, item in enumerate(_list(items, f'{here}.Items')):
            there = f'{here}.Items[{m}]'
            text = str(_dict(item, there).get('Content', ''))
            if item.get('Type') == 'punctuation':
                heard[-1:] = [word._replace(text=word.text + text) for word in heard[-1:]]
                continue
            heard.append(_word(text, _milliseconds(item, 'BeginOffsetMillis', there),
                               _milliseconds(item, 'EndOffsetMillis', there),
                               item.get('Confidence'), there))
        yield from (Said(part, role) for word in heard
                    for part in _parts(word, language) if part.text)


def _vcon(tree: dict[str, Any], language: str | None, at: str) -> Iterator[Said]:
    """A vCon: its transcript analyses, else its text dialogs."""
    parties = [_party(party) for party in _list(tree.get('parties', []), f'{at}: parties')]
    found = False
    for n, analysis in enumerate(_list(tree.get('analysis', []), f'{at}: analysis')):
        if not isinstance(analysis, dict) or analysis.get('type') != 'transcript':
            continue
        found = True
        here = f'{at}: analysis[{n}].body'
        body = analysis.get('body')
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except (ValueError, RecursionError):
                raise TranscriptError(f'{here}: is not JSON') from None
        for said in _json(body, language, here).said:
            yield said._replace(label=_party_label(said.label, parties))
    if not found:
        yield from _dialogs(tree, parties, language, at)


def _dialogs(tree: dict[str, Any], parties: Sequence[str | None], language: str | None,
             at: str) -> Iterator[Said]:
    dialogs = _list(tree.get('dialog', []), f'{at}: dialog')
    zero = next((_instant(d, f'{at}: dialog[{n}]') for n, d in enumerate(dialogs)
                 if isinstance(d, dict) and d.get('type') == 'recording'), None)
    texts = [(n, d) for n, d in enumerate(dialogs)
             if isinstance(d, dict) and d.get('type') == 'text']
    if zero is None or not texts:
        raise TranscriptError(f'{at}: the vCon has no analysis of type transcript')
    for n, dialog in texts:
        here = f'{at}: dialog[{n}]'
        start = (_instant(dialog, here) - zero).total_seconds()
        length = _time(dialog, ('duration',), here) or 0.0
        if start < 0:
            raise TranscriptError(f'{here}.start: lies before the recording')
        party = dialog.get('parties')
        label = _party_label(_text(party[0] if isinstance(party, list) and party else party),
                             parties)
        for word in _untimed(str(dialog.get('body', '')), language, (start, start + length), here):
            yield Said(word, label)


def _party_label(label: str | None, parties: Sequence[str | None]) -> str | None:
    """A party's role or name where the label is its index, else the label."""
    if label and label.isdecimal() and int(label) < len(parties):
        return parties[int(label)] or label
    return label


_CUE = re.compile(r'^(\S+)\s+-->\s+(\S+)')
_CLOCK = re.compile(r'^(?:(\d+):)?([0-5]?\d):([0-5]?\d)[.,](\d{1,3})$')
_VOICE = re.compile(r'<v(?:\.[^\s>]*)?\s+([^>]+)>')
_TAG = re.compile(r'<[^>]*>')


def _webvtt(text: str, language: str | None) -> Iterator[Said]:
    """WebVTT: cues, whose words share the time of the cue; <v NAME> says who speaks."""
    lines = text.replace('\r\n', '\n').replace('\r', '\n').split('\n')
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if '-->' not in line:
            continue
        cue = _CUE.match(line)
        if cue is None:
            raise TranscriptError(f'line {at}: `{line[:60]}` is no cue timing')
        start, end = _clock(cue[1], at), _clock(cue[2], at)
        if end < start:
            raise TranscriptError(f'line {at}: the cue ends before it starts')
        body = []
        while at < len(lines) and lines[at].strip():
            body.append(lines[at])
            at += 1
        yield from _cue(' '.join(body), language, (start, end))


def _cue(body: str, language: str | None, span: tuple[float, float]) -> Iterator[Said]:
    pieces = _VOICE.split(body)  # text, name, text, name, text ...
    heard, labels = [], []
    for label, piece in zip([None, *pieces[1::2]], pieces[::2], strict=True):
        for text, _ in spoken_parts(unescape(_TAG.sub('', piece)), language or ''):
            heard.append(Word(None, None, text, None, UNTIMED))
            labels.append(label and unescape(label).strip())
    yield from (Said(word, label)
                for word, label in zip(spread(heard, span), labels, strict=True))


def _clock(text: str, line: int) -> float:
    clock = _CLOCK.match(text)
    if clock is None:
        raise TranscriptError(f'line {line}: `{text[:30]}` is no time like 00:01:02.500')
    hours, minutes, seconds, fraction = clock.groups()
    return (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
            + int(fraction.ljust(3, '0')) / 1000)


def _word(text: str, start: float | None, end: float | None, score: Any, at: str) -> Word:
    """A word that has both its times, or none."""
    if start is None or end is None:
        return Word(None, None, text.strip(), _score(score, at), UNTIMED)
    if end < start:
        raise TranscriptError(f'{at}: ends before it starts')
    return Word(start, end, text.strip(), _score(score, at), ALIGNED)


def _untimed(text: str, language: str | None, span: tuple[float | None, float | None],
             at: str) -> list[Word]:
    """The words of a text that has times as a whole, if at all."""
    words = [Word(None, None, part, None, UNTIMED)
             for part, _ in spoken_parts(text, language or '')]
    if span[0] is None or span[1] is None:
        return words
    if span[1] < span[0]:
        raise TranscriptError(f'{at}: ends before it starts')
    return spread(words, (span[0], span[1]))


def _parts(word: Word, language: str | None) -> list[Word]:
    return by_character(word) if language in UNSPACED else [word]


def _first(words: Sequence[Word]) -> float | None:
    return next((word.start_s for word in words if word.start_s is not None), None)


def _last(words: Sequence[Word]) -> float | None:
    return next((word.end_s for word in reversed(words) if word.end_s is not None), None)


def _list(value: Any, at: str) -> list[Any]:
    if not isinstance(value, list):
        raise TranscriptError(f'{at}: must be a list')
    return value


def _dict(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TranscriptError(f'{at}: must be an object')
    return value


def _time(value: dict[str, Any], keys: tuple[str, ...], at: str) -> float | None:
    key = next((key for key in keys if value.get(key) is not None), None)
    return None if key is None else _number(value[key], f'{at}.{key}')


def _milliseconds(value: dict[str, Any], key: str, at: str) -> float | None:
    return None if value.get(key) is None else _number(value[key], f'{at}.{key}') / 1000


def _number(value: Any, at: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0) or isinstance(value, bool):
        raise TranscriptError(f'{at}: {str(value)[:30]!r} is no time in seconds')
    return number


def _score(value: Any, at: str) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number <= 1:
        raise TranscriptError(f'{at}: the score {str(value)[:30]!r} is not within 0 and 1')
    return number


def _label(value: dict[str, Any]) -> str | None:
    return next((_text(value[key]) for key in ('speaker', 'party', 'speaker_label')
                 if value.get(key) is not None), None)


def _text(value: Any) -> str | None:
    return None if value is None else str(value).strip() or None


def _party(party: Any) -> str | None:
    """What a vCon says of a party: the role if it is told, else the name."""
    if not isinstance(party, dict):
        return None
    return _text(party.get('role')) or _text(party.get('name'))


def _instant(dialog: dict[str, Any], at: str) -> datetime:
    text = str(dialog.get('start', ''))
    try:
        instant: datetime | None = datetime.fromisoformat(re.sub(r'[zZ]$', '+00:00', text))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise TranscriptError(f'{at}.start: `{text[:40]}` is no RFC 3339 time with a zone')
    return instant
