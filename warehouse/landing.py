"""Landing: one file a finished call, whole or not there. It is the checkpoint of a run.

A landing file is Parquet with one row: the columns of `calls`, and the call's turns, words,
events, findings and kpis, each an Arrow stream in a binary column. (As nested lists, which older
programs wrote and which are still read, they are a hundred tiny Parquet columns: three times the
work to read.) Its path is a function of the call_id alone, so a retry writes the same path; its
bytes are a function of the result alone. Every page carries a checksum, so a rotten file is noticed
and not published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import WarehouseError
from warehouse.files import write_whole
from warehouse.records import Call, Event, Finding, Kpis, Reject, Result, Turn, Words
from warehouse.schemas import TABLES

_NAME_BYTES = 200  # a file name holds 255; the temporary one adds 38 to it and the suffix
_HASHED = 136
Row = TypeVar('Row')
NESTED = ('turns', 'words', 'events', 'findings', 'kpis')

SCHEMA = pa.schema([
    *TABLES['calls'].schema,
    *(pa.field(name, pa.list_(TABLES[name].nested)) for name in NESTED),
]).remove_metadata()


@dataclass(frozen=True)
class Peek:
    """What `admit` must know of a call that is already there."""

    audio_sha256: str
    fingerprint: str


def path_of(root: Path, call_id: str) -> Path:
    """Where the call's file lies: for any call_id a distinct path inside `root`/landing."""
    return root / 'landing' / _digest(call_id)[:2] / name_of(call_id)


def name_of(call_id: str) -> str:
    """The name of the call's file."""
    name = quote(call_id.encode('utf-8', 'surrogateescape'), safe='')
    if len(name) > _NAME_BYTES:
        # itself too long to be any other call's name
        name = f'{name[:_HASHED]}~{_digest(call_id)}~'
    return f'{name}.parquet'


def _digest(call_id: str) -> str:
    return hashlib.sha256(call_id.encode('utf-8', 'surrogateescape')).hexdigest()


def put(root: Path, result: Result) -> Path:
    """Writes the call's result, replacing an earlier one. Returns its path.

    Raises ValueError where the columns of `result.words` differ in length.
    """
    return put_row(root, as_table(result))


def put_row(root: Path, row: pa.Table) -> Path:
    """Writes a call's result that is a row of SCHEMA already (`as_table`). Returns its path."""
    call_id, *told = (row[name][0].as_py() for name in ('call_id', 'audio_sha256', 'fingerprint'))
    path = path_of(root, call_id)
    sink = pa.BufferOutputStream()
    # Many tiny column chunks: dictionaries, statistics and zstd cost more time than they save.
    packed = _packed(row)
    with pq.ParquetWriter(sink, packed.schema, compression='lz4', use_dictionary=False,
                          store_schema=False, write_statistics=False,
                          write_page_checksum=True) as writer:
        writer.write_table(packed)
        writer.add_key_value_metadata(dict(zip(('audio_sha256', 'fingerprint'), told, strict=True)))
    write_whole(path, memoryview(sink.getvalue()))
    return path


def peek(root: Path, call_id: str) -> Peek | None:
    """What has landed of the call and is not yet published; None where nothing readable has."""
    try:
        metadata = pq.read_metadata(path_of(root, call_id)).metadata
        return Peek(metadata[b'audio_sha256'].decode(), metadata[b'fingerprint'].decode())
    except (OSError, pa.ArrowException, KeyError, TypeError):
        return None


def get(path: Path) -> Result:
    """The result as it was put. Raises WarehouseError where the file is damaged."""
    table = read(path)
    call = Call(**{name: table[name][0].as_py() for name in TABLES['calls'].schema.names})
    words = _lists(table, 'words')
    return Result(
        call=call, words=Words(**{f.name: tuple(words[f.name]) for f in fields(Words)}),
        turns=_records(table, 'turns', Turn), events=_records(table, 'events', Event),
        findings=_records(table, 'findings', Finding),
        kpis=tuple(replace(row, call_date=call.call_date)
                   for row in _records(table, 'kpis', Kpis)))


def read(path: Path) -> pa.Table:
    """The one row of a landing file, checked. Raises WarehouseError where it is damaged."""
    try:
        table = _row_of(path)
        sound = (table.num_rows == 1 and table.schema.names == SCHEMA.names
                 and path_of(path.parents[2], table['call_id'][0].as_py()).name == path.name)
        if not sound:
            raise WarehouseError('it does not hold the call it is named after', way_out='')
        # Damage outside a page's checksum shows as text that is none, or lists that overrun.
        table.validate(full=True)
        return table.cast(SCHEMA)
    except FileNotFoundError:
        raise
    except Exception as e:
        raise WarehouseError(f'{path} is damaged: {e}',
                             way_out='Run the batch again: the call is processed anew.') from e


def read_together(paths: Sequence[Path]) -> pa.Table | None:
    """The rows of some landing files as `in_order` has them, checked as `read` does but all at
    once.

    None where one of them is damaged or gone: then `read` tells which.
    """
    try:
        tables = list(map(_row_of, paths))
        if not tables or any(table.num_rows != 1 for table in tables):
            return None
        table = in_order(tables)
        table.validate(full=True)
        names = list(map(name_of, table['call_id'].to_pylist()))
        sound = table.schema.names == SCHEMA.names and set(names) == {path.name for path in paths}
        return table.cast(SCHEMA) if sound else None
    except Exception:
        return None


