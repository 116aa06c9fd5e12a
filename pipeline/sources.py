"""Where calls come from: a manifest, or a folder of recordings, read into references and rejects.

Every row ends as one or the other. In a folder each recording is a call; `<recording>.json`
beside it (`call.wav.json` beside `call.wav`) holds its manifest fields. `call.json` is not read:
speech recognisers leave transcripts by that name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt

from pipeline.instants import InstantError, zone_of
from pipeline.manifest import (
    AUDIO_COLUMNS,
    CALL_ID_MOST,
    URI_COLUMNS,
    Admitted,
    Limits,
    admit,
    json_of,
    reject_of,
)
from pipeline.places import Place
from pipeline.rows import COLUMNS, Fault, ManifestError, RawRow, json_row, read_rows
from pipeline.text import clean, nearest
from transforms.conversation import Reference
from transforms.media import is_remote, sha256_of
from warehouse.records import Reject

__all__ = ['Batch', 'ManifestError', 'SourceOptions', 'limits_of', 'read_batch']

CALL_ID_DIGITS = 16  # hex digits of the audio's sha256 that name a call without an id
_HASHING_THREADS = 4  # reading is the cost, not hashing
_WARNINGS_MOST = 10  # of one kind; more are counted
_SIDECAR = '.json'


@dataclass(frozen=True)
class SourceOptions:
    """What is taken from a manifest.

    Attributes:
      timezone: IANA name, of times that name no zone where the row's `timezone` is empty too;
        None makes such a time an error.
      allow_outside: whether recordings may lie outside the manifest's folder.
      audio_suffixes: names of files that are recordings, in a folder: '.wav', any case.
      earliest_year: year before which no call was recorded.
      future_s: seconds that a phone system's clock may be ahead of ours.
      longest_s: most seconds between any two times of one call, and the latest second of a hold.
    """

    timezone: str | None
    allow_outside: bool
    audio_suffixes: tuple[str, ...]
    earliest_year: Annotated[int, Ge(1900)]
    future_s: Annotated[float, Ge(0)]
    longest_s: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Batch:
    """What a run is given: rows = len(references) + len(rejects), all in the manifest's order."""

    references: tuple[Reference, ...]
    rejects: tuple[Reject, ...]
    warnings: tuple[str, ...]
    rows: int


def read_batch(input: str, options: SourceOptions) -> Batch:
    """Reads a manifest file (CSV, JSON Lines, Parquet) or a folder of recordings.

    Recordings without a call_id are hashed here. Raises ManifestError where the input as a
    whole cannot be read; a bad row is a reject and the others go on.
    """
    path = Path(input)
    if is_remote(input):
        raise ManifestError(f'{input}: a manifest is read from local disk',
                            'Copy the manifest here; its recordings may stay where they are.')
    if not path.exists():
        raise ManifestError(f'{input}: there is no such file or folder',
                            'Give a manifest (.csv, .jsonl, .parquet) or a folder of recordings.')
    is_folder = path.is_dir()
    reader = _Reader(path, Place(path if is_folder else path.absolute().parent,
                                 options.allow_outside), limits_of(options))
    reader.read(_folder_rows(path, options.audio_suffixes, reader) if is_folder
                else read_rows(path))
    return reader.batch()


def limits_of(options: SourceOptions) -> Limits:
    """What rows are held to now. Raises ManifestError where the time zone is none."""
    try:
        zone = zone_of(options.timezone) if options.timezone else None
    except InstantError as error:
        raise ManifestError(f'source.timezone {options.timezone!r} {error}',
                            error.way_out) from error
    return Limits(zone, datetime(options.earliest_year, 1, 1, tzinfo=timezone.utc),
                  datetime.now(timezone.utc) + timedelta(seconds=options.future_s),
                  options.longest_s)


