"""A worker of `etiquette rescore`: judges the calls of spans and writes their rows."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path

from transforms.phrasebook import Phrasebook
from transforms.rescore import Again, rescore
from transforms.standard import Standard
from warehouse.ledger import peak_rss_mb
from warehouse.records import Result
from warehouse.rejudge import Task
from warehouse.rewrite import Writer, Written, table_of
from warehouse.spans import Span, in_order
from warehouse.stored import Read, read_span

CALLS_AT_ONCE = 250


class JudgingError(RuntimeError):
    """A call cannot be judged: a fault of the program or of the tables. The message names it."""


@dataclass(frozen=True)
class Orders:
    """What workers are told once: by what to judge, and where to write."""

    folder: Path
    standards: tuple[Standard, ...]
    phrasebook: Phrasebook
    shown: str
    full: bool


@dataclass(frozen=True)
class Done:
    """A task that is done. `measured`: how many of its calls were measured anew."""

    written: tuple[Written, ...]
    calls: int
    measured: int
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


def work(task: Task) -> Done:
    """Judges the calls of a task. Raises JudgingError, or WarehouseError for a damaged table."""
    # Millions of records without a cycle among them: to look for one takes a third of the time.
    was_on = gc.isenabled()
    gc.disable()
    try:
        return _work(task)
    finally:
        if was_on:
            gc.enable()


def _work(task: Task) -> Done:
    assert _orders is not None
    began, orders = time.process_time(), _orders
    scratch = orders.folder / f'sorted-{os.getpid()}'
    spans: Sequence[Span] = task.spans
    if task.unsorted:
        spans = in_order(spans, task.unsorted, scratch)
    written: list[Written] = []
    calls = measured = 0
    for span in spans:
        files, numbers = _judge_span(span, orders, span.date in task.events)
        written += files
        calls += numbers[0]
        measured += numbers[1]
    if task.unsorted:
        for path in scratch.iterdir():
            path.unlink()
    return Done(tuple(written), calls, measured, time.process_time() - began, peak_rss_mb())


def _judge_span(span: Span, orders: Orders,
                events: bool) -> tuple[list[Written], tuple[int, int]]:
    names = ('findings', 'kpis', *(['events'] if events else []))
    writers = {name: Writer(orders.folder, name, span.date) for name in names}
    calls = measured = 0
    for read in read_span(span, [standard.name for standard in orders.standards], CALLS_AT_ONCE):
        judged = [_judged(result, orders) for result in read.results]
        _write(writers, read, judged)
        calls += len(judged)
        measured += sum(again.is_measured for again in judged)
    return [file for writer in writers.values() if (file := writer.close())], (calls, measured)


def _judged(result: Result, orders: Orders) -> Again:
    try:
        return rescore(result, orders.standards, orders.phrasebook, shown=orders.shown,
                       full=orders.full)
    except Exception as e:
        raise JudgingError(f'call {result.call.call_id} cannot be judged: '
                           f'{type(e).__name__}: {e}') from e


def _write(writers: dict[str, Writer], read: Read, judged: list[Again]) -> None:
    ids = [result.call.call_id for result in read.results]
    writers['findings'].write(
        table_of('findings', ids, [again.findings for again in judged]), read.kept['findings'])
    writers['kpis'].write(
        table_of('kpis', ids, [again.kpis for again in judged]), read.kept['kpis'])
    if 'events' in writers:
        if any(again.events is not None for again in judged):
            writers['events'].write(table_of('events', ids, [
                result.events if again.events is None else again.events
                for result, again in zip(read.results, judged, strict=True)]))
        else:
            writers['events'].write(read.events)