def in_order(rows: Iterable[pa.Table]) -> pa.Table:
    """Tables of one row each as one, by call_date (none at the end) and call_id."""
    def key(row: pa.Table) -> tuple[bool, Any, str]:
        day, call_id = (row[name][0].as_py() for name in ('call_date', 'call_id'))
        return day is None, day or date.min, call_id
    return pa.concat_tables(sorted(rows, key=key)).combine_chunks()


def _row_of(path: Path) -> pa.Table:
    # ParquetFile looks through all columns first, for a choice of them: an eighth of the time.
    reader = pq.ParquetReader()
    reader.open(pa.BufferReader(path.read_bytes()), page_checksum_verification=True)
    return _unpacked(reader.read_all(use_threads=False))


def _packed(row: pa.Table) -> pa.Table:
    """The row as its file holds it."""
    for name in NESTED:
        rows = row[name].combine_chunks().flatten()
        plain = pa.schema([field.remove_metadata() for field in rows.type])
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, plain) as stream:
            stream.write_batch(pa.RecordBatch.from_arrays(rows.flatten(), schema=plain))
        row = row.set_column(row.schema.get_field_index(name), name,
                             pa.array([sink.getvalue().to_pybytes()], pa.binary()))
    return row.replace_schema_metadata()


def _unpacked(table: pa.Table) -> pa.Table:
    """The row of SCHEMA that a file holds."""
    if table.num_rows != 1:
        return table
    names, columns = table.schema.names, table.columns
    for name in NESTED:
        if name in names and pa.types.is_binary(table.schema.field(name).type):
            rows = rows_in(table[name][0]).to_struct_array()
            columns[names.index(name)] = pa.ListArray.from_arrays(
                pa.array([0, len(rows)], pa.int32()), rows)
    return pa.table(columns, names=names)


def rows_in(cell: pa.BinaryScalar) -> pa.RecordBatch:
    """What a binary column of a landing file holds. Raises pa.ArrowException where it is damaged.
    """
    try:
        with pa.ipc.open_stream(cell.as_buffer()) as stream:
            return stream.read_next_batch()
    except StopIteration as e:
        raise pa.ArrowInvalid('there are no rows in it') from e


def landed(root: Path) -> Iterator[Path]:
    """The files of the calls that have landed and are not yet published, in a fixed order."""
    yield from sorted((root / 'landing').glob('[0-9a-f][0-9a-f]/*.parquet'))


def remove(paths: Iterable[Path]) -> None:
    """Removes landing files; one that is gone already is no error."""
    for path in paths:
        path.unlink(missing_ok=True)


def call_id_of(path: Path) -> str | None:
    """The call a landing file is named after, where the name still tells."""
    name = path.name.removesuffix('.parquet')
    return None if len(name) > _NAME_BYTES else unquote(name, errors='surrogateescape')


def put_reject(root: Path, reject: Reject) -> Path:
    """Writes a reject that waits to be published, replacing an earlier one of its key."""
    row = asdict(reject)
    if reject.failed_at:
        row['failed_at'] = reject.failed_at.isoformat()
    path = root / 'landing' / 'rejects' / f'{quote(reject.reject_key, safe="")}.json'
    write_whole(path, json.dumps(row).encode())
    return path


def rejects(root: Path) -> Iterator[Path]:
    """The files of the rejects that wait to be published, in a fixed order."""
    yield from sorted((root / 'landing' / 'rejects').glob('*.json'))


def get_reject(path: Path) -> Reject:
    """The reject as it was put. Raises WarehouseError where the file is damaged."""
    try:
        row = json.loads(path.read_bytes())
        if row['failed_at']:
            row['failed_at'] = datetime.fromisoformat(row['failed_at'])
        return Reject(**row)
    except (ValueError, TypeError, KeyError) as e:
        raise WarehouseError(f'{path} is damaged: {e}',
                             way_out='Run the batch again: the call is judged anew.') from e


def text_safe(value: Any) -> Any:
    """The value, with what UTF-8 cannot hold (bytes of odd file names) replaced."""
    if isinstance(value, str):
        return value.encode('utf-8', 'replace').decode()
    return value


def as_table(result: Result) -> pa.Table:
    """The one row of the call's landing file."""
    call = result.call
    arrays = [_array([getattr(call, f.name)], f.type) for f in TABLES['calls'].schema]
    for name in NESTED:
        kind = TABLES[name].nested
        columns = _word_columns(result.words) if name == 'words' else {
            f.name: [getattr(record, f.name) for record in getattr(result, name)] for f in kind}
        length = len(next(iter(columns.values())))
        struct = pa.StructArray.from_arrays(
            [_array(columns[f.name], f.type) for f in kind], fields=list(kind))
        arrays.append(pa.ListArray.from_arrays(pa.array([0, length], pa.int32()), struct))
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _word_columns(words: Words) -> dict[str, Any]:
    columns = {f.name: getattr(words, f.name) for f in fields(Words)}
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise ValueError(f'the columns of words differ in length: {sorted(lengths)}')
    return {'word': range(len(words)), **columns}


def _array(values: Any, kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([text_safe(v) for v in values], kind)


def _records(table: pa.Table, name: str, cls: type[Row]) -> tuple[Row, ...]:
    columns = _lists(table, name)
    return tuple(cls(**dict(zip(columns, row, strict=True)))
                 for row in zip(*columns.values(), strict=True))


def _lists(table: pa.Table, name: str) -> dict[str, list[Any]]:
    struct = table[name].combine_chunks().flatten()
    return {f.name: struct.field(i).to_pylist() for i, f in enumerate(struct.type)}
