"""Recordings and transcripts that a vCon holds inside, written beside the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeline.importers import Note, Options
from pipeline.importers.json_records import Record, RecordError
from pipeline.importers.vcon.opening import body_of
from pipeline.rows import ManifestError

_SUFFIXES = {'audio/x-wav': '.wav', 'audio/wav': '.wav', 'audio/wave': '.wav',
             'audio/vnd.wave': '.wav', 'audio/x-mp3': '.mp3', 'audio/mpeg': '.mp3',
             'audio/mp3': '.mp3', 'audio/ogg': '.ogg', 'audio/opus': '.opus',
             'audio/flac': '.flac', 'audio/x-flac': '.flac', 'audio/x-mp4': '.m4a',
             'audio/mp4': '.m4a', 'audio/webm': '.webm'}
_NAME_MOST = 150  # characters of a file's name
_TRANSCRIPT_MOST = 20_000_000  # bytes: transcribe.provided.max_mb refuses larger ones
_UNREAD = 'has a transcript in a form that is not read here: its recording will be transcribed'
_ELSEWHERE = 'has a transcript: --unpack with --out writes it beside the manifest'


@dataclass(frozen=True)
class Inside:
    """Where what is inside vCons is written.

    Attributes:
      folder: of recordings and transcripts; None where nothing is written.
      beside: the folder of the manifest; None where none is written.
      audio_suffixes: names of files that are recordings.
    """

    folder: Path | None
    beside: Path | None
    audio_suffixes: tuple[str, ...]

    def audio(self, data: bytes, dialog: Mapping[str, Any], name: str) -> str | None:
        """The recording's path from the manifest; None where it was not to be written."""
        if self.folder is None:
            return None
        return self._write(data, name + self._suffix(dialog))

    def transcript(self, vcon: Record, path: Path, dialog: int,
                   name: str) -> str | Note | None:
        """The path of the transcript of a recording: written, or the vCon itself.

        None where there is none, or several; a Note where it cannot be used.
        """
        every = [item for item in vcon.parts('analysis') if item.text('type') == 'transcript']
        found = [item for item in every if _is_of(item.tree.get('dialog'), dialog)]
        if len(found) != 1:
            return None
        small = _alone(vcon, found[0])
        if small is None:
            return Note(_UNREAD)
        if self.folder is not None:
            return self._write(small, f'{name}.transcript.json')
        whole = path.absolute()
        is_plain = 'vcon' in vcon.tree and path.suffix.lower() in ('.vcon', '.json') \
            and len(every) == 1 and whole.stat().st_size <= _TRANSCRIPT_MOST
        if not is_plain or not (self.beside is None or whole.is_relative_to(self.beside)):
            return Note(_ELSEWHERE)
        return str(whole.relative_to(self.beside)) if self.beside else str(whole)

    def _suffix(self, dialog: Mapping[str, Any]) -> str:
        """As the file was called, if that is how a recording is called; else by its type."""
        suffix = Path(str(dialog.get('filename') or '')).suffix.lower()
        kind = str(dialog.get('mediatype') or dialog.get('mimetype') or '').lower()
        return suffix if suffix in self.audio_suffixes else _SUFFIXES.get(
            kind.partition(';')[0].strip(), '.wav')

    def _write(self, data: bytes, name: str) -> str:
        """Whole or not at all; a name leads nowhere but into the folder."""
        assert self.folder is not None
        assert self.beside is not None
        safe = quote(name, safe=' @+=,')[-_NAME_MOST:].lstrip('.')
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f'.{safe}.part'
            part.write_bytes(data)
            part.replace(self.folder / safe)
        except OSError as error:
            raise ManifestError(f'{self.folder}: {error.strerror or error}',
                                'Make room, or write the manifest elsewhere.') from error
        return f'{self.folder.name}/{safe}'


def inside_of(options: Options) -> Inside:
    """As the command line has it. Raises ManifestError for --unpack without --out."""
    out = options.own.get('out')
    if not options.own.get('unpack'):
        return Inside(None, Path(out).absolute().parent if out else None, options.audio_suffixes)
    if not out:
        raise ManifestError('--unpack writes files beside the manifest',
                            'Give --out manifest.jsonl too.')
    beside = Path(out).absolute().parent
    return Inside(beside / f'{Path(out).stem}-recordings', beside,
                  tuple(suffix.lower() for suffix in options.audio_suffixes))


def _is_of(told: Any, dialog: int) -> bool:
    return told is None or told == dialog or (isinstance(told, list) and dialog in told)


def _alone(vcon: Record, analysis: Record) -> bytes | None:
    """A vCon of the parties and this transcript alone; None where it is not one that is read."""
    from transforms.transcribe.transcripts import TranscriptError, read_transcript

    try:
        body = body_of(analysis.tree)
        if body is None:
            return None
        text = body.decode('utf-8')
        tree = {'vcon': vcon.tree.get('vcon') or '0.0.1', 'parties': vcon.tree['parties'],
                'analysis': [{'type': 'transcript', 'body': text}]}
        data = json.dumps(tree).encode()
        read_transcript(data, None)
        return data
    except (TranscriptError, RecordError, UnicodeDecodeError, RecursionError):
        return None