class _Reader:
    """Gathers a batch row by row."""

    def __init__(self, path: Path, place: Place, limits: Limits):
        self.path, self.place, self.limits = path, place, limits
        self.warnings: dict[str, list[str]] = {}  # kind of warning to its messages
        self._entries: list[Reference | Reject] = []
        self._unknown: dict[str, None] = {}

    def read(self, rows: Iterable[RawRow]) -> None:
        for raw in rows:
            self._unknown.update(dict.fromkeys(name for name in raw.cells if name not in COLUMNS)
                                 if raw.fault is None else {})
            outcome = admit(raw, self.place, self.limits)
            if isinstance(outcome, Admitted):
                self._entries.append(outcome.reference)
                for column in outcome.twice:
                    self.warn('twice', f'{raw.where}: {column} is a local time that occurs twice '
                                       'there; the earlier is taken')
            else:
                self._entries.append(reject_of(
                    raw.where, outcome, source_uri=self._source_of(raw), row=raw.number,
                    call_id=_text(raw.cells.get('call_id')), manifest=json_of(raw.cells)))

    def warn(self, kind: str, message: str) -> None:
        self.warnings.setdefault(kind, []).append(message)

    def batch(self) -> Batch:
        entries = self._without_doubles(self._with_ids())
        if not entries:
            self.warn('empty', f'{self.path}: holds no call')
        for name in self._unknown:
            self.warn('unknown', f'{self.path}: unknown column `{name}` is kept but means '
                                 f'nothing here.{nearest(name.strip().lower(), COLUMNS)}')
        references = tuple(entry for entry in entries if isinstance(entry, Reference))
        self._warn_of_same_audio(references)
        return Batch(references, tuple(entry for entry in entries if isinstance(entry, Reject)),
                     tuple(_capped(self.warnings)), len(entries))

    def _source_of(self, raw: RawRow) -> str:
        """The recording that a bad row names, or the manifest: two of them may not be mixed up."""
        for name in ('audio_uri', 'agent_audio_uri'):
            uri = raw.cells.get(name)
            if isinstance(uri, str) and uri.strip():
                return self.place.name_of(uri.strip())
        return str(self.path.absolute())

    def _where(self, ref: Reference) -> str:
        return f'{self.path} row {ref.row}' if ref.row is not None else ref.source_uri

    def _reject(self, ref: Reference, fault: Fault) -> Reject:
        return reject_of(self._where(ref), [fault], source_uri=ref.source_uri, row=ref.row,
                         call_id=ref.call_id or None, manifest=ref.manifest)

    def _with_ids(self) -> Iterator[Reference | Reject]:
        """The entries, those without a call_id named by what they sound like."""
        with ThreadPoolExecutor(_HASHING_THREADS) as pool:
            named = pool.map(self._named, [entry for entry in self._entries
                                           if isinstance(entry, Reference) and not entry.call_id])
            for entry in self._entries:
                nameless = isinstance(entry, Reference) and not entry.call_id
                yield next(named) if nameless else entry

    def _named(self, ref: Reference) -> Reference | Reject:
        try:
            call_id = sha256_of(ref)[:CALL_ID_DIGITS]
        except Exception as error:  # a remote filesystem raises what it likes
            return self._reject(ref, Fault(
                'audio_uri', ref.source_uri, f'cannot be read: {error}',
                'Check the file and its permissions, or give the row a call_id.',
                type(error).__name__))
        manifest = json_of({**json.loads(ref.manifest), 'call_id': call_id})
        return replace(ref, call_id=call_id, manifest=manifest)

    def _without_doubles(self, entries: Iterable[Reference | Reject]) -> list[Reference | Reject]:
        first: dict[str, Reference] = {}
        out: list[Reference | Reject] = []
        for entry in entries:
            if isinstance(entry, Reference):
                earlier = first.setdefault(entry.call_id, entry)
                if earlier is not entry:
                    entry = self._reject(entry, Fault(
                        'call_id', entry.call_id, f'is also that of {self._where(earlier)}, '
                        'which is processed', 'Give every call its own id.', 'DuplicateCall'))
            out.append(entry)
        return out

    def _warn_of_same_audio(self, references: Iterable[Reference]) -> None:
        first: dict[tuple[str | None, ...], str] = {}
        for ref in references:
            audio = (ref.audio_uri, ref.agent_audio_uri, ref.caller_audio_uri)
            earlier = first.setdefault(audio, ref.call_id)
            if earlier != ref.call_id:
                self.warn('same audio', f'{ref.source_uri}: is the recording of both `{earlier}` '
                                        f'and `{ref.call_id}`; both are processed')


