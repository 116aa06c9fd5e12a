"""The first sheet of a workbook: what it is of, the figures of all its calls, and two charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from warehouse.export.excel_sheets import DAYS_SQL, FIGURES, FIGURES_SQL, RULES_SQL, SHEETS
from warehouse.export.source import Snapshot

# Columns: the figures, two charts right of them, and beyond these the numbers they show.
_FIGURES, _DAYS_CHART, _RULES_CHART, _DAYS, _RULES = 0, 4, 13, 23, 27
_TOP = 8  # the row of the headings
_CHART = {'width': 560, 'height': 280}  # as high as the figures: the list of sheets is below
Cells = dict[tuple[int, int], tuple[Any, str]]


def write_summary(snapshot: Snapshot, page: Worksheet, book: Workbook,
                  formats: Mapping[str, Format], counts: Mapping[str, int],
                  titles: Mapping[str, Sequence[str]]) -> None:
    """Writes the sheet.

    Args:
      counts: the rows of each other kind of sheet, by its title.
      titles: all sheets of that kind, by the title of the first.
    """
    days, rules = snapshot.rows(DAYS_SQL), snapshot.rows(RULES_SQL)
    cells: Cells = {(0, 0): ('Call etiquette', 'title')}
    _put(cells, 1, 0, [(label, 'label') for label in _told(snapshot)], down=True)
    _figures(cells, snapshot, counts, titles)
    _table(cells, _DAYS, ('date', 'calls', 'etiquette score, mean'), days,
           ('date', 'count', 'tenths'))
    _table(cells, _RULES, ('rule', 'calls that broke it'), rules, ('text', 'count'))
    for column, width in (
            (_FIGURES, 44), (1, 12), (2, 12), (_DAYS, 12), (_DAYS + 2, 22), (_RULES, 34),
            (_RULES + 1, 20)):
        page.set_column(column, column, width)
    page.hide_gridlines(2)
    page.set_landscape()
    page.fit_to_pages(1, 1)
    page.print_area(0, 0, _TOP + len(FIGURES) + len(SHEETS) + 4, _DAYS - 1)
    for (row, column), (value, form) in sorted(cells.items()):  # row by row, or rows are lost
        _write(page, row, column, value, formats[form])
    if days:
        page.insert_chart(_TOP, _DAYS_CHART, _days_chart(book, len(days)))
    if rules:
        page.insert_chart(_TOP, _RULES_CHART, _rules_chart(book, len(rules)))


def _told(snapshot: Snapshot) -> list[str]:
    first, last, undated = snapshot.rows(
        'SELECT min(call_date), max(call_date), count(*) FILTER (call_date IS NULL) FROM calls')[0]
    period = f'{first} to {last}' if first else 'no call has a date'
    return [f'Period: {period}' + (f', and {undated:,} calls without a date' if undated else ''),
            f'Selection: {snapshot.selection.told()}',
            f'Standard: {snapshot.standard}',
            f'Dates in {snapshot.timezone}; instants in UTC',
            f'Catalog {snapshot.catalog}, published {snapshot.published_at:%Y-%m-%d %H:%M} UTC',
            'An empty cell is not known, never zero']


def _figures(cells: Cells, snapshot: Snapshot, counts: Mapping[str, int],
             titles: Mapping[str, Sequence[str]]) -> None:
    values = snapshot.rows(FIGURES_SQL)[0]
    _put(cells, _TOP, _FIGURES, [(text, 'heading') for text in ('figure', 'value', 'known of')])
    for n, figure in enumerate(FIGURES):
        _put(cells, _TOP + 1 + n, _FIGURES, [
            (figure.label, 'text'), (values[2 * n], figure.format), (values[2 * n + 1], 'count')])
    top = _TOP + len(FIGURES) + 3
    _put(cells, top, _FIGURES, [(text, 'heading') for text in ('sheet', 'rows', 'what it holds')])
    for n, sheet in enumerate(SHEETS):
        first, *more = titles[sheet.title]
        _put(cells, top + 1 + n, _FIGURES, [
            (f'{first} to {more[-1]}' if more else first, 'text'),
            (counts[sheet.title], 'count'), (sheet.about, 'indented')])


def _table(cells: Cells, column: int, headings: tuple[str, ...], rows: list[tuple[Any, ...]],
           forms: tuple[str, ...]) -> None:
    _put(cells, _TOP, column, [(text, 'heading') for text in headings])
    for n, row in enumerate(rows):
        _put(cells, _TOP + 1 + n, column, list(zip(row, forms, strict=True)))


def _put(cells: Cells, row: int, column: int, values: list[tuple[Any, str]],
         down: bool = False) -> None:
    for n, value in enumerate(values):
        cells[(row + n, column) if down else (row, column + n)] = value


def _write(page: Worksheet, row: int, column: int, value: Any, form: Format) -> None:
    if value is None or (isinstance(value, float) and not isfinite(value)):
        page.write_blank(row, column, None, form)
    elif isinstance(value, str):
        page.write_string(row, column, value, form)
    elif isinstance(value, date):
        page.write_datetime(row, column, value, form)
    else:
        page.write_number(row, column, value, form)


def _days_chart(book: Workbook, days: int) -> Any:
    chart = book.add_chart({'type': 'line'})
    first, last = _TOP + 1, _TOP + days
    chart.add_series({
        'name': 'Etiquette score, mean of the day',
        'categories': ['Summary', first, _DAYS, last, _DAYS],
        'values': ['Summary', first, _DAYS + 2, last, _DAYS + 2],
        'line': {'color': '#2F5597', 'width': 2.25},
        'marker': {'type': 'circle', 'size': 5, 'fill': {'color': '#2F5597'}}})
    chart.set_title({'name': 'Etiquette score by day', 'name_font': {'size': 12}})
    chart.set_y_axis({'min': 0, 'max': 100, 'major_gridlines': {
        'visible': True, 'line': {'color': '#D9D9D9'}}})
    chart.set_x_axis({'date_axis': True, 'num_format': 'yyyy-mm-dd'})
    chart.set_legend({'none': True})
    chart.set_size(_CHART)
    return chart


def _rules_chart(book: Workbook, rules: int) -> Any:
    chart = book.add_chart({'type': 'bar'})
    first, last = _TOP + 1, _TOP + rules
    chart.add_series({
        'name': 'Calls that broke the rule',
        'categories': ['Summary', first, _RULES, last, _RULES],
        'values': ['Summary', first, _RULES + 1, last, _RULES + 1],
        'fill': {'color': '#C55A11'}, 'data_labels': {'value': True}, 'gap': 40})
    chart.set_title({'name': 'Rules broken most often', 'name_font': {'size': 12}})
    chart.set_y_axis({'reverse': True})
    chart.set_x_axis({'major_gridlines': {'visible': False}, 'visible': False})
    chart.set_legend({'none': True})
    chart.set_size(_CHART)
    return chart
