"""Which recording is a call's, and when it began.

A recording is found by the path or name that the record gives, else by an id in the name of the
file, else by a number and a time in its name. Where more than one fits, none is taken and all are
told.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from pipeline.importers import Begin, Hints
from pipeline.importers.clock import Clock
from pipeline.instants import InstantError
from transforms.media import is_remote, wav_header

AGREE_S = 2.0  # logs tell whole seconds, of both ends
SURE = ('path', 'id')  # what a recording is one call's by, whatever else fits it
_WORD = re.compile(r'[A-Za-z0-9]+')
_LAST = '\U0010ffff'  # sorts after every path
_SHORTEST_ID = 6  # characters: shorter ones are in many names by chance
_SHORTEST_NUMBER = 3  # digits of an extension
_TIME = re.compile(r'(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_T. ]?'
                   r'([0-2]\d)[-_.h]?([0-5]\d)[-_.m]?([0-5]\d)(?!\d)')
# Monitor writes -in and -out; for MixMonitor's r() and t() these are the names in use.
_HALF = re.compile(r'(.*)[-_](in|rx|recv|receive|out|tx|send|transmit)(\.[^./]+)',
                   re.IGNORECASE | re.DOTALL)
_SENT = {'out': 'in', 'tx': 'rx', 'send': 'recv', 'transmit': 'receive'}


@dataclass(frozen=True)
class Found:
    """The recording of a call.

    Attributes:
      path: where it is.
      by: what it was found by: 'path', 'id' or 'number and time'.
      sent: of a pair as Asterisk's Monitor and MixMonitor write it, the file of what was sent to
        the channel that came in; `path` is then of what was heard from it.
      caller: of a pair of which it is known whose each is, the caller's; `path` is the agent's.
      mixed: beside a pair, the file of both parties.
    """

    path: str
    by: str
    sent: str | None = None
    caller: str | None = None
    mixed: str | None = None


@dataclass(frozen=True)
class NotFound:
    """Why a call has no recording; more than one where several fit."""

    why: str
    fits: tuple[str, ...] = ()


class Recordings:
    """The recordings under a folder, to be asked for those of calls."""

    def __init__(self, folder: Path | None, suffixes: Iterable[str], clock: Clock):
        """Args: folder: None where records alone say where recordings are."""
        self._folder, self._clock = folder, clock
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._by_word: dict[str, list[str]] = defaultdict(list)
        self._by_time: dict[str, list[tuple[float, str]]] = {}
        self._suffixes = tuple(suffix.lower() for suffix in suffixes)
        self.paths = list(_recordings(folder, self._suffixes)) if folder else []
        for path in self.paths:
            name = _name(path)
            self._by_name[name.lower()].append(path)
            self._by_stem[_stem(name).lower()].append(path)
            for word in set(_WORD.findall(_stem(name))):
                self._by_word[word.lower()].append(path)

    def of(self, hints: Hints) -> Found | NotFound:
        """The recording that the hints lead to."""
        for file in hints.files:
            if is_remote(file):
                return Found(file, 'path')
            fits = self._named(file)
            if fits:
                fits = self._with_halves(fits[0]) if len(fits) == 1 else fits
                return _only(fits, 'path', f'the record names {file}')
        for id in hints.ids:
            fits = self._with_id(id)
            if fits:
                return _only(fits, 'id', f'{id} is in the name of each')
        fits = self._at_time(hints)
        if fits:
            return _only(fits, 'number and time', 'their names hold its number and a time in it')
        return NotFound(self._why_none(hints))

    def _why_none(self, hints: Hints) -> str:
        if self._folder is None:
            return ('the recording that its record names is not there: give --recordings'
                    if hints.files else 'its record names no recording: give --recordings')
        return (f'no file under {self._folder} is named like it' if hints.files or hints.ids
                else 'its record holds nothing that a recording could be named by')

    def _named(self, file: str) -> list[str]:
        """By the whole path; else by as much of its end as one recording alone has."""
        path = file.replace('\\', '/')
        if self._folder is None:
            # a Path raises where a name is longer than a file's can be
            is_there = path.lower().endswith(self._suffixes) and os.path.isfile(path)  # noqa: PTH113
            return [os.path.abspath(path)] if is_there else []  # noqa: PTH100
        name = PurePosixPath(path).name.lower()
        fits = self._by_name.get(name) or self._by_stem.get(name, [])
        return fits if len(fits) < 2 else _by_end(fits, path)

    def _with_halves(self, path: str) -> list[str]:
        """The file, and those of one party each that lie beside it."""
        stem, dot, suffix = path.rpartition('.')
        beside = [f'{stem}{sign}{side}{dot}{suffix}' for sign in '-_'
                  for pair in _SENT.items() for side in pair]
        return [path, *(name for name in beside if name in self._by_name.get(
            _name(name).lower(), ()))]

    def _with_id(self, id: str) -> list[str]:
        words = _WORD.findall(id)
        if len(id) < _SHORTEST_ID or not words:
            return []
        longest = max(words, key=len).lower()
        return [path for path in self._by_word.get(longest, ())
                if _holds(_stem(_name(path)).lower(), id.lower())]

    def _at_time(self, hints: Hints) -> list[str]:
        if hints.since is None or hints.until is None:
            return []
        since_s = hints.since.timestamp() - AGREE_S
        until_s = hints.until.timestamp() + AGREE_S
        fits: set[str] = set()
        for number in {number.lstrip('+').lower() for number in hints.numbers}:
            if len(number) >= _SHORTEST_NUMBER:
                timed = self._timed(number)
                fits.update(path for _, path in timed[bisect_left(timed, (since_s, '')):
                                                      bisect_left(timed, (until_s, _LAST))])
        return sorted(fits)

    def _timed(self, word: str) -> list[tuple[float, str]]:
        """The recordings whose names hold the word and a time, by the time."""
        if word not in self._by_time:
            times = [(at, path) for path in self._by_word.get(word, ())
                     if (at := self._time_of(path)) is not None]
            self._by_time[word] = sorted(times)
        return self._by_time[word]

    def _time_of(self, path: str) -> float | None:
        match = _TIME.search(_stem(_name(path)))
        if match is None:
            return None
        try:
            return self._clock.local('{}-{}-{} {}:{}:{}'.format(*match.groups())).timestamp()
        except InstantError:
            return None


def begin_of(begins: Iterable[Begin], ended_at: datetime | None,
             length_s: float | None) -> Begin | None:
    """When a recording of this length began, if it ended with the call; None if that is unsure.

    Begins that lie within two seconds of each other are one.
    """
    begins = sorted(begins, key=lambda begin: begin.at)
    if not begins:
        return None
    if (begins[-1].at - begins[0].at).total_seconds() <= AGREE_S:
        return begins[0]
    if ended_at is None or length_s is None:
        return None
    fits = [begin for begin in begins
            if abs((ended_at - begin.at).total_seconds() - length_s) <= AGREE_S]
    if not fits or (fits[-1].at - fits[0].at).total_seconds() > AGREE_S:
        return None
    return fits[0]


def length_of(path: str) -> float | None:
    """Seconds that the file's header tells; None where it tells none, or the file is remote."""
    if is_remote(path):
        return None
    try:
        with Path(path).open('rb') as file:
            header = wav_header(file)
        if header is not None:
            size = min(header.data_size or header.present_size, header.present_size)
            return size / header.byte_rate if header.byte_rate else None
        import av

        with av.open(path) as container:
            return container.duration / 1e6 if container.duration else None
    except (OSError, ValueError):  # PyAV's errors are of both kinds
        return None


