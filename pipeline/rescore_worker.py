"""A worker of `etiquette rescore`: judges the calls of spans and writes their rows."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

import numpy as np

from pipeline.rescore_reuse import Orders, TakenOver, take_over
from transforms.rescore import Again, rescore
from warehouse.collecting import no_collecting
from warehouse.ledger import peak_rss_mb
from warehouse.rejudge import Task
from warehouse.rewrite import Writer, Written, table_of
from warehouse.spans import Span, in_order
from warehouse.stored import Read, is_one_of, read_span

CALLS_AT_ONCE = 250


@dataclass(frozen=True)
class Done:
    """A task that is done. `measured`: how many of its calls were measured anew; `reused`: of how
    many the stored findings were taken over."""

    written: tuple[Written, ...]
    calls: int
    measured: int
    reused: int
    work_s: float
    peak_rss_mb: float


_orders: Orders | None = None


def begin(orders: Orders) -> None:
    """Makes this process a worker, which ends with the process that started it."""
    global _orders
    _orders = orders
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


@no_collecting()  # a third of the time
def work(task: Task) -> Done:
    """Judges the calls of a task. Raises JudgingError, or WarehouseError for a damaged table."""
    assert _orders is not None
    began, orders = time.process_time(), _orders
    scratch = orders.folder / f'sorted-{os.getpid()}'
    spans: Sequence[Span] = task.spans
    if task.unsorted:
        spans = in_order(spans, task.unsorted, scratch)
    written: list[Written] = []
    numbers = np.zeros(3, dtype=int)
    for span in spans:
        files, of_span = _judge_span(span, orders, span.date in task.events)
        written += files
        numbers += of_span
    if task.unsorted:
        for path in scratch.iterdir():
            path.unlink()
    calls, measured, reused = numbers.tolist()
    return Done(tuple(written), calls, measured, reused, time.process_time() - began,
                peak_rss_mb())


def _judge_span(span: Span, orders: Orders,
                events: bool) -> tuple[list[Written], tuple[int, int, int]]:
    """The files, and the numbers of calls: all, measured anew, taken over."""
    names = ('findings', 'kpis', *(['events'] if events else []))
    writers = {name: Writer(orders.folder, name, span.date) for name in names}
    calls = measured = reused = 0
    for read in read_span(span, CALLS_AT_ONCE):
        taken = take_over(read, orders)
        anew = [place for place in range(len(read.calls)) if place not in taken.calls]
        again = dict(zip(anew, rescore(
            [read.results[place] for place in anew], orders.standards, orders.phrasebook,
            shown=orders.shown, full=orders.full), strict=True))
        _write(writers, read, again, taken, [standard.name for standard in orders.standards])
        calls += len(read.calls)
        measured += sum(one.is_measured for one in again.values())
        reused += len(taken.calls)
    return [file for writer in writers.values() if (file := writer.close())], \
        (calls, measured, reused)


def _write(writers: Mapping[str, Writer], read: Read, again: Mapping[int, Again], taken: TakenOver,
           standards: Sequence[str]) -> None:
    ids = [read.call_ids[place] for place in again]
    made: dict[str, list[Sequence[Any]]] = {
        'findings': [one.findings for one in again.values()],
        'kpis': [one.kpis for one in again.values()]}
    for name, rows in made.items():
        stored = read.rows(name)
        others = stored.where(~is_one_of(stored.table['standard'], standards))
        writers[name].write(*([table_of(name, ids, rows)] if ids else []), *taken.rows[name],
                            others.table)
    if 'events' in writers:
        if any(one.events is not None for one in again.values()):
            writers['events'].write(table_of('events', read.call_ids, [
                result.events if (one := again.get(place)) is None or one.events is None
                else one.events for place, result in enumerate(read.results)]))
        else:
            writers['events'].write(read.rows('events').table)
