"""JSON objects of a file, one by one: an array of them, JSON Lines, or one after the other.

Kinesis Firehose writes objects without anything between them, consoles export them over many
lines, scripts one a line: all are read alike, as the file is, without holding it whole. An object
that cannot be read is Broken and the next one is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TypeVar

from pipeline.importers import Aside, Broken, Options
from pipeline.importers.clock import Clock
from pipeline.importers.files import WHOLE_MOST, broken, opened
from pipeline.instants import InstantError
from pipeline.rows import ManifestError

SUFFIXES = ('.json', '.jsonl', '.ndjson', '.gz', '')  # objects that Firehose lays down have none
Kept = TypeVar('Kept')
_BLOCK = 1 << 20  # characters read at once
_BETWEEN = re.compile(r'[\s,\[\]\x1e]*')
_NEXT = re.compile(r'\n\{|\}\s*(?=\{)')  # where an object may begin after one that is broken
_CUT = 12  # an error so near to the end of what is read may be that of the end


class RecordError(ValueError):
    """A record that is no call's; `field` is the vendor's path to what is wrong."""

    def __init__(self, field: str, why: str, way_out: str):
        super().__init__(f'{field} {why}')
        self.way_out = way_out


@dataclass(frozen=True)
class Record:
    """An object, where it is, and how to read its fields: a path of keys leads to each.

    A field that is null, empty or not there is None. One of the wrong kind is RecordError.
    """

    where: str
    tree: Mapping[str, Any]

    def part(self, *path: str) -> Record:
        """An object inside; empty where there is none."""
        tree = self._at(path)
        if tree is None:
            return Record(self.where, {})
        if not isinstance(tree, dict):
            raise RecordError('.'.join(path), 'is no object', 'Export the records again.')
        return Record(self.where, tree)

    def parts(self, *path: str) -> list[Record]:
        """A list of objects."""
        tree = self._at(path)
        if tree is None:
            return []
        if not isinstance(tree, list) or not all(isinstance(item, dict) for item in tree):
            raise RecordError('.'.join(path), 'is no list of objects', 'Export the records again.')
        return [Record(self.where, item) for item in tree]

    def text(self, *path: str) -> str | None:
        """Text, or a number as text."""
        value = self._at(path)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        if value is not None and not isinstance(value, str):
            raise RecordError('.'.join(path), 'is no text', 'Correct it.')
        return value.strip() or None if value else None

    def number(self, *path: str) -> float | None:
        """A number that is not negative."""
        value = self._at(path)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
            raise RecordError('.'.join(path), f'{str(value)[:40]!r} is no count or duration',
                             'Correct it.')
        return float(value)

    def instant(self, clock: Clock, *path: str) -> datetime | None:
        """An instant in UTC."""
        value = self.text(*path)
        try:
            return clock.local(value) if value else None
        except InstantError as error:
            raise RecordError('.'.join(path), f'{str(value)[:40]!r} {error}',
                             error.way_out) from error

    def _at(self, path: tuple[str, ...]) -> Any:
        tree: Any = self.tree
        for at, key in enumerate(path):
            if tree is None:
                return None
            if not isinstance(tree, dict):
                raise RecordError('.'.join(path[:at]), 'is no object', 'Export the records again.')
            tree = tree.get(key)
        return tree


def records_among(suffixes: tuple[str, ...], options: Options,
                  written: Path | None = None) -> Callable[[Path], bool]:
    """Which files of a folder are records, by their names: not those that an import wrote there.

    Args:
      written: a folder of such files.
    """
    outs = {Path(out).absolute() for name in ('out', 'rejects') if (out := options.own.get(name))}

    def wanted(path: Path) -> bool:
        whole = path.absolute()
        return (path.suffix.lower() in suffixes and whole not in outs
                and not (written and whole.is_relative_to(written)))
    return wanted


def spoilt(record: Record, error: RecordError) -> Broken:
    """The record as one that could not be read."""
    try:
        text = json.dumps(record.tree)
    except RecursionError:
        text = ''
    return _broken(record.where, str(error), error.way_out, text)


def records_of(path: Path, encoding: str, most: int = WHOLE_MOST) -> Iterator[Record | Broken]:
    """The objects of a file. Raises ManifestError where it holds none, or cannot be read.

    Args:
      most: characters of one object.
    """
    codec = 'utf-8-sig' if encoding.lower().replace('_', '-') in ('utf-8', 'utf8') else encoding
    try:
        with opened(path) as file, TextIOWrapper(file, codec, 'surrogateescape', '') as text:
            yield from _Reader(path, text, most).records()
    except (OSError, EOFError, UnicodeError) as error:
        raise ManifestError(f'{path}: {getattr(error, "strerror", None) or error}',
                            'Check the file and its permissions.') from error


class _Reader:
    def __init__(self, path: Path, file: TextIOWrapper, most: int):
        self._path, self._file, self._most = path, file, most
        self._text, self._at, self._line, self._ended = '', 0, 1, False
        self._decoder = json.JSONDecoder(parse_constant=_no_constant)

    def records(self) -> Iterator[Record | Broken]:
        number = 0
        while self._found():
            number += 1
            where = f'{self._path} record {number} (line {self._line})'
            if self._text[self._at] != '{':
                if number == 1:
                    raise ManifestError(
                        f'{self._path}: begins like no JSON object',
                        'Give the records as JSON: one object, an array, or JSON Lines.')
                yield self._skipped(where, 'is no JSON object')
            else:
                yield self._record(where)

    def _found(self) -> bool:
        """Goes on to where the next object begins; False at the end."""
        while True:
            between = _BETWEEN.match(self._text, self._at)
            self._go(between.end() if between else self._at)
            if self._at < len(self._text):
                return True
            if not self._grow():
                return False

    def _record(self, where: str) -> Record | Broken:
        while True:
            try:
                tree, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                cause = f'is not JSON: {_said(error, self._at)}'
                if self._may_go_on(error) and self._grow():
                    continue
                if len(self._text) - self._at >= self._most:
                    return self._skipped(where, f'is longer than {self._most >> 20} MiB, or never '
                                                'ends')
                return self._skipped(where, cause)
            self._go(end)
            return Record(where, tree)

    def _may_go_on(self, error: Exception) -> bool:
        """Whether more of the file may mend it: it breaks off where what is read ends."""
        return (isinstance(error, json.JSONDecodeError)
                and len(self._text) - self._at < self._most
                and (error.msg.startswith('Unterminated string')
                     or error.pos >= len(self._text) - _CUT))

    def _skipped(self, where: str, cause: str) -> Broken:
        """Goes on to what may be the next object."""
        begin, kept = self._at, self._text[self._at:self._at + _CUT * 100]
        while True:
            after = _NEXT.search(self._text, begin + 1)
            if after:
                self._go(after.end() - after[0].endswith('{'))
                break
            self._go(max(begin + 1, len(self._text) - 1))
            begin = self._at - 1
            if not self._grow():
                self._go(len(self._text))
                break
            begin = self._at - 1
        return _broken(where, cause, 'Export it again; the records after it are read.', kept)

    def _grow(self) -> bool:
        """Reads on: as much as is held, so that a long object costs no more than twice."""
        if self._ended:
            return False
        self._text = self._text[self._at:]
        self._at = 0
        more = self._file.read(max(_BLOCK, len(self._text)))
        self._ended = not more
        self._text += more
        return bool(more)

    def _go(self, to: int) -> None:
        self._line += self._text.count('\n', self._at, to)
        self._at = to


def _no_constant(name: str) -> None:
    raise ValueError(f'{name} is no JSON number')


def _said(error: Exception, begin: int) -> str:
    if isinstance(error, RecursionError):
        return 'nested too deep'
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    what = error.msg.removesuffix(' starting at').removesuffix(' at')
    return f'{what}, at its character {error.pos - begin + 1}'


def _broken(where: str, cause: str, way_out: str, text: str) -> Broken:
    return broken(where, cause, way_out, text.encode('utf-8', 'replace').decode('utf-8'))


def keep_latest(kept: dict[str, Kept], id: str, one: Kept, at: Callable[[Kept], datetime | None],
                aside: str) -> Iterator[Aside]:
    """Keeps it unless one of its id is there that is later, or of which alone it is known when it
    was. `aside` says that there was another."""
    before = kept.get(id)
    if before is not None:
        yield Aside(aside)
        was_at, is_at = at(before), at(one)
        if was_at and (is_at is None or is_at < was_at):
            return
    kept[id] = one
