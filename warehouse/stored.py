"""Stored calls read back, some hundred at a time, in order of call_id and in bounded memory.

The files of a partition are read by row groups, each once, as far as their rows lie in ranges of
call_id; what does not is sorted first (`warehouse.spans`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from warehouse.records import (
    AGENT,
    CALLER,
    Call,
    Event,
    Finding,
    Kpis,
    Result,
    Turn,
    WordArrays,
    Words,
)
from warehouse.schemas import TABLES
from warehouse.spans import NUMBER, Group, Span, groups_of, reading

# Strings of few values: read as dictionaries, so that each value becomes an object once.
_FEW = ('call_id', 'speaker', 'time_quality', 'kind', 'label', 'standard', 'rule_version',
        'rule_id', 'stage', 'tier', 'result')
_WORD_TEXT = ('text',)
_WORD_COLUMNS = frozenset(f.name for f in fields(Words))

Row = TypeVar('Row')


class Rows:
    """The rows of a table in one partition, as a walk through its call_ids in order."""

    def __init__(self, name: str, paths: Sequence[Path], low: str, high: str):
        self._name = name
        self._waiting = [group for group in groups_of(paths)
                         if (group.low or '') <= high and (group.high is None or low <= group.high)]
        self._live: list[tuple[Group, pa.Table]] = []
        self._files: dict[Path, pq.ParquetFile] = {}

    def of(self, call_ids: Sequence[str]) -> tuple[pa.Table, np.ndarray]:
        """The rows of these calls, in order of call and number, and the place of each row's call.

        Args:
          call_ids: sorted, and all after those that were asked for before.
        """
        last = call_ids[-1]
        while self._waiting and (self._waiting[0].low or '') <= last:
            group = self._waiting.pop(0)
            self._live.append((group, self._read(group)))
        place = {call_id: n for n, call_id in enumerate(call_ids)}
        parts = [_rows_of(table, place) for _, table in self._live]
        self._live = [(group, table) for group, table in self._live
                      if group.high is None or group.high > last]
        parts = [part for part in parts if len(part[1])]
        if not parts:
            return _empty(self._name), np.empty(0, dtype=np.int64)
        if len(parts) == 1:
            return self._ordered(*parts[0])
        return self._ordered(_joined([table for table, _ in parts]),
                             np.concatenate([at for _, at in parts]))

    def _ordered(self, table: pa.Table, at: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        if self._name in NUMBER:
            number = table[NUMBER[self._name]].to_numpy()
            if not np.all((np.diff(at) > 0) | ((np.diff(at) == 0) & (np.diff(number) > 0))):
                order = np.lexsort((number, at))
                return table.take(order), at[order]
        elif np.any(np.diff(at) < 0):
            order = np.argsort(at, kind='stable')
            return table.take(order), at[order]
        return table, at

    def _read(self, group: Group) -> pa.Table:
        wanted = TABLES[self._name].schema
        with reading(group.path):
            file = self._files.get(group.path)
            if file is None:
                footer = pq.read_metadata(group.path)
                few = _FEW + (_WORD_TEXT if self._name == 'words' else ())
                file = self._files[group.path] = pq.ParquetFile(
                    group.path, metadata=footer,
                    read_dictionary=[name for name in few if name in footer.schema.names])
            table = file.read_row_group(group.number, use_threads=False,
                                        columns=[f.name for f in wanted if f.name != 'call_date'])
        for field in wanted:
            # Files that an older program wrote lack columns.
            if field.name not in table.column_names and field.name != 'call_date':
                table = table.append_column(field.name, pa.nulls(table.num_rows, field.type))
        return table


def _rows_of(table: pa.Table, place: Mapping[str, int]) -> tuple[pa.Table, np.ndarray]:
    ids = encoded(table['call_id'])
    known = np.array([place.get(call_id, -1) for call_id in ids.dictionary.to_pylist()],
                     dtype=np.int64)
    at = known[ids.indices.to_numpy()] if len(known) else np.empty(0, dtype=np.int64)
    rows = np.flatnonzero(at >= 0)
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return table.slice(rows[0], len(rows)), at[rows[0]:rows[-1] + 1]
    return table.take(rows), at[rows]


def _joined(tables: Sequence[pa.Table]) -> pa.Table:
    if any(table.schema != tables[0].schema for table in tables):
        tables = [table.cast(_plain(table.schema)) for table in tables]
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _plain(schema: pa.Schema) -> pa.Schema:
    return pa.schema([f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f
                      for f in schema])


@lru_cache
def _empty(name: str) -> pa.Table:
    schema = TABLES[name].schema
    return pa.schema([f for f in schema if f.name != 'call_date']).empty_table()


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """The column in one piece; to combine a single one would copy it."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if not column.num_chunks:
        return pa.array([], column.type)
    return column.combine_chunks()


def encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as a dictionary, which it is where it was read as one."""
    array = _whole(column)
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def values_of(column: pa.ChunkedArray) -> list[Any]:
    """The column as a list, null as None."""
    array = _whole(column)
    kind = array.type
    if pa.types.is_dictionary(kind):
        words = np.array([*array.dictionary.to_pylist(), None], dtype=object)
        return words[array.indices.fill_null(len(words) - 1).to_numpy()].tolist()
    if pa.types.is_string(kind):
        return array.to_numpy(zero_copy_only=False).tolist()
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or (
            pa.types.is_boolean(kind) and not array.null_count)):
        return array.to_pylist()
    if not array.null_count:
        return array.to_numpy(zero_copy_only=False).tolist()
    if array.null_count == len(array):
        return [None] * len(array)
    out = array.fill_null(0).to_numpy().astype(object)
    out[array.is_null().to_numpy(zero_copy_only=False)] = None
    return out.tolist()


class Placed(NamedTuple):
    """Rows of a table, in order of call, and the place of each one's call among those read."""

    table: pa.Table
    at: NDArray[np.int64]

    def where(self, wanted: NDArray[np.bool_]) -> Placed:
        """Some of the rows."""
        if wanted.all():
            return self
        return Placed(self.table.take(rows := np.flatnonzero(wanted)), self.at[rows])


class Read:
    """Some calls of a span, in order of call_id. Their rows are read when they are first asked for,
    which is to be before the next calls of the span are."""

    def __init__(self, calls: Sequence[Call], walks: Mapping[str, Rows]):
        self.calls = calls
        self.call_ids = [call.call_id for call in calls]
        self._walks = walks
        self._found: dict[str, Placed] = {}

    def rows(self, name: str) -> Placed:
        """Those of turns, words, events, findings or kpis."""
        if name not in self._found:
            self._found[name] = Placed(*self._walks[name].of(self.call_ids))
        return self._found[name]

    @cached_property
    def results(self) -> list[Result]:
        """Of `findings` a result has those of stage `kpi`: the reasons of measures that are not
        known."""
        return _results(self.calls, {name: self.rows(name) for name in self._walks})


def read_span(span: Span, size: int) -> Iterator[Read]:
    """The calls of a span, at most `size` at a time."""
    walks = {name: Rows(name, span.files.get(name, ()), span.low, span.high)
             for name in ('turns', 'words', 'events', 'findings', 'kpis')}
    for calls in _calls_of(span, size):
        yield Read(calls, walks)


def _calls_of(span: Span, size: int) -> Iterator[list[Call]]:
    # A row of `calls` is wide but single, so a span's calls are read at once.
    tables = []
    for path in span.files['calls']:
        with reading(path):
            tables.append(pq.read_table(
                path, use_threads=False, partitioning=None,
                filters=[('call_id', '>=', span.low), ('call_id', '<=', span.high)]))
    names = [f.name for f in fields(Call)]
    table = pa.concat_tables(tables, promote_options='default').sort_by('call_id')
    columns = [values_of(table[name]) if name in table.column_names
               else [None] * table.num_rows for name in names]
    columns[names.index('call_date')] = [span.date] * table.num_rows
    calls = [Call(*row) for row in zip(*columns, strict=True)]
    for first in range(0, len(calls), size):
        yield calls[first:first + size]


