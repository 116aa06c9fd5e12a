"""What `etiquette import` has understood, before anything runs."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.importers import Broken, Imported, Row
from pipeline.manifest import AUDIO_COLUMNS
from pipeline.rows import COLUMNS
from pipeline.show import output
from pipeline.text import clean

MOST_BROKEN = 20
MOST_ROWS = 5
MOST_SILENT = 5
MOST_NAMES = 12
_EXAMPLE_WIDTH = 48  # characters
_EVERY = 1000  # records between two looks at the bar
_SHOWN = ('call_id', 'audio_uri', 'started_at', 'direction', 'agent_id', 'queue', 'hung_up_by')


def print_imported(imported: Imported, recordings: int, rejects: Path | None) -> None:
    """Counts, fields, first rows, warnings and broken records."""
    out = output()
    _counts(out, imported, recordings)
    if imported.rows:
        out.print(_fields(imported.rows))
        out.print(_first(imported.rows))
        for column, what in (('queue', 'queue'), ('agent_id', 'agent')):
            _names(out, imported.rows, column, what)
    for text, count in imported.notes.items():
        out.print(Text(f'warning: {clean(text)}' + (f' ({count} times)' if count > 1 else ''),
                       style='yellow'))
    _silent(out, imported.silent)
    _broken(out, imported.broken, rejects)


def print_written(imported: Imported, path: Path | None) -> None:
    """Where the manifest is, or how to write it."""
    out = output()
    if path is None:
        out.print('nothing is written: --out manifest.jsonl writes what `etiquette run` takes',
                  soft_wrap=True)
        return
    if not imported.rows:
        out.print('nothing is written: no call was found with its recording', soft_wrap=True)
        return
    out.print(f'{_many(len(imported.rows), "call")} written to {clean(path)}: '
              f'etiquette run {clean(path)}', soft_wrap=True, markup=False)


class Bar:
    """How many records are read, on a terminal; nothing elsewhere. Use as a context manager."""

    def __init__(self) -> None:
        self._rich: Any = None
        self._said = 0
        if sys.stderr.isatty():
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
            self._rich = Progress(SpinnerColumn(), TextColumn('{task.completed:,.0f} records'),
                                  TimeElapsedColumn(), console=Console(file=sys.stderr),
                                  transient=True)
            self._task = self._rich.add_task('', total=None)

    def __enter__(self) -> Bar:
        if self._rich:
            self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._rich:
            self._rich.stop()

    def tell(self, records: int) -> None:
        """So many are read."""
        if self._rich and abs(records - self._said) >= _EVERY:
            self._said = records
            self._rich.update(self._task, completed=records)


def _counts(out: Console, imported: Imported, recordings: int) -> None:
    calls = len(imported.rows) + len(imported.silent)
    out.print(f'{_many(imported.records, "record")} read, {_many(calls, "call")} understood, '
              f'{len(imported.rows)} with their recording, {len(imported.silent)} without, '
              f'{len(imported.broken)} broken', soft_wrap=True)
    if recordings:
        taken = len({row.cells[name] for row in imported.rows for name in AUDIO_COLUMNS
                     if name in row.cells})
        out.print(f'{_many(recordings, "recording")} there, {recordings - taken} of them of no '
                  'call here', soft_wrap=True)
    for why, count in imported.aside.items():
        out.print(Text(f'{_many(count, "record")} aside: {clean(why)}', style='dim'))


def _many(count: int, what: str) -> str:
    return f'{count} {what}' + ('s' if count != 1 else '')


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
    for heading in headings:
        table.add_column(heading, overflow='fold',
                         justify='right' if heading == 'filled' else 'left')
    return table


def _fields(rows: Sequence[Row]) -> Table:
    """Which columns are filled, from what, how often, and with what for example."""
    table = _table('field', 'from', 'filled', 'example')
    for column in (*COLUMNS, *_unknown(rows)):
        filled = [row for row in rows if row.cells.get(column) not in (None, '')]
        if not filled:
            continue
        origins = Counter(row.origin.get(column, '') for row in filled)
        said = ', '.join(name for name, _ in origins.most_common(3) if name)
        # An empty list says only that there was none.
        example = next((row for row in filled if row.cells[column] != []), filled[0])
        share = 100 * len(filled) / len(rows)
        table.add_row(column, Text(clean(said, 60)),
                      f'{share:.0f} %' if share >= 1 else '< 1 %',
                      Text(clean(example.cells[column], _EXAMPLE_WIDTH)))
    return table


def _unknown(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.cells if name not in COLUMNS))


def _first(rows: Sequence[Row]) -> Table:
    shown = [name for name in _SHOWN if any(name in row.cells for row in rows[:MOST_ROWS])]
    table = _table(*shown)
    for row in rows[:MOST_ROWS]:
        table.add_row(*(_cell(row.cells, name) for name in shown))
    return table


def _cell(cells: Mapping[str, Any], name: str) -> Text:
    value = cells.get(name)
    return Text('–', style='dim') if value is None else Text(clean(value, 60))


def _names(out: Console, rows: Sequence[Row], column: str, what: str) -> None:
    names = Counter(str(row.cells[column]) for row in rows if row.cells.get(column))
    if names:
        told = ', '.join(f'{clean(name, 40)} ({count})' for name, count in names.most_common(
            MOST_NAMES))
        rest = f', and {len(names) - MOST_NAMES} more' if len(names) > MOST_NAMES else ''
        out.print(Text(f'{_many(len(names), what)}: {told}{rest}'))


def _silent(out: Console, silent: Sequence[tuple[Row, str]]) -> None:
    for row, why in silent[:MOST_SILENT]:
        out.print(Text(f'no recording: {clean(row.where)}: {clean(why)}', style='yellow'))
    if len(silent) > MOST_SILENT:
        more = _many(len(silent) - MOST_SILENT, 'more call')
        out.print(Text(f'no recording: {more}', style='yellow'))


def _broken(out: Console, broken: Sequence[Broken], rejects: Path | None) -> None:
    for one in broken[:MOST_BROKEN]:
        out.print(Text(f'broken: {clean(one.where)}: {clean(one.cause)}. {clean(one.way_out)}',
                       style='red'))
    if len(broken) > MOST_BROKEN:
        out.print(Text(f'broken: {len(broken) - MOST_BROKEN} more', style='red'))
    if broken:
        out.print(f'all {len(broken)} are in {clean(rejects)}' if rejects else
                  '--rejects FILE writes them all', soft_wrap=True, markup=False)
