"""Searching a whole warehouse folder for what must not be in it any more.

Every file is searched: its name, its bytes, and what is packed in it (pages of Parquet files are
compressed): all strings of all columns, nested ones too, the statistics and the metadata.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from warehouse import landing
from warehouse.tables import literal

# A shorter value occurs in compressed bytes, and in texts, by chance: it is looked for as a whole
# cell, or in quotes.
LEAST_BYTES = 6
_BLOCK = 1 << 24  # bytes searched at once
_FEW = 40  # values up to so many are looked for one by one
_INSIDE = frozenset(b'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-')
_ID_COLUMNS = ('call_id', 'caller_id')


@dataclass(frozen=True)
class Hit:
    """Where a value was found: the file, relative to the folder, and the place in it."""

    path: str
    place: str  # name, bytes, statistics, metadata, or the name of a column
    value: str


@dataclass(frozen=True)
class Searched:
    """What was searched, and what was found there.

    Attributes:
      bytes: as they lie on the disk, and of the strings that were unpacked from them.
      unread: files whose content could not be unpacked; only their bytes were searched.
    """

    files: int
    bytes: int
    unpacked_bytes: int
    hits: tuple[Hit, ...]
    unread: tuple[str, ...]


def search(root: Path, values: Collection[str], leave_out: Collection[Path] = ()) -> Searched:
    """Searches every file under `root` for the values, in any form that the warehouse writes."""
    looking = _Looking(root, Finder(values))
    for path in sorted(root.rglob('*')):
        if path.is_file() and path not in leave_out:
            looking.at(path)
    return Searched(looking.files, looking.bytes, looking.unpacked,
                    tuple(dict.fromkeys(looking.hits)), tuple(looking.unread))


@dataclass
class _Looking:
    root: Path
    finder: Finder
    files: int = 0
    bytes: int = 0
    unpacked: int = 0
    hits: list[Hit] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def at(self, path: Path) -> None:
        """Searches a file; one that goes away meanwhile is none."""
        try:
            size = path.stat().st_size
            self._told(path, 'name', self.finder.find(f'\n{path.relative_to(self.root)}\n'.encode(
                'utf-8', 'surrogateescape'), whole_cells=False))
            self._bytes_of(path)
            if path.suffix == '.parquet':
                self._parquet(path)
            elif path.suffix == '.duckdb':
                self._views(path)
        except FileNotFoundError:
            return
        self.files += 1
        self.bytes += size

    def _told(self, path: Path, place: str, found: Collection[str]) -> None:
        self.hits += [Hit(str(path.relative_to(self.root)), place, value)
                      for value in sorted(found)]

    def _bytes_of(self, path: Path) -> None:
        overlap = b''
        with path.open('rb') as file:
            while block := file.read(_BLOCK):
                data = overlap + block
                self._told(path, 'bytes', self.finder.find(data, whole_cells=False))
                overlap = data[-self.finder.longest - 2:]

    def _parquet(self, path: Path) -> None:
        try:
            for name, strings in _columns_of(path):
                self._cells(path, name, strings)
            self._footer(path, pq.read_metadata(path))
        except _UnreadError:
            self.unread.append(str(path.relative_to(self.root)))

    def _cells(self, path: Path, name: str, strings: pa.Array) -> None:
        cells = pa.ListArray.from_arrays(pa.array([0, len(strings)], pa.int32()), strings)
        (joined,) = pc.binary_join(cells, '\n').to_pylist()
        data = f'\n{joined}\n'.encode()
        self.unpacked += len(data)
        self._told(path, name, self.finder.find(data, whole_cells=name in _ID_COLUMNS))

    def _footer(self, path: Path, footer: pq.FileMetaData) -> None:
        said = [str(value) for n in range(footer.num_row_groups)
                for c in range(footer.num_columns)
                if (known := footer.row_group(n).column(c).statistics) and known.has_min_max
                for value in (known.min, known.max) if isinstance(value, (str, bytes))]
        self._told(path, 'statistics', self.finder.find(
            '\n'.join(('', *said, '')).encode('utf-8', 'replace'), whole_cells=True))
        pairs = (footer.metadata or {}).items()
        self._told(path, 'metadata', self.finder.find(
            b'\n'.join(part for pair in pairs for part in pair), whole_cells=False))

    def _views(self, path: Path) -> None:
        try:
            with duckdb.connect(':memory:') as con:
                con.execute(f'ATTACH {literal(path)} AS looked_at (READ_ONLY)')
                texts = con.execute("SELECT sql FROM duckdb_views() WHERE database_name = "
                                    "'looked_at' AND NOT internal").fetchall()
        except duckdb.Error:
            self.unread.append(str(path.relative_to(self.root)))
            return
        data = '\n'.join(text or '' for (text,) in texts).encode()
        self.unpacked += len(data)
        self._told(path, 'views', self.finder.find(data, whole_cells=False))


class _UnreadError(Exception):
    """A file's content cannot be unpacked."""


def _columns_of(path: Path) -> Iterator[tuple[str, pa.Array]]:
    """The distinct strings of each column, a row group at a time."""
    try:
        kinds = {field.name: field.type for field in pq.read_schema(path)}
        # As dictionaries, so that a text is unpacked once, however many rows have it.
        plain = [name for name, kind in kinds.items() if pa.types.is_string(kind)]
        with pq.ParquetFile(path, read_dictionary=plain) as file:
            for number in range(file.num_row_groups):
                for name in (name for name, kind in kinds.items() if not _is_of_numbers(kind)):
                    column = file.read_row_group(number, columns=[name], use_threads=False)[0]
                    for strings in _strings_of(column.combine_chunks()):
                        values = strings.cast(pa.string()).drop_null()
                        if len(values):
                            yield name, values
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as e:
        raise _UnreadError from e


