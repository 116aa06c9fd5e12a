"""One Excel workbook, written row by row: a summary with charts, and sheets to filter.

Text is only ever text: nothing becomes a formula or a link. Excel knows no time zones: instants
are UTC, and the heading says so. More rows than Excel takes go on in `KPIs (2)`, `KPIs (3)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timezone
from math import isfinite
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from warehouse.export.excel_sheets import SHEETS, Sheet
from warehouse.export.excel_summary import write_summary
from warehouse.export.source import Column, Snapshot, Watch

MOST_ROWS = 1_048_576  # of a sheet, the heading included
MOST_CHARACTERS = 32_767  # of a cell, in UTF-16
_FIRST_DAY = date(1900, 3, 1)  # before it Excel counts a 29 February that never was
_ILLEGAL = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]')  # in XML 1.0, and DEL
_WIDE = {'why': 60, 'evidence': 60, 'text': 60, 'failed': 60, 'cut_off_text': 60, 'message': 60,
         'way_out': 60, 'manifest': 40, 'source_uri': 40, 'call_id': 24, 'rule_id': 30}
FORMATS = {
    'title': {'bold': True, 'font_size': 16, 'font_color': '#1F3864'},
    'heading': {'bold': True, 'font_color': 'white', 'bg_color': '#1F3864', 'valign': 'top',
                'border': 1, 'border_color': '#8EA9DB'},
    'label': {'font_color': '#404040'},
    'text': {'valign': 'top'},
    'indented': {'valign': 'top', 'indent': 1},
    'count': {'num_format': '#,##0', 'valign': 'top'},
    'tenths': {'num_format': '#,##0.0', 'valign': 'top'},
    'hundredths': {'num_format': '#,##0.00', 'valign': 'top'},
    'share': {'num_format': '0.0%', 'valign': 'top'},
    'date': {'num_format': 'yyyy-mm-dd', 'align': 'left', 'valign': 'top'},
    'instant': {'num_format': 'yyyy-mm-dd hh:mm:ss', 'align': 'left', 'valign': 'top'},
}


def write(snapshot: Snapshot, path: Path, watch: Watch,
          names: tuple[str, ...] = ()) -> dict[str, int]:
    """Writes the workbook. Returns the number of rows of each kind, by its first sheet's title.

    Args:
      names: tables and views to be sheets, as they are; none = the summary and `SHEETS`.
    """
    sheets = tuple(_as_is(snapshot, name) for name in names) or SHEETS
    counts = {sheet.title: int(snapshot.rows(f'SELECT count(*) FROM ({sheet.sql})')[0][0])
              for sheet in sheets}
    book = xlsxwriter.Workbook(str(path), {
        'constant_memory': True, 'tmpdir': str(path.parent), 'strings_to_formulas': False,
        'strings_to_urls': False, 'strings_to_numbers': False,
        'use_zip64': True})  # only of a sheet beyond 2 GB does the file become another
    book.set_properties({'title': 'Call etiquette', 'created': snapshot.published_at.astimezone(
        timezone.utc).replace(tzinfo=None)})
    formats = {name: book.add_format(what) for name, what in FORMATS.items()}
    if not names:
        titles = {sheet.title: _titles(sheet.title, counts[sheet.title]) for sheet in sheets}
        write_summary(snapshot, book.add_worksheet('Summary'), book, formats, counts, titles)
    for sheet in sheets:
        _write_sheet(snapshot, book, sheet, formats, counts[sheet.title], watch)
    try:
        book.close()
    except xlsxwriter.exceptions.XlsxWriterException as e:
        raise OSError(str(e)) from e
    return counts


def cut(text: str) -> str:
    """The text as a cell can hold it: legal in XML, and not longer than Excel takes."""
    text = _ILLEGAL.sub('', text.replace('\r\n', '\n').replace('\r', '\n'))
    if 2 * len(text) <= MOST_CHARACTERS:
        return text
    units = text.encode('utf-16-le', 'replace')
    if len(units) <= 2 * MOST_CHARACTERS:
        return text
    return units[:2 * (MOST_CHARACTERS - 1)].decode('utf-16-le', 'ignore') + '…'


def _as_is(snapshot: Snapshot, name: str) -> Sheet:
    return Sheet(name, snapshot.comments[name], f'SELECT * FROM "{name}"', name)


def _titles(title: str, rows: int) -> list[str]:
    """The sheets that so many rows fill; each takes `MOST_ROWS` with its heading."""
    return [title, *(f'{title} ({n})' for n in range(2, -(-rows // (MOST_ROWS - 1)) + 1))]


def _write_sheet(snapshot: Snapshot, book: Workbook, sheet: Sheet, formats: dict[str, Format],
                 count: int, watch: Watch) -> None:
    columns = _columns(snapshot, sheet)
    watch.begin(sheet.title, count)
    titles = iter(_titles(sheet.title, count))
    writers = _page(book, next(titles), columns, formats, min(count, MOST_ROWS - 1))
    at, left = 0, count
    select = ', '.join(column.plain for column in columns)
    for batch in snapshot.reader(f'SELECT {select} FROM ({sheet.sql})'):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if at == MOST_ROWS - 1:
                at, left = 0, left - at
                writers = _page(book, next(titles), columns, formats, min(left, MOST_ROWS - 1))
            at += 1
            for n, value in enumerate(row):
                if value is not None:
                    writers[n](at, n, value)
        watch.add(batch.num_rows)


def _page(book: Workbook, title: str, columns: Sequence[Column], formats: dict[str, Format],
          count: int) -> list[Callable[[int, int, Any], object]]:
    """A sheet with its heading, for so many rows. Returns what writes a value of each column."""
    page = book.add_worksheet(title)
    page.freeze_panes(1, 1)
    page.set_landscape()
    page.repeat_rows(0)
    page.autofilter(0, 0, count, len(columns) - 1)
    writers = []
    for n, column in enumerate(columns):
        kind = _kind(column)
        page.set_column(n, n, _width(column))
        is_instant = kind == 'instant'
        page.write_string(0, n, f'{column.name} (UTC)' if is_instant else column.name,
                          formats['heading'])
        if column.comment:
            page.write_comment(0, n, column.comment, {'x_scale': 1.6, 'y_scale': 0.8})
        writers.append(_writer(page, kind, formats))
        if column.name == 'etiquette_score' and count:
            page.conditional_format(1, n, count, n, {
                'type': '3_color_scale', 'min_color': '#F8CBAD', 'mid_color': '#FFF2CC',
                'max_color': '#C6E0B4'})
    return writers


def _columns(snapshot: Snapshot, sheet: Sheet) -> tuple[Column, ...]:
    told: dict[str, str] = {}
    for name in ('calls', sheet.table) if sheet.table else ():
        told |= {column.name: column.comment for column in snapshot.columns(name)}
    return tuple(Column(row[0], row[1], told.get(row[0], ''))
                 for row in snapshot.rows(f'DESCRIBE {sheet.sql}'))


def _kind(column: Column) -> str:
    """The name of the format that a column's values have."""
    if column.type.startswith('TIMESTAMP'):
        return 'instant'
    if column.type == 'DATE':
        return 'date'
    if column.type in ('INTEGER', 'BIGINT', 'HUGEINT'):
        return 'count'
    if column.type != 'DOUBLE':
        return 'text'
    name = column.name
    if name.endswith(('_share', '_ratio', 'coverage', 'coverage_mean', 'confidence')):
        return 'share'
    tenths = ('_s', '_dbfs', '_db', '_lo', '_hi', '_rate', 'minutes', 'hours')
    if name.endswith(tenths) or ('_score' in name and name != 'mean_score'):
        return 'tenths'
    return 'hundredths'


def _width(column: Column) -> float:
    if column.name in _WIDE:
        return _WIDE[column.name]
    # Room for the filter's arrow, and for `(UTC)` and the time of day.
    least = 24 if column.type.startswith('TIMESTAMP') else 12
    return max(least, min(34, len(column.name) + 4))


def _writer(page: Worksheet, kind: str,
            formats: dict[str, Format]) -> Callable[[int, int, Any], object]:
    """Writes a value that is not None into a cell of a column of this kind."""
    form = formats[kind]

    def moment(row: int, n: int, value: datetime | date) -> object:
        if isinstance(value, datetime):
            value = value.astimezone(timezone.utc).replace(tzinfo=None)
        day = value.date() if isinstance(value, datetime) else value
        if day < _FIRST_DAY:
            return page.write_string(row, n, value.isoformat(), form)
        return page.write_datetime(row, n, value, form)

    def number(row: int, n: int, value: float) -> object:
        return page.write_number(row, n, value, form) if isfinite(value) else None

    def text(row: int, n: int, value: Any) -> object:
        if isinstance(value, bool):
            return page.write_boolean(row, n, value, form)
        return page.write_string(row, n, cut(str(value)), form)

    return {'instant': moment, 'date': moment, 'text': text}.get(kind, number)