def _only(fits: list[str], by: str, why: str) -> Found | NotFound:
    if len(fits) == 1:
        return Found(fits[0], by)
    pair = _pair_among(fits)
    if pair:
        heard, sent, mixed = pair
        return Found(heard, by, sent, mixed=mixed if mixed in fits else None)
    return NotFound(f'{len(fits)} recordings fit: {why}', tuple(fits))


def _pair_among(fits: list[str]) -> tuple[str, str, str] | None:
    """What was heard of a channel, what was sent to it, and the name of the file in which both are
    mixed, where all fits are among these."""
    halves = {(match[1], match[2].lower(), match[3]): fit
              for fit in fits if (match := _HALF.fullmatch(fit))}
    pairs = [(halves[name, _SENT[side], suffix], sent, name + suffix)
             for (name, side, suffix), sent in halves.items()
             if side in _SENT and (name, _SENT[side], suffix) in halves]
    return pairs[0] if len(pairs) == 1 and set(fits) <= set(pairs[0]) else None


def _by_end(fits: list[str], path: str) -> list[str]:
    """Those that share most of the path's last parts."""
    parts = PurePosixPath(path).parts[::-1]

    def shared(fit: str) -> int:
        pairs = zip(parts, PurePosixPath(fit).parts[::-1], strict=False)
        return next((n for n, (one, other) in enumerate(pairs) if one != other), len(parts))
    most = max(map(shared, fits))
    return [fit for fit in fits if shared(fit) == most]


def _recordings(folder: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    for parent, folders, names in os.walk(folder.absolute()):
        folders[:] = sorted(name for name in folders if not name.startswith('.'))
        yield from (os.path.join(parent, name) for name in sorted(names)  # noqa: PTH118
                    if not name.startswith('.') and name.lower().endswith(suffixes))


def _holds(stem: str, id: str) -> bool:
    """Whether the id is in the name, and not as a part of a longer one. (An expression made of
    each id would cost more than all else.)"""
    at = stem.find(id)
    while at >= 0:
        before, after = stem[at - 1:at], stem[at + len(id):at + len(id) + 2]
        longer = after[:1].isalnum() or (after[:1] == '.' and after[1:].isdigit())
        if not (before.isalnum() or longer):
            return True
        at = stem.find(id, at + 1)
    return False


def _name(path: str) -> str:
    return path.rpartition('/')[2]


def _stem(name: str) -> str:
    return name.rpartition('.')[0] or name
