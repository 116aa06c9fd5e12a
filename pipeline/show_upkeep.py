"""What is seen of the upkeep of the tables: a bar while it goes on, and what it has come to."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipeline.show import here, output
from pipeline.text import clean
from warehouse.erase import Erased
from warehouse.finding import Found
from warehouse.maintain import Maintained

MOST_SHOWN = 20


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


def print_found(found: Found, root: Path) -> None:
    """What there is to erase."""
    out = output()
    days = sorted(day for day in found.calls.values() if day)
    dated = f', dated {days[0]} to {days[-1]}' if days else ''
    out.print(f'{len(found.calls)} published calls{dated}; {len(found.landed)} that have landed '
              f'and are not yet published; {len(found.rejects) + len(found.waiting)} rejects, in '
              f'{clean(here(root))}', soft_wrap=True)
    if found.unfinished:
        out.print(f'an erasure of {found.unfinished} calls was not finished: it is gone on with')


def print_erased(done: Erased, root: Path) -> None:
    """What was erased, what was searched, and what is left."""
    out, searched = output(), done.searched
    if not (done.found or done.left):
        out.print('nothing of it is in the warehouse: nothing was changed')
    if done.catalogs_removed:
        out.print(f'catalog {done.catalog} is the only one now: --as-of knows none before it, and '
                  f'{done.files_removed} data files of older versions are gone', soft_wrap=True)
    out.print(f'searched {searched.files} files, {megabytes(searched.bytes)} MB, and '
              f'{megabytes(searched.unpacked_bytes)} MB of strings unpacked from them: '
              f'{len(searched.hits)} places are left; {done.seconds:.1f} s', soft_wrap=True)
    for hit in searched.hits[:MOST_SHOWN]:
        out.print(f'left: {clean(hit.value)} in {clean(hit.path)} ({clean(hit.place)})',
                  soft_wrap=True, style='red')
    if len(searched.hits) > MOST_SHOWN:
        out.print(f'... and in {len(searched.hits) - MOST_SHOWN} more places: --json names all')
    for path in searched.unread:
        out.print(f'cannot be read, and may hold it: {clean(path)}', soft_wrap=True, style='red')
    if done.left:
        out.print('Remove what is listed (a run that is under way leaves its ledger: wait until '
                  'it is over), then run the same command again.', soft_wrap=True)
    if done.found.recordings:
        out.print(f'{len(done.found.recordings)} recordings are where they were: --json names '
                  'them', soft_wrap=True)


def found_as_json(found: Found) -> str:
    """What there is to erase, for machines."""
    return json.dumps(_found(found))


def erased_as_json(done: Erased) -> str:
    """The erasure for machines."""
    return json.dumps({
        **_found(done.found), 'catalog': done.catalog,
        'catalogs_removed': list(done.catalogs_removed), 'files_removed': done.files_removed,
        'searched': asdict(done.searched), 'left': done.left, 'seconds': done.seconds})


def _found(found: Found) -> dict[str, Any]:
    return {'calls': {call_id: day and day.isoformat() for call_id, day in found.calls.items()},
            'landed': sorted(found.landed), 'recordings': list(found.recordings),
            'rejects': len(found.rejects) + len(found.waiting), 'unfinished': found.unfinished}


def megabytes(size: int | None) -> str:
    """A size in MB (10**6 bytes); a dash where it is not known."""
    return '–' if size is None else f'{size / 1e6:,.2f}'