def _folder_rows(folder: Path, suffixes: tuple[str, ...], reader: _Reader) -> Iterator[RawRow]:
    """One row a recording, with the fields of its sidecar; hidden files are no recordings."""
    suffixes = tuple(suffix.lower() for suffix in suffixes)
    files = sorted(_files_under(folder))
    for path in files:
        if path.parent == folder and path.stem.lower() == 'manifest':
            reader.warn('manifest', f'{path}: is not read; give it instead of its folder to '
                                    'read the calls it names')
    recordings = [path for path in files if path.name.lower().endswith(suffixes)]
    sidecars = {path for path in files if path.name.lower().endswith(
        tuple(suffix + _SIDECAR for suffix in suffixes))}
    described = [_described(path, sidecars) for path in recordings]
    of_pairs = {reader.place.name_of(uri) for raw in described
                for name in ('agent_audio_uri', 'caller_audio_uri')
                if isinstance(uri := raw.cells.get(name), str)}
    for path, raw in zip(recordings, described, strict=True):
        is_described = _sidecar_of(path) in sidecars
        if is_described or reader.place.name_of(str(path.absolute())) not in of_pairs:
            yield raw
    for path in sorted(sidecars - {_sidecar_of(path) for path in recordings}):
        yield RawRow(None, str(path), {'audio_uri': str(path.absolute())[:-len(_SIDECAR)]})


def _files_under(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith('.')]
        yield from (Path(parent, name) for name in names if not name.startswith('.'))


def _sidecar_of(recording: Path) -> Path:
    return recording.with_name(recording.name + _SIDECAR)


def _described(recording: Path, sidecars: set[Path]) -> RawRow:
    """The row of a recording: what its sidecar says, in URIs relative to the sidecar."""
    sidecar = _sidecar_of(recording)
    own = {'audio_uri': str(recording.absolute())}
    if sidecar not in sidecars:
        return RawRow(None, str(recording), own)
    try:
        raw = json_row(None, str(sidecar), sidecar.read_text(encoding='utf-8-sig'))
    except (OSError, UnicodeDecodeError) as error:
        return RawRow(None, str(sidecar), own, Fault(
            None, None, f'cannot be read: {error}', 'Write it as UTF-8 JSON.',
            type(error).__name__))
    if raw.fault is not None:
        return replace(raw, cells={**raw.cells, **own})
    cells = {name: _beside(sidecar, value) if name in URI_COLUMNS else value
             for name, value in raw.cells.items()}
    named = [cells[name] for name in AUDIO_COLUMNS if cells.get(name) is not None]
    fault = None
    if named and not any(isinstance(uri, str) and os.path.realpath(uri) == os.path.realpath(
            recording) for uri in named):
        fault = Fault('audio_uri', named[0], f'is not {recording.name}, which it lies beside',
                      'Leave audio_uri out of a sidecar, or use a manifest.')
    return RawRow(None, str(sidecar), cells if named else {**cells, **own}, fault)


def _beside(sidecar: Path, uri: object) -> object:
    if not isinstance(uri, str) or is_remote(uri) or not uri.strip():
        return uri
    return str(sidecar.absolute().parent / uri.strip())


def _text(value: object) -> str | None:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return clean(str(value).strip(), CALL_ID_MOST) or None
    return None


def _capped(warnings: dict[str, list[str]]) -> Iterator[str]:
    for messages in warnings.values():
        yield from messages[:_WARNINGS_MOST]
        if len(messages) > _WARNINGS_MOST:
            yield f'... and {len(messages) - _WARNINGS_MOST} more like the last one'
