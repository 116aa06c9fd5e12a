"""Manifest files into rows: CSV, JSON Lines, Parquet. Nothing is understood here, only read.

A row that cannot be read is a row with a fault and the next one is read; a file that cannot be
read is a ManifestError. Rows are read as they are asked for, so a manifest may be large.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import pyarrow

COLUMNS = (
    'call_id', 'audio_uri', 'agent_audio_uri', 'caller_audio_uri', 'agent_channel', 'started_at',
    'ended_at', 'timezone', 'direction', 'agent_id', 'agent_name', 'queue', 'caller_id',
    'caller_name', 'call_type', 'contact_id', 'language', 'ringing_at', 'answered_at', 'holds',
    'transfers', 'hung_up_by', 'transcript_uri')
_DELIMITERS = ',;\t|'
_HEADER_MOST = 1 << 20  # characters: a first line beyond that is no header
_PARQUET_ROWS = 4096  # read at once
_DEEPEST = 50  # levels of JSON: code that walks them recurses
_TEXT_KEPT = 1000  # characters of a line that is no JSON, kept in its reject


class ManifestError(ValueError):
    """The input as a whole cannot be read, so that no row of it is known.

    Args:
      message: what is wrong, naming the file.
      way_out: what the reader can do about it.
    """

    def __init__(self, message: str, way_out: str):
        super().__init__(message)
        self.message = message
        self.way_out = way_out


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a row."""

    field: str | None
    value: object
    why: str
    way_out: str
    error: str = 'ValueError'


@dataclass(frozen=True)
class RawRow:
    """A row as it was given.

    Attributes:
      number: 1-based, header excluded; None where there is no manifest file.
      where: how to find it: 'calls.csv row 3 (line 5)'.
      cells: column to value; text, or what JSON and Parquet give.
      fault: why it could not be read, if so.
    """

    number: int | None
    where: str
    cells: dict[str, Any] = field(default_factory=dict)
    fault: Fault | None = None


