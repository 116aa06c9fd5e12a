"""What `etiquette export` says: how far it is, and what it has written."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipeline.show import here, output
from pipeline.text import clean
from warehouse.export import Exported


class Bar:
    """A bar a table on a terminal, nothing elsewhere. Use as a context manager."""

    def __init__(self) -> None:
        self._rich = None
        self._task: Any = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress
            self._rich = Progress(console=Console(file=sys.stderr), transient=True)

    def __enter__(self) -> Bar:
        if self._rich:
            self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._rich:
            self._rich.stop()

    def begin(self, what: str, rows: int) -> None:
        """So many rows of a table come now."""
        if self._rich:
            # An empty table is done, which a bar of nothing would not show.
            self._task = self._rich.add_task(what, total=rows or 1, completed=not rows)

    def add(self, rows: int) -> None:
        """So many more of them are written."""
        if self._rich and self._task is not None:
            self._rich.advance(self._task, rows)


def print_exported(done: Exported) -> None:
    """The tables and their rows, and where they are now."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
    table.add_column('table')
    table.add_column('rows', justify='right')
    for name, rows in done.rows.items():
        table.add_row(clean(name), f'{rows:,}')
    out = output()
    out.print(table)
    out.print(f'{done.calls:,} calls, {size_of(done.size)} in {clean(here(done.path))}; '
              f'catalog {done.catalog}', soft_wrap=True, markup=False, highlight=False)
    if not done.calls:
        out.print('no call is in this selection: the dates, the agent and the queue must be '
                  'written as in `calls`', style='yellow')


def as_json(done: Exported) -> str:
    """The same for machines."""
    return json.dumps({'path': str(done.path), 'catalog': done.catalog, 'calls': done.calls,
                       'bytes': done.size, 'rows': dict(done.rows)}, indent=1)


def size_of(size: int) -> str:
    """A size as people read it."""
    return f'{size / 1e3:,.0f} kB' if size < 1e6 else f'{size / 1e6:,.1f} MB'
