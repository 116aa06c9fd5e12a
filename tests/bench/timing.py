"""Speed and memory: the pipeline's workers beside a plain loop over the same stages.

Start-up (processes, imports, models) is reported apart: work runs from the first call taken up to
the last one landed, as the ledger has it. Loop, one worker and two workers take turns within a
run; figures are medians over runs.
"""

from __future__ import annotations

import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.beam_flags import beam_flags
from pipeline.plan import Job, Plan
from pipeline.run import plan_of
from pipeline.settings import Settings, fingerprint_of, load_settings
from pipeline.sources import read_batch
from pipeline.supervise import largest_first, supervise
from tests.bench.ears import QUICK
from tests.bench.long_call import write_long_call
from transforms.conversation import Reference, RunContext
from warehouse import ledger

ROOT = Path(__file__).parent.parent.parent
SAMPLES = ROOT / 'samples' / 'manifest.csv'
MEMORY_MINUTES = (10, 60, 240)
ACOUSTIC_CALLS = 8  # of ACOUSTIC_MINUTES each: two workers want enough calls to share
ACOUSTIC_MINUTES = 5
MONO_CALLS, MONO_MINUTES = 4, 3
RAN_BY = ('plain_loop', 'two_plain_loops', 'one_worker', 'two_workers')


@dataclass(frozen=True)
class Measured:
    """One processing of a batch, from its ledger."""

    start_up_s: float
    work_s: float
    audio_s: float
    peak_rss_mb: float
    landed: int
    rejected: int


def speed(folder: Path, runs: int, least_work_s: float) -> dict:
    """The pipeline over a plain loop, and two workers over one, with the default settings."""
    settings = load_settings(None)
    once = list(read_batch(str(SAMPLES), settings.source).references)
    warm = plain_loop(once, settings, folder)
    times = max(1, round(least_work_s / warm.work_s + 0.5))
    calls = [replace(ref, call_id=f'{n}-{ref.call_id}') for n in range(times) for ref in once]
    return _compared(calls, settings, folder, runs)


def acoustic_speed(folder: Path, runs: int) -> dict:
    """The same for two-channel calls of ordinary length without a transcriber."""
    path = folder / 'acoustic.wav'
    write_long_call(path, ACOUSTIC_MINUTES * 60.0)
    calls = [Reference(f'acoustic-{n}', audio_uri=str(path)) for n in range(ACOUSTIC_CALLS)]
    return _compared(calls, load_settings(str(QUICK)), folder, runs)


def mono_speed(folder: Path, runs: int) -> dict:
    """The same for calls with both parties in one channel, which have to be told apart."""
    path = folder / 'mono.wav'
    write_long_call(path, MONO_MINUTES * 60.0, rate=8000, channels=1)
    calls = [Reference(f'mono-{n}', audio_uri=str(path)) for n in range(MONO_CALLS)]
    return _compared(calls, load_settings(str(QUICK)), folder, runs)


def _compared(calls: list[Reference], settings: Settings, folder: Path, runs: int) -> dict:
    measured: list[dict[str, Measured]] = []
    for n in range(runs):
        measured.append({'plain_loop': plain_loop(calls, settings, folder),
                         'two_plain_loops': two_plain_loops(calls, settings, folder),
                         'one_worker': workers(calls, settings, folder, 1),
                         'two_workers': workers(calls, settings, folder, 2)})
        print(f'run {n + 1} of {runs}: {measured[-1]}', file=sys.stderr)
    figures: dict = {'runs': runs, 'calls': len(calls),
                     'audio_s': round(measured[0]['one_worker'].audio_s, 1)}
    for who in RAN_BY:
        figures[who] = {
            'start_up_s': _median(m[who].start_up_s for m in measured),
            'work_s': _median(m[who].work_s for m in measured),
            'times_real_time': _median(m[who].audio_s / m[who].work_s for m in measured)}
    figures['one_worker_over_plain_loop'] = _median(
        m['one_worker'].work_s / m['plain_loop'].work_s for m in measured)
    figures['one_worker_over_two'] = _median(
        m['one_worker'].work_s / m['two_workers'].work_s for m in measured)
    # What the machine itself gives: where its two cores share caches and memory, less than two.
    figures['plain_loop_over_two'] = _median(
        m['plain_loop'].work_s / m['two_plain_loops'].work_s for m in measured)
    return figures


def memory(folder: Path) -> dict:
    """Peak resident memory of the worker for long two-channel calls, without a transcriber.

    A worker that has processed a call of a minute is the base that the models and libraries take.
    """
    settings = load_settings(str(QUICK))
    figures = {}
    for minutes in (1, *MEMORY_MINUTES):
        path = folder / f'{minutes}.wav'
        write_long_call(path, minutes * 60.0)
        done = workers([Reference(f'{minutes}-minutes', audio_uri=str(path))], settings, folder, 1)
        figures[f'{minutes}_minute_call'] = {
            'peak_rss_mb': round(done.peak_rss_mb),
            'times_real_time': round(done.audio_s / done.work_s, 1), 'landed': done.landed}
    return figures


def plain_loop(calls: list[Reference], settings: Settings, folder: Path) -> Measured:
    """A for loop over the same stages, in a process of its own."""
    return _loops([calls], settings, folder)


def two_plain_loops(calls: list[Reference], settings: Settings, folder: Path) -> Measured:
    """Two such loops side by side, each over every other call: they share nothing and wait for
    nobody, so no pipeline of two processes can be faster but by a better division."""
    ordered = largest_first(calls)
    return _loops([ordered[::2], ordered[1::2]], settings, folder)


def _loops(shares: list[list[Reference]], settings: Settings, folder: Path) -> Measured:
    plan, began = _plan(settings, folder), time.time()
    running = []
    for share in shares:
        loop = subprocess.Popen([sys.executable, '-m', 'tests.bench.plain_loop'],
                                stdin=subprocess.PIPE, cwd=ROOT)
        running.append(loop)
        assert loop.stdin is not None
        pickle.dump(Job(share, plan, []), loop.stdin)
        loop.stdin.close()
    codes = [loop.wait() for loop in running]
    if any(codes):
        raise RuntimeError('a plain loop failed; what it said is above')
    return _measured(plan, began)


def workers(calls: list[Reference], settings: Settings, folder: Path, number: int) -> Measured:
    """The pipeline's workers on the local Beam runner."""
    plan, began = _plan(settings, folder), time.time()
    supervise(calls, number, plan, beam_flags([], []), lambda entry: None)
    return _measured(plan, began)


def _plan(settings: Settings, folder: Path) -> Plan:
    root = Path(tempfile.mkdtemp(dir=folder))
    book = root / 'ledger'
    book.mkdir()
    return plan_of(settings, RunContext(str(root), str(book), 'bench', fingerprint_of(settings),
                                        settings.timezone, claims=True))


def _measured(plan: Plan, began: float) -> Measured:
    entries = list(ledger.Reader(Path(plan.context.ledger)).new())
    ended = [e for e in entries if e.outcome in (ledger.LANDED, ledger.REJECTED)]
    first = min(e.at for e in entries)
    shutil.rmtree(plan.context.warehouse)
    return Measured(
        start_up_s=first - began, work_s=max(e.at for e in ended) - first,
        audio_s=sum(e.audio_s for e in ended), peak_rss_mb=max(e.rss_mb for e in ended),
        landed=sum(e.outcome == ledger.LANDED for e in ended),
        rejected=sum(e.outcome == ledger.REJECTED for e in ended))


def _median(values) -> float:  # type: ignore[no-untyped-def]
    return round(statistics.median(values), 3)