def read_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a manifest file, one by one. Raises ManifestError, also between rows."""
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise ManifestError(f'{path}: is no manifest by its name',
                            f'Name it {", ".join(_READERS)}, or give a folder of recordings.')
    try:
        if path.stat().st_size == 0:
            raise ManifestError(f'{path}: is empty',
                                'Write the manifest to another name and rename it when done.')
        yield from _READERS[suffix](path)
    except UnicodeDecodeError as error:
        raise ManifestError(f'{path}: is not UTF-8 text ({error.reason})',
                            'Save it as UTF-8 (in a spreadsheet: "CSV UTF-8").') from error
    except OSError as error:
        raise ManifestError(f'{path}: {error.strerror or error}',
                            'Check the path and its permissions.') from error


def _csv_rows(path: Path) -> Iterator[RawRow]:
    with path.open(encoding='utf-8-sig', newline='') as file:
        reader = csv.reader(file, delimiter=_delimiter(file), strict=True)
        header = _header(path, reader)
        number = 0
        while True:
            first_line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                number += 1
                yield RawRow(number, _csv_where(path, number, first_line, reader.line_num),
                             fault=Fault(None, None, f'is not CSV: {error}',
                                         'Close the quotes: a quote inside a cell is doubled.',
                                         'CsvError'))
                continue
            if not cells:
                continue
            number += 1
            if any(cell.strip() for cell in cells):
                where = _csv_where(path, number, first_line, reader.line_num)
                yield RawRow(number, where, dict(zip(header, cells, strict=False)),
                             _ragged(header, cells))


def _csv_where(path: Path, number: int, first_line: int, last_line: int) -> str:
    lines = f'line {last_line}' if last_line <= first_line else f'lines {first_line}-{last_line}'
    return f'{path} row {number} ({lines})'


def _ragged(header: list[str], cells: list[str]) -> Fault | None:
    if len(cells) == len(header):
        return None
    return Fault(None, None, f'has {len(cells)} cells where the header has {len(header)}',
                 'Quote cells that hold the delimiter, and write empty cells out.', 'RaggedRow')


def _delimiter(file: TextIO) -> str:
    """The delimiter that makes most known columns of the first line."""
    line = file.readline(_HEADER_MOST)
    file.seek(0)

    def known(delimiter: str) -> int:
        return sum(name.strip().strip('"') in COLUMNS for name in line.split(delimiter))
    return max(_DELIMITERS, key=known)


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        names = next((cells for cells in reader if cells), [])
    except csv.Error as error:
        raise ManifestError(f'{path}: the first line is no CSV header ({error})',
                            'Write the column names in the first line.') from error
    header = [name.strip() or f'column {at}' for at, name in enumerate(names, 1)]
    _check_columns(path, header)
    return header


def _check_columns(path: Path, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ManifestError(f'{path}: has two columns named {", ".join(twice)}',
                            'Remove or rename one of them.')
    if 'audio_uri' not in names and not {'agent_audio_uri', 'caller_audio_uri'} <= set(names):
        shown = ', '.join(name[:40] for name in names[:30]) or 'no column at all'
        raise ManifestError(
            f'{path}: has no column audio_uri (it has {shown})',
            'Name the column of the recordings audio_uri, in the first line; or give '
            'agent_audio_uri and caller_audio_uri.')


def _json_rows(path: Path) -> Iterator[RawRow]:
    number = 0
    with path.open(encoding='utf-8-sig', newline='\n') as file:
        for at, line in enumerate(file, 1):
            if not line.strip():
                continue
            number += 1
            if number == 1 and line.lstrip().startswith('['):
                raise ManifestError(f'{path}: is one JSON array',
                                    'Write one object a line, as JSON Lines.')
            where = f'{path} row {number}' + (f' (line {at})' if at != number else '')
            yield json_row(number, where, line)
    if not number:
        raise ManifestError(f'{path}: is empty', 'Write one JSON object a line.')


def json_row(number: int | None, where: str, text: str) -> RawRow:
    """The row that a JSON object is; with a fault where the text is none."""
    try:
        cells = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        why = 'nested too deep' if isinstance(error, RecursionError) else str(error)
        return RawRow(number, where, {'text': text[:_TEXT_KEPT]},
                      Fault(None, None, f'is not JSON: {why}',
                            'Write one JSON object, with keys and text in double quotes.',
                            'JSONDecodeError'))
    if _is_deeper(cells, _DEEPEST):
        return RawRow(number, where, {'text': text[:_TEXT_KEPT]},
                      Fault(None, None, 'is JSON nested too deep', 'Write plain values.'))
    if not isinstance(cells, dict):
        return RawRow(number, where, {'text': text[:_TEXT_KEPT]},
                      Fault(None, None, 'is JSON but no object',
                            'Write one JSON object: {"audio_uri": "..."}.'))
    return RawRow(number, where, cells)


def _is_deeper(value: object, left: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    items = value.values() if isinstance(value, dict) else value
    return left == 0 or any(_is_deeper(item, left - 1) for item in items)


def _no_constant(name: str) -> None:
    raise ValueError(f'{name} is no JSON number')


def _parquet_rows(path: Path) -> Iterator[RawRow]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            _check_columns(path, file.schema_arrow.names)
            number = 0
            for batch in file.iter_batches(_PARQUET_ROWS):
                for cells in _microseconds(batch).to_pylist():
                    number += 1
                    yield RawRow(number, f'{path} row {number}', cells)
    except (pyarrow.ArrowException, OverflowError) as error:
        raise ManifestError(f'{path}: is no Parquet file that can be read ({error})',
                            'Write it again; rename it into place when done.') from error


def _microseconds(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """Nanosecond instants as microseconds: a datetime holds no more."""
    import pyarrow
    import pyarrow.types

    schema = pyarrow.schema([
        column.with_type(pyarrow.timestamp('us', column.type.tz))
        if pyarrow.types.is_timestamp(column.type) else column for column in batch.schema])
    return pyarrow.Table.from_batches([batch]).cast(schema, safe=False)


_READERS: dict[str, Callable[[Path], Iterator[RawRow]]] = {
    '.csv': _csv_rows, '.tsv': _csv_rows, '.jsonl': _json_rows, '.ndjson': _json_rows,
    '.json': _json_rows, '.parquet': _parquet_rows}
