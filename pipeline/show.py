"""Tables on the terminal: what a run has come to, and the rows of a query."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.text import clean
from warehouse.errors import WarehouseError
from warehouse.files import written_whole
from warehouse.query import Rows, run_sql, write_arrow, write_csv, write_json, write_parquet

if TYPE_CHECKING:
    from pipeline.doctor import Finding
    from pipeline.run import Outcome

SIGNS = {'ok': ('✓', 'green'), 'note': ('·', 'yellow'), 'missing': ('✗', 'bold red')}
MOST_CALLS_SHOWN = 20
NAME_WIDTH = 24
WORD_WIDTH = 12  # a column that cannot have that much for its longest word cannot be read
BINARY = ('parquet', 'arrow')  # not for a terminal
PLAIN_WIDTH = 118  # where the output is no terminal: wide enough for the KPI table

# Heading, expression over `kpis` (k) and `calls` (c). A narrow terminal gets NARROW_COLUMNS alone.
RUN_COLUMNS = (
    ('call', 'k.call_id'),
    ('agent', 'k.agent_id'),
    ('length', 'c.duration_s'),
    ('answered\nafter', 'k.ring_to_answer_s'),
    ('rings', 'k.ring_count'),
    ('holds', 'k.hold_count'),
    ('on\nhold', 'k.hold_total_s'),
    ('agent\ncut in', 'k.agent_interruptions'),
    ('caller\ncut in', 'k.caller_interruptions'),
    ('agent\ntalk', 'k.agent_talk_ratio'),
    ('dead\nair', 'k.dead_air_s'),
    ('sign-off', 'k.signoff_spoken'),
    ('words', 'c.transcript_trust'),
)
NARROW_COLUMNS = ('call', 'answered\nafter', 'rings', 'holds', 'on\nhold', 'agent\ncut in',
                  'caller\ncut in', 'sign-off')


def print_outcome(outcome: Outcome, root: Path) -> None:
    """The KPIs of the calls of a run, how its calls add up, and where to go from here."""
    run, tally = outcome.run, outcome.tally
    console = output()
    if run.calls_published:
        select = ', '.join(f'{what} AS "{name}"' for name, what in RUN_COLUMNS
                           if console.width >= PLAIN_WIDTH or name in NARROW_COLUMNS)
        rows = run_sql(root, f"""
            SELECT {select} FROM kpis k JOIN calls c USING (call_id)
            WHERE c.run_id = '{run.run_id}' ORDER BY k.call_id LIMIT {MOST_CALLS_SHOWN}""")
        console.print(_table(rows.columns, list(rows.rows())))
    for warning in outcome.warnings:
        console.print(Text(f'warning: {clean(warning)}', style='yellow'))
    wall_s = (run.finished_at - run.started_at).total_seconds()
    notes = [note for number, note in (
        (tally.recovered, f'{tally.recovered} recovered from an earlier run'),
        (tally.stale, f'{tally.stale} stale: heard with other settings, `--stale` redoes them'),
        (tally.rejected_before, f'{tally.rejected_before} rejected before and unchanged: '
                                '`etiquette retry` tries them again'),
    ) if number]
    console.print(
        f'{run.calls_in} calls in = {run.calls_published} published + {run.calls_skipped} skipped '
        f'+ {run.calls_rejected} rejected' + (f' ({"; ".join(notes)})' if notes else ''))
    place = f'catalog {outcome.published.catalog_version} in {clean(here(root))}'
    console.print(
        f'{run.audio_s / 60:.1f} min of audio in {wall_s:.0f} s, {run.audio_s / wall_s:.1f} x real '
        f'time; {place}' if run.audio_s else f'nothing new to hear; {place}', soft_wrap=True)
    if run.calls_rejected:
        console.print('why: etiquette sql "SELECT source_uri, step, message, way_out FROM rejects"')


def here(path: Path) -> Path:
    """The path from the current folder, where it lies under it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def print_findings(found: list[Finding]) -> None:
    """What the doctor has found, a line each, and what mends what is not well."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
    for heading in ('', 'what', 'found', 'what mends it'):
        table.add_column(heading, overflow='fold', no_wrap=heading == 'what')
    for finding in found:
        sign, style = SIGNS[finding.state]
        table.add_row(Text(sign, style=style), finding.what, Text(clean(finding.found)),
                      Text(clean(finding.mend)))
    output().print(table)


def print_rows(rows: Rows, format: str, raw: bool = False) -> None:
    """The rows of a query to standard output, as a table or in a format of `write_rows`. More
    columns than the terminal has room for are shown a line each."""
    if format == 'table':
        console = output()
        console.print(_rows_within(console.width, rows))
    else:
        sys.stdout.flush()
        write_rows(rows, sys.stdout.buffer, format, raw)


def write_rows(rows: Rows, out: BinaryIO, format: str, raw: bool = False) -> None:
    """The rows as csv, json, parquet or arrow; `raw` leaves formulas in the text of a CSV."""
    if format in BINARY:
        {'parquet': write_parquet, 'arrow': write_arrow}[format](rows, out)
        return
    text = TextIOWrapper(out, encoding='utf-8', newline='')
    if format == 'csv':
        write_csv(rows, text, raw)
    else:
        write_json(rows, text)
    text.flush()
    text.detach()


def save_rows(rows: Rows, path: Path, format: str, raw: bool = False) -> None:
    """The rows as a file, which is whole or stays as it was. Raises WarehouseError if it cannot."""
    try:
        with written_whole(path) as out:
            write_rows(rows, out, format, raw)
    except OSError as error:
        raise WarehouseError(f'{path} cannot be written: {error.strerror or error}',
                             way_out='Name another place with --out, or make room.') from error


def output() -> Console:
    """Standard output: as wide as the terminal, or wide enough for the KPI table."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(width=PLAIN_WIDTH, highlight=False)


def _rows_within(width: int, rows: Rows) -> RenderableType:
    fetched = list(rows.rows())
    least = sum(1 + min(WORD_WIDTH, max((len(word) for cell in (name, *(row[n] for row in fetched))
                                         for word in str(cell).split()), default=0))
                for n, name in enumerate(rows.columns))
    return _table(rows.columns, fetched) if least <= width else _records(rows.columns, fetched)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
    for n, name in enumerate(columns):
        numeric = any(isinstance(row[n], int | float) for row in rows)
        heading = Text('\n'.join(map(clean, name.split('\n'))))
        # What names the row stays on one line where it can; the rest may fold.
        longest = max((len(str(row[n])) for row in rows), default=0) if n == 0 else 0
        table.add_column(heading, justify='right' if numeric else 'left', overflow='fold',
                         min_width=min(longest, NAME_WIDTH))
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _records(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Group:
    """A line each value, the rows one under the other."""
    shown: list[RenderableType] = []
    for number, row in enumerate(rows, 1):
        record = Table.grid(padding=(0, 2, 0, 0))
        record.add_column(style='bold', no_wrap=True)
        record.add_column(overflow='fold')
        for name, value in zip(columns, row, strict=True):
            record.add_row(Text(clean(name)), _cell(value))
        shown += [Rule(f'row {number} of {len(rows)}', align='left', style='dim'), record]
    return Group(*shown) if rows else Group(
        Text('no rows of ' + ', '.join(map(clean, columns))))


def _cell(value: Any) -> Text:
    if value is None:
        return Text('–', style='dim')
    if isinstance(value, float):
        return Text(f'{value:.2f}')
    return Text(clean(value, 200))
