"""What is seen of the upkeep of the tables: a bar while it goes on, and what it has come to."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipeline.show import here, output
from pipeline.text import clean
from warehouse.maintain import Maintained


class Bar:
    """A bar of bytes on a terminal; nothing elsewhere. Use as a context manager."""

    def __init__(self, label: str) -> None:
        self._rich = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import DownloadColumn, Progress, TimeRemainingColumn
            self._rich = Progress(*Progress.get_default_columns()[:2], DownloadColumn(),
                                  TimeRemainingColumn(), console=Console(file=sys.stderr),
                                  transient=True)
            self._task = self._rich.add_task(label, total=None)

    def __enter__(self) -> Bar:
        if self._rich:
            self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._rich:
            self._rich.stop()

    def show(self, done: int, of: int) -> None:
        """So many bytes of all are done."""
        if self._rich:
            self._rich.update(self._task, completed=done, total=of)


def print_maintained(done: Maintained, root: Path) -> None:
    """A row a table, and what else was removed."""
    out = output()
    if done.anything:
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
        table.add_column('table')
        for heading in ('files', 'after', 'MB', 'after', 'removed', 'MB'):
            table.add_column(heading, justify='right')
        for one in done.tables:
            table.add_row(one.name, str(one.files_before), str(one.files_after),
                          megabytes(one.bytes_before), megabytes(one.bytes_after),
                          str(one.removed), megabytes(one.removed_bytes))
        out.print(table)
    gone = done.catalogs_removed
    would, place = 'would be ' if done.dry_run else '', clean(here(root))
    if gone:
        which = f'catalog {gone[0]}' if len(gone) == 1 else f'catalogs {gone[0]} to {gone[-1]}'
        out.print(f'{which} {would}removed: --as-of knows those after {gone[-1]}')
    if done.logs_removed or done.ledgers_removed:
        out.print(f'{done.logs_removed} entries of logs and {done.ledgers_removed} ledgers of '
                  f'killed runs {would}removed')
    if not done.anything:
        out.print('nothing to do: no file is worth joining, and none is out of date')
    out.print(f'{done.seconds:.1f} s; catalog {done.catalog} in {place}', soft_wrap=True)


def maintained_as_json(done: Maintained) -> str:
    """The upkeep for machines."""
    return json.dumps({**asdict(done), 'anything': done.anything})


def megabytes(size: int | None) -> str:
    """A size in MB (10**6 bytes); a dash where it is not known."""
    return '–' if size is None else f'{size / 1e6:,.2f}'
