"""What `etiquette models pull` says: what it would fetch, and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from pipeline.fetch import File
from pipeline.models import Needed, Pulled
from pipeline.show import output
from pipeline.text import clean

LINE_EVERY = 256 << 20  # bytes, where there is no terminal


def print_plan(plan: Pulled, folder: Path) -> None:
    """The files that a pull would fetch, those that are there, and what could not be asked."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
    for heading in ('for', 'model', 'file'):
        table.add_column(heading, overflow='fold')
    table.add_column('size', justify='right')
    table.add_column('')
    for need, file, there in plan.files:
        table.add_row(need.label, clean(need.name), clean(Path(file.path).name),
                      megabytes(file.size), Text('is there', style='dim') if there else 'to fetch')
    for need, _ in plan.unknown:
        table.add_row(need.label, clean(need.name), Text('–', style='dim'), megabytes(None),
                      Text('not known', style='yellow'))
    out = output()
    out.print(table)
    for why in dict.fromkeys(why for _, why in plan.unknown):
        out.print(Text(clean(why), style='yellow'))
    left = [file for _, file, there in plan.files if not there]
    rest = f' and {len(plan.unknown)} models whose files are not known' if plan.unknown else ''
    out.print(f'{len(left)} files to fetch, {megabytes(sum(file.size or 0 for file in left))},'
              f'{rest} into {clean(folder)}', soft_wrap=True)


def megabytes(size: int | None) -> str:
    """A size as people read it; a dash where it is not known."""
    return '–' if size is None else f'{size / 1e6:,.1f} MB'


class Bar:
    """A bar a file on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._rich = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import (
                DownloadColumn,
                Progress,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )
            self._rich = Progress(*Progress.get_default_columns()[:2], DownloadColumn(),
                                  TransferSpeedColumn(), TimeRemainingColumn(),
                                  console=Console(file=sys.stderr))

    def __enter__(self) -> Bar:
        if self._rich:
            self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._rich:
            self._rich.stop()

    def file(self, need: Needed, file: File) -> Callable[[int], None]:
        """Begins a file; what is returned hears how many bytes of it are there."""
        label = f'{clean(need.name)} {clean(Path(file.path).name)}'
        if self._rich is None:
            return _Lines(label, file.size).there
        bar = self._rich
        task = bar.add_task(label, total=file.size)
        return lambda there: bar.update(task, completed=there)


class _Lines:
    def __init__(self, label: str, size: int | None):
        self._label, self._size, self._said = label, size, 0
        print(f'{label}: {megabytes(size)}', file=sys.stderr, flush=True)

    def there(self, size: int) -> None:
        if size - self._said >= LINE_EVERY:
            self._said = size
            print(f'{self._label}: {megabytes(size)} of {megabytes(self._size)}',
                  file=sys.stderr, flush=True)
