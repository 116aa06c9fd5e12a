"""CSV as RFC 4180 has it: UTF-8, CRLF, a header; NULL is empty, an empty text is "".

A batch is put together as columns, not row by row: the words of a day are millions of rows.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from warehouse.export.source import Snapshot, Watch, finite
from warehouse.spreadsheet_safe import FORMULA_STARTS

BOM = b'\xef\xbb\xbf'
_FORMULA = f'^[{"".join(FORMULA_STARTS)}]'.replace('-', r'\-')
_QUOTED = '[",\r\n]|^$'
_INSTANT = '%Y-%m-%dT%H:%M:%S+00:00'


def write(snapshot: Snapshot, name: str, path: Path, watch: Watch, *, bom: bool = False,
          raw: bool = False) -> int:
    """Writes a table or view. Returns the number of rows.

    Args:
      bom: begins with a byte order mark, without which Excel takes UTF-8 for a local encoding.
      raw: leaves text that a spreadsheet would run as a formula as it is.
    """
    columns = snapshot.columns(name)
    watch.begin(name, snapshot.count(name))
    rows = 0
    with path.open('wb') as file:
        file.write(BOM if bom else b'')
        file.write(','.join(column.name for column in columns).encode() + b'\r\n')
        for batch in snapshot.reader(
                f'SELECT {", ".join(column.plain for column in columns)} FROM "{name}"'):
            file.write(_lines(batch, raw))
            rows += batch.num_rows
            watch.add(batch.num_rows)
    return rows


def _lines(batch: pa.RecordBatch, raw: bool) -> memoryview:
    cells = [_cells(column, raw) for column in batch.columns]
    line = pc.binary_join_element_wise(*cells, ',', null_handling='replace', null_replacement='')
    ended = pc.binary_join_element_wise(line, '', '\r\n')
    # The texts of an Arrow array lie one after the other in its last buffer.
    _, offsets, texts = ended.buffers()
    first, last = ended.offset, ended.offset + len(ended)
    at = memoryview(offsets).cast('q' if pa.types.is_large_string(ended.type) else 'i')
    return memoryview(texts)[at[first]:at[last]]


def _cells(column: pa.Array, raw: bool) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        text = pc.strftime(column, format=_INSTANT)
        return pc.replace_substring(text, '.000000+', '+')
    if pa.types.is_floating(column.type):
        return finite(column).cast(pa.string())
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column.cast(pa.string())
    if not raw:
        column = pc.if_else(pc.match_substring_regex(column, _FORMULA),
                            pc.binary_join_element_wise("'", column, ''), column)
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(column, '"', '""'), '"', '')
    return pc.if_else(pc.match_substring_regex(column, _QUOTED), quoted, column)