def _is_of_numbers(kind: pa.DataType) -> bool:
    """Most columns of a table are: they hold no text and need not be unpacked."""
    if pa.types.is_list(kind):
        return _is_of_numbers(kind.value_type)
    if pa.types.is_struct(kind):
        return all(_is_of_numbers(field.type) for field in kind)
    return pa.types.is_primitive(kind) or pa.types.is_null(kind)


def _strings_of(array: pa.Array) -> Iterator[pa.Array]:
    """The arrays of strings in an array."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        yield from _strings_of(array.dictionary)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield array.unique() if len(array) else array
    elif pa.types.is_binary(kind):  # of landing files alone
        for cell in array.drop_null():
            for column in landing.rows_in(cell).columns:
                yield from _strings_of(column)
    elif pa.types.is_struct(kind):
        for child in array.flatten():
            yield from _strings_of(child)
    elif pa.types.is_map(kind):
        yield from _strings_of(array.keys)
        yield from _strings_of(array.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from _strings_of(array.flatten())


class Finder:
    """Finds values in bytes, each in the forms that the warehouse writes it in."""

    def __init__(self, values: Collection[str]):
        self._forms: dict[bytes, str] = {}
        self._cells: dict[bytes, str] = {}
        for value in values:
            self._cells[b'\n' + value.encode('utf-8', 'surrogateescape') + b'\n'] = value
            for form in _forms_of(value):
                self._forms[form] = value
        self.longest = max(map(len, self._forms), default=0)
        self._many = _Windows(list(self._forms)) if len(self._forms) > _FEW else None

    def find(self, data: bytes, whole_cells: bool) -> set[str]:
        """The values that are in the data.

        Args:
          whole_cells: the data are cells, each between line breaks: short values are looked for
            as whole ones.
        """
        found = {value for form, value in self._of_few(data)} if self._many is None else {
            self._forms[form] for form in self._many.find(data)}
        if whole_cells and len(self._cells) <= _FEW:
            found |= {value for cell, value in self._cells.items() if cell in data}
        elif whole_cells:
            lines = set(data.split(b'\n'))
            found |= {value for cell, value in self._cells.items() if cell[1:-1] in lines}
        return found

    def _of_few(self, data: bytes) -> Iterator[tuple[bytes, str]]:
        for form, value in self._forms.items():
            at = data.find(form)
            while at >= 0:
                if _stands_alone(data, at, len(form)):
                    yield form, value
                    break
                at = data.find(form, at + 1)


def _forms_of(value: str) -> set[bytes]:
    """As text, in JSON, in an SQL literal, in a file name; short values in quotes alone."""
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1],
             value.replace("'", "''"), quote(value.encode('utf-8', 'surrogateescape'), safe='')}
    if len(value.encode('utf-8', 'surrogateescape')) < LEAST_BYTES:
        forms = {f'"{value}"', f"'{value}'", f'\\"{value}\\"'}
    return {form.encode('utf-8', 'surrogateescape') for form in forms}


def _stands_alone(data: bytes, at: int, length: int) -> bool:
    """Whether what is found is a word of its own: c-1 is no part of c-10."""
    end = at + length
    if end < len(data) and data[end] in _INSIDE and data[end - 1] in _INSIDE:
        return False
    if at == 0 or data[at - 1] not in _INSIDE or data[at] not in _INSIDE:
        return True
    return at > 1 and data[at - 2] == ord('\\')  # JSON's line break before it


class _Windows:
    """Finds any of many forms: by the eight bytes (or fewer) that each begins or ends with."""

    _BITS = 22

    def __init__(self, forms: list[bytes]):
        self._width = min(8, *map(len, forms))
        starts, ends = ({form[:self._width] for form in forms},
                        {form[-self._width:] for form in forms})
        self._by_end = len(ends) > len(starts)
        self._forms: dict[bytes, list[bytes]] = {}
        for form in forms:
            key = form[-self._width:] if self._by_end else form[:self._width]
            self._forms.setdefault(key, []).append(form)
        keys = np.array([int.from_bytes(key, 'little') for key in self._forms], dtype=np.uint64)
        self._maybe = np.zeros(1 << self._BITS, dtype=bool)
        self._maybe[self._hash(keys)] = True

    def _hash(self, keys: np.ndarray) -> np.ndarray:
        return (keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - self._BITS)

    def find(self, data: bytes) -> set[bytes]:
        """The forms that are in the data."""
        found: set[bytes] = set()
        for first in range(0, len(data), 1 << 20):
            part = np.frombuffer(data, np.uint8)[first:first + (1 << 20) + self._width - 1]
            count = len(part) - self._width + 1
            if count <= 0:
                break
            keys = np.zeros(count, dtype=np.uint64)
            for n in range(self._width):
                keys |= part[n:n + count].astype(np.uint64) << np.uint64(8 * n)
            for at in np.flatnonzero(self._maybe[self._hash(keys)]).tolist():
                found.update(self._at(data, first + at, found))
        return found

    def _at(self, data: bytes, at: int, found: set[bytes]) -> Iterator[bytes]:
        for form in self._forms.get(data[at:at + self._width], ()):
            start = at + self._width - len(form) if self._by_end else at
            if form not in found and start >= 0 and data.startswith(form, start) and (
                    _stands_alone(data, start, len(form))):
                yield form
