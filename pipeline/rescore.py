"""`etiquette rescore`: stored calls judged again, without their audio and without a model."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path

from pipeline.failed import RunFailedError
from pipeline.lexicons import load_lexicons
from pipeline.progress import RescoreProgress
from pipeline.rescore_reuse import Orders
from pipeline.rescore_worker import Done, begin, work
from pipeline.run import new_run_id, usable_cores
from pipeline.settings import Settings
from pipeline.signatures import signatures
from pipeline.standards import load_phrasebook, load_standard
from transforms.rescore import JudgingError, measured_by
from warehouse import signatures as signed
from warehouse.commit import changing
from warehouse.ledger import peak_rss_mb
from warehouse.records import Run
from warehouse.rejudge import Rejudging, Task, commit, rejudging


@dataclass(frozen=True)
class Rescored:
    """What a rescore did.

    Attributes:
      run: its row of `runs`.
      standards: name -> version, of those that calls were judged by.
      measured: calls whose events and measures were made anew; of the others only the rules were
        asked again.
      reused: calls whose stored findings were taken over, but for those that a change touches.
      shown: the standard that `kpis` and the views show.
    """

    run: Run
    standards: dict[str, str]
    measured: int
    reused: int
    shown: str
    catalog: int
    warnings: tuple[str, ...]


def rescore_warehouse(root: Path, settings: Settings, names: Sequence[str], *, command: str,
                      since: date | None = None, until: date | None = None, full: bool = False,
                      workers: int | None = None,
                      say: Callable[[str], None] = lambda line: None) -> Rescored:
    """Judges the stored calls again, all or those of some dates, and makes it visible at once.

    Args:
      names: the standards to judge by; none: those of the settings.
      full: measure and judge every call anew, even where what is stored serves.

    Raises WarehouseError where there is nothing to judge or the tables cannot be read, and
    RunFailedError where a call cannot be judged; nothing has then changed.
    """
    began_at = datetime.now(timezone.utc)
    lexicons = load_lexicons(settings.phrases)
    configured = load_standard(settings.standard, lexicons).name
    standards = tuple({standard.name: standard for standard in (
        load_standard(name, lexicons)
        for name in names or (settings.standard, *settings.standards))}.values())
    halves = {standard.name: measured_by(standard.version) for standard in standards}
    phrasebook = load_phrasebook(settings.language, lexicons)
    versions = {standard.version: signatures(standard, phrasebook) for standard in standards}
    with changing(root, 'judging the calls', say=say) as opened, \
            rejudging(opened, halves, configured, since, until, full) as todo:
        orders = Orders(todo.folder, standards, phrasebook, todo.shown, full, versions,
                        {} if full else signed.known(root))
        done = _all_done(todo, orders, workers or settings.workers or usable_cores())
        run = Run(
            run_id=new_run_id(), started_at=began_at, finished_at=datetime.now(timezone.utc),
            command=command, fingerprint='', calls_in=todo.calls,
            calls_published=sum(one.calls for one in done), calls_skipped=0, calls_rejected=0,
            audio_s=0.0, work_s=sum(one.work_s for one in done),
            peak_rss_mb=max(peak_rss_mb(), *(one.peak_rss_mb for one in done)))
        signed.record(root, versions)
        if full:  # events are made anew, by which the rows of other standards were not judged
            signed.forget(root, versions)
        catalog, faults = commit(todo, [file for one in done for file in one.written], run)
    return Rescored(run, {standard.name: standard.version for standard in standards},
                    sum(one.measured for one in done), sum(one.reused for one in done),
                    todo.shown, catalog.number, (*_not_shown(todo.shown, configured), *faults))


def _not_shown(shown: str, configured: str) -> tuple[str, ...]:
    if shown == configured:
        return ()
    return (f'`kpis` and the views go on showing the standard {shown}; `etiquette rescore` of all '
            f'calls, without --standard, makes them show {configured}',)


def _all_done(todo: Rejudging, orders: Orders, workers: int) -> list[Done]:
    done: list[Done] = []
    with RescoreProgress(todo.calls) as progress:
        try:
            for one in _worked(todo.tasks, orders, min(workers, len(todo.tasks))):
                done.append(one)
                progress.add(one.calls)
        except JudgingError as e:
            raise RunFailedError(f'{e}; nothing has been changed') from e
        except BrokenProcessPool as e:
            raise RunFailedError('a worker process died (out of memory?); nothing has been '
                                 'changed: try again with fewer --workers') from e
        progress.say('writing the tables')
    return done


def _worked(tasks: Sequence[Task], orders: Orders, workers: int) -> Iterator[Done]:
    """The tasks as they are done; with one worker in this process."""
    if workers == 1:
        begin(orders)
        yield from map(work, tasks)
        return
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context('spawn'), begin, (orders,))
    try:
        for future in as_completed([pool.submit(work, task) for task in tasks]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def print_rescored(found: Rescored, place: str) -> None:
    """What was done, in a few lines."""
    from pipeline.show import here
    from pipeline.text import clean
    run = found.run
    seconds = (run.finished_at - run.started_at).total_seconds()
    for warning in found.warnings:
        print(f'warning: {clean(warning)}')
    for name, version in found.standards.items():
        print(f'{run.calls_published} calls judged by {clean(name)}, version {version}')
    print(f'{found.measured} of them measured anew; {seconds:.0f} s, '
          f'{run.calls_published / max(seconds, 1e-3):.0f} calls a second; '
          f'catalog {found.catalog} in {clean(here(Path(place)))}')


def as_json(found: Rescored) -> str:
    """The rescore for machines."""
    run = found.run
    return json.dumps({
        'run_id': run.run_id, 'calls_in': run.calls_in, 'calls_published': run.calls_published,
        'calls_skipped': 0, 'calls_rejected': 0, 'calls_measured': found.measured,
        'calls_reused': found.reused, 'standards': found.standards,
        'shown': found.shown, 'work_s': run.work_s, 'peak_rss_mb': run.peak_rss_mb,
        'wall_s': (run.finished_at - run.started_at).total_seconds(),
        'catalog': found.catalog, 'warnings': list(found.warnings)})