def is_one_of(column: pa.ChunkedArray, names: Collection[str]) -> NDArray[np.bool_]:
    """Of each value of a column of few values, whether it is one of some."""
    values = encoded(column)
    known = np.array([name in names for name in values.dictionary.to_pylist()], dtype=bool)
    return known[values.indices.to_numpy()] if len(known) else np.zeros(len(values), dtype=bool)


def _results(calls: Sequence[Call], found: Mapping[str, Placed]) -> list[Result]:
    turns = _by_call(len(calls), found['turns'], Turn._fields, Turn._make)
    events = _by_call(len(calls), found['events'], Event._fields, Event._make)
    findings = found['findings']
    reasons = _by_call(len(calls), findings.where(is_one_of(findings.table['stage'], ('kpi',))),
                       Finding._fields, Finding._make)
    kpis = _by_call(len(calls), found['kpis'],
                    [f.name for f in fields(Kpis) if f.name != 'call_date'], _kpis_of)
    table, at = found['words']
    words = _Columns(table)
    bounds = np.searchsorted(at, np.arange(len(calls) + 1)).tolist()
    return [Result(call, turns[n], _StoredWords(words, bounds[n], bounds[n + 1]), events[n],
                   reasons[n], tuple(_dated(row, call.call_date) for row in kpis[n]))
            for n, call in enumerate(calls)]


class _Columns:
    """The words of some calls, whose columns become lists or arrays when they are first asked for:
    to judge a call again few of them are needed."""

    def __init__(self, table: pa.Table):
        self._table = table
        self._lists: dict[str, list[Any]] = {}

    def __getitem__(self, name: str) -> list[Any]:
        known = self._lists.get(name)
        if known is None:
            known = self._lists[name] = values_of(self._table[name])
        return known

    @cached_property
    def arrays(self) -> WordArrays:
        """NaN for null."""
        speakers = encoded(self._table['speaker'])
        names = np.array([*speakers.dictionary.to_pylist(), ''], dtype=object)
        speaker = names[speakers.indices.fill_null(len(names) - 1).to_numpy()]
        start_s, end_s, confidence, turn = (
            _whole(self._table[name]).to_numpy(zero_copy_only=False)
            for name in ('start_s', 'end_s', 'confidence', 'turn'))
        return WordArrays(start_s, end_s, confidence, speaker == AGENT, speaker == CALLER, turn)


class _StoredWords(Words):
    """The words of one call among those of others."""

    _columns: _Columns
    _part: slice

    def __init__(self, columns: _Columns, first: int, end: int):
        vars(self).update(_columns=columns, _part=slice(first, end))

    def __getattr__(self, name: str) -> Any:
        if name not in _WORD_COLUMNS:
            raise AttributeError(name)
        column = vars(self)[name] = self._columns[name][self._part]
        return column

    @cached_property
    def arrays(self) -> WordArrays:
        return WordArrays._make(column[self._part] for column in self._columns.arrays)

    def __len__(self) -> int:
        return self._part.stop - self._part.start


def _by_call(calls: int, found: tuple[pa.Table, np.ndarray], names: Sequence[str],
             make: Callable[[Sequence[Any]], Row]) -> list[tuple[Row, ...]]:
    table, at = found
    records = list(map(make, zip(*(values_of(table[name]) for name in names), strict=True)))
    bounds = np.searchsorted(at, np.arange(calls + 1)).tolist()
    return [tuple(records[bounds[n]:bounds[n + 1]]) for n in range(calls)]


def _kpis_of(row: Sequence[Any]) -> Kpis:
    return Kpis(row[0], row[1], None, *row[2:])


def _dated(kpis: Kpis, day: date | None) -> Kpis:
    object.__setattr__(kpis, 'call_date', day)  # just made, and nobody else has it yet
    return kpis
