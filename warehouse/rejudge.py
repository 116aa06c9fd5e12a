"""Judging stored calls again, as far as it concerns the tables: what is read, and the commits.

The change is all or nothing, as a publish is: files are written beside the tables, then every table
gets its commit, and one rename of the catalog makes all of it visible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Literal

from warehouse import database, staging, tables
from warehouse.catalog import Catalog
from warehouse.checking import run_checks
from warehouse.commit import Opened, at_versions, make_visible, next_catalog, write_run
from warehouse.deriving import write_derived
from warehouse.errors import WarehouseError
from warehouse.records import Run
from warehouse.rewrite import Written, swap_in
from warehouse.schemas import TABLES
from warehouse.spans import SPAN_CALLS, Span, frugal, out_of_order, spans_of

REWRITTEN: tuple[Literal['events', 'findings', 'kpis'], ...] = ('events', 'findings', 'kpis')
# Of all checks those that what is rewritten can break.
_CHECKS = ('call_without_kpis', 'exclusive_seconds', 'hold_count', 'kpis_key_twice',
           'rule_counts', 'run_accounts')
# What derived/moments.sql takes of `kpis`.
_IN_MOMENTS = 'call_date, call_id, standard, agent_id, queue, agent_interruptions IS NOT NULL'


@dataclass(frozen=True)
class Task:
    """What one worker does at a time: spans, and the tables to be sorted first (then the spans
    are all of one date). `events` are the dates whose events are written as well."""

    spans: tuple[Span, ...]
    unsorted: tuple[str, ...]
    events: frozenset[date | None]

    @property
    def calls(self) -> int:
        return sum(span.calls for span in self.spans)


@dataclass(frozen=True)
class Rejudging:
    """The stored calls that are to be judged again.

    Attributes:
      folder: where workers write.
      shown: the standard that `kpis` and the views will show, and whose events are stored.
      catalog: the next one, with every table as it is.
    """

    opened: Opened
    folder: Path
    tasks: tuple[Task, ...]
    shown: str
    catalog: Catalog

    @property
    def calls(self) -> int:
        return sum(task.calls for task in self.tasks)

    @property
    def dates(self) -> set[date | None]:
        return {span.date for task in self.tasks for span in task.spans}


@contextmanager
def rejudging(opened: Opened, standards: Mapping[str, str], configured: str,
              since: date | None, until: date | None, full: bool) -> Iterator[Rejudging]:
    """Plans the work; what workers write is there inside the `with` only.

    Args:
      standards: name -> the half of its version that tells what calls are measured by.
      configured: the standard that the views are to show, if all calls are judged by it.
      full: events are written whatever is stored.

    Raises WarehouseError where there is nothing to judge.
    """
    root, before = opened.root, opened.before
    if before is None:
        raise WarehouseError(f'there is no warehouse at {root}, or nothing is published in it',
                             way_out='Run a batch first, or name its folder with --warehouse.')
    whole = since is None and until is None
    shown = configured if configured in standards and whole else before.standard
    with staging.scratch(root) as folder:
        now = next_catalog(opened, shown, before.timezone)
        now = at_versions(now, **{name: tables.add_columns(root, name) for name in REWRITTEN})
        spans = spans_of(root, now, since, until, folder / 'plan')
        if not spans:
            raise _nothing(root, now, folder, since, until)
        events = frozenset({span.date for span in spans} if full or len(set(
            standards.values())) > 1 else _measured_otherwise(root, now, folder, standards))
        yield Rejudging(opened, folder, tuple(_tasks(spans, events)), shown, now)


def _tasks(spans: Sequence[Span], events: frozenset[date | None]) -> Iterator[Task]:
    """Dates of few calls go together; one that must be sorted is read by one worker."""
    waiting: list[Span] = []
    for _, group in groupby(spans, key=lambda span: span.date):
        of_date = list(group)
        unsorted = out_of_order(of_date[0])
        if unsorted:
            yield Task(tuple(of_date), tuple(unsorted), events)
            continue
        for span in of_date:
            waiting.append(span)
            if sum(one.calls for one in waiting) >= SPAN_CALLS:
                yield Task(tuple(waiting), (), events)
                waiting = []
    if waiting:
        yield Task(tuple(waiting), (), events)


def _measured_otherwise(root: Path, now: Catalog, folder: Path,
                        standards: Mapping[str, str]) -> set[date | None]:
    """The dates with calls whose stored measures are not all those of the standards."""
    (half,) = set(standards.values())
    with frugal(folder / 'plan', root / 'tables') as con:
        database.fill(con, root, now)
        return {day for (day,) in con.execute("""
            SELECT DISTINCT c.call_date FROM calls c LEFT JOIN kpis_all k USING (call_id)
            WHERE k.call_id IS NULL OR split_part(k.rule_version, '-', 1) <> ?""",
                                              [half]).fetchall()}


def _nothing(root: Path, now: Catalog, folder: Path, since: date | None,
             until: date | None) -> WarehouseError:
    with frugal(folder / 'plan', root / 'tables') as con:
        database.fill(con, root, now)
        first, last, calls = con.execute(
            'SELECT min(call_date), max(call_date), count(*) FROM calls').fetchone() or (0, 0, 0)
    if not calls:
        return WarehouseError(f'{root} holds no calls', way_out='Run a batch first.')
    dated = f'they are of {first} to {last}' if first else 'none of them has a date'
    return WarehouseError(
        f'no call is dated {f"from {since} " if since else ""}{f"to {until}" if until else ""}'
        .rstrip() + f': of {calls} calls {dated}',
        way_out='Name another range with --from and --to, or none: then all are judged.')


def commit(work: Rejudging, written: Collection[Written], run: Run) -> tuple[Catalog, list[str]]:
    """Makes what was written visible. Returns the new catalog, and what its checks found."""
    root, now = work.opened.root, work.catalog
    events = {day for task in work.tasks for day in task.events} & work.dates
    for name in REWRITTEN:
        dates = events if name == 'events' else work.dates
        files = [file for file in written if file.name == name]
        now = at_versions(now, **{name: swap_in(root, name, files, dates)})
    now = at_versions(now, runs=write_run(root, run))
    same = {'moments': _of_same_moments(work, now) - events}
    now = write_derived(root, now, work.dates, same)
    make_visible(work.opened, now)
    return now, [f'check {fault}' for fault in run_checks(root, now, work.dates, only=_CHECKS)]


def _of_same_moments(work: Rejudging, now: Catalog) -> set[date | None]:
    """The dates on which nothing has changed that `moments` shows of `kpis`."""
    root, dates = work.opened.root, work.dates
    before, after = (
        f'SELECT {_IN_MOMENTS} FROM ({database.select(root, TABLES["kpis"], catalog, dates)})'
        for catalog in (work.catalog, now))
    with frugal(work.folder / 'plan', root / 'tables') as con:
        return dates - {day for (day,) in con.execute(f"""
            SELECT call_date FROM ({before} EXCEPT {after})
            UNION SELECT call_date FROM ({after} EXCEPT {before})""").fetchall()}
