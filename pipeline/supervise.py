"""Starts the workers of a run, follows them by the ledger, and starts again what dies.

Each worker is a process of its own that runs the graph: Beam's multi-processing mode of the local
runner hangs for ever when a worker is killed, takes 12 s to start and stop, deals the batch out
beforehand, and cannot say which call killed a worker. Here workers take call after call; one that
dies is started again; the call it had in work gets one more try, at the end, and is rejected as
`crashed` after the second. A worker that goes over the limits of a call is stopped, the call
rejected at once.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.failed import RunFailedError
from pipeline.limits import most_s, out_of_memory, reject, rss_mb, timed_out
from pipeline.offline import offline
from pipeline.plan import Job, Plan
from pipeline.worker import FAILED
from transforms.conversation import Reference
from warehouse import landing, ledger
from warehouse.records import Reject

WORKER = [sys.executable, '-m', 'pipeline.worker']
POLL_S = 0.1
MOST_CRASHES = 2  # of one call, before it is rejected
# Speech at 8 kHz is 16 kB a second and channel as PCM, 2 to 3 kB in the usual lossy formats.
_LOSSY = ('.mp3', '.mp4', '.m4a', '.aac', '.ogg', '.opus', '.webm', '.wma', '.amr', '.gsm')
_LOSSY_RATIO = 6
MOST_IDLE_DEATHS = 3  # of a worker that died with no call in work: then it is not a call's fault


@dataclass
class _Worker:
    """A worker process, and the call it has in work."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    in_work: str | None = None
    audio_s: float = 0.0  # of the call in work, once it is decoded
    since: float = 0.0  # when it took the call up, or was last done with one (monotonic)
    taken_up_at: float = 0.0  # the same by the clock of files
    done: int = 0  # calls, by this process
    idle_deaths: int = 0
    stopped: str = ''  # why it was ended, where it did not end by itself
    settled: bool = False  # it was ended, and its call is seen to


def largest_first(references: Sequence[Reference]) -> list[Reference]:
    """The batch, longest calls first as far as the sizes of files tell, so that no worker begins a
    long call when the others end."""
    return sorted(references, key=_size, reverse=True)


def supervise(references: Sequence[Reference], workers: int, plan: Plan, beam_flags: list[str],
              on_entry: Callable[[ledger.Entry], None]) -> None:
    """Runs the batch to its end. Each call's outcome comes to `on_entry` once.

    With `plan.context.claims` each worker is given the whole batch and takes call after call that
    nobody has taken: then all of them end at about the same time, whatever the calls cost.

    Raises RunFailedError where a worker says that the graph itself failed, or dies again and
    again without a call in work. Workers are ended however this function is left.
    """
    crew = _Crew(references, plan, beam_flags, on_entry)
    running = [_Worker(n) for n in range(min(workers, len(references)))]
    try:
        for worker in running:
            crew.start(worker)
        while running:
            ended = [worker for worker in running if crew.code(worker) is not None]
            crew.read(running)
            for worker in ended:
                if not crew.goes_on(worker, running):
                    running.remove(worker)
                    crew.end(worker)
            crew.hold_to_limits(running)
            if running and not ended:
                time.sleep(POLL_S)
    finally:
        for worker in running:
            crew.end(worker)


class _Crew:
    """What the workers of a run have done, and what is left."""

    def __init__(self, references: Sequence[Reference], plan: Plan, beam_flags: list[str],
                 on_entry: Callable[[ledger.Entry], None]):
        self._plan, self._flags, self._on_entry = plan, beam_flags, on_entry
        self._folder = Path(plan.context.ledger)
        self._book = ledger.Reader(self._folder)
        self._left = {ref.key: ref for ref in largest_first(references)}
        self._crashes: dict[str, int] = {}
        self._forgotten: set[str] = set()

    def start(self, worker: _Worker) -> None:
        """Gives the worker a process and what is left of the batch."""
        self._close(worker)
        worker.since, worker.done, worker.stopped, worker.settled = time.monotonic(), 0, '', False
        worker.log = self._log(worker).open('ab')
        # Parallelism is the number of workers: numpy's threads would wait for each other, at
        # four times the CPU time.
        env = {'OMP_NUM_THREADS': '1', **os.environ, **offline(self._plan.settings.models),
               'PYTHONUNBUFFERED': '1'}
        worker.process = subprocess.Popen(
            WORKER, stdin=subprocess.PIPE, stdout=worker.log, stderr=worker.log, env=env,
            start_new_session=True)
        assert worker.process.stdin is not None
        job = Job(list(self._left.values()), self._plan, self._flags)
        # A worker that died at once has closed the pipe: its exit code says so soon enough.
        with contextlib.suppress(BrokenPipeError):
            pickle.dump(job, worker.process.stdin)
            worker.process.stdin.flush()

    def read(self, running: Sequence[_Worker]) -> None:
        """Takes note of all that the ledger says since the last look."""
        by_pid = {worker.process.pid: worker for worker in running if worker.process}
        for entry in self._book.new():
            worker = by_pid.get(entry.pid)
            if entry.key not in self._left:
                continue
            in_work = entry.outcome in ledger.IN_WORK
            if worker:
                self._note(worker, entry)
            if not in_work:
                del self._left[entry.key]
                self._on_entry(entry)

    @staticmethod
    def _note(worker: _Worker, entry: ledger.Entry) -> None:
        if entry.outcome == ledger.DECODED:
            worker.audio_s = entry.audio_s
            return
        started = entry.outcome == ledger.STARTED
        worker.in_work = entry.key if started else None
        worker.since, worker.taken_up_at, worker.audio_s = time.monotonic(), entry.at, 0.0
        worker.done += not started

    def hold_to_limits(self, running: Sequence[_Worker]) -> None:
        """Stops workers that hang, or hold more memory than they may, and rejects their calls.

        Not where a Beam runner has processes of its own: a pid in the ledger is not ours then.
        """
        if not self._plan.context.claims:
            return
        limits = self._plan.settings.limits
        for worker in running:
            if worker.process is None or self.code(worker) is not None:
                continue
            took_s = time.monotonic() - worker.since
            held_mb = rss_mb(worker.process.pid) if limits.memory_mb else 0.0
            if held_mb > limits.memory_mb:
                worker.stopped = f'holds {held_mb:.0f} MB, limits.memory_mb = {limits.memory_mb}'
                self._stop_over_memory(worker, held_mb, running)
            elif worker.in_work is None and took_s > limits.start_up_s:
                worker.stopped = f'took up no call, limits.start_up_s = {limits.start_up_s:g}'
                self._stop(worker, running)
            elif worker.in_work and took_s > most_s(limits, worker.audio_s):
                audio_s = worker.audio_s
                if ref := self._stop(worker, running):
                    self._reject(timed_out(ref, took_s, audio_s, self._plan.context.run_id))

    def _stop_over_memory(self, worker: _Worker, held_mb: float,
                          running: Sequence[_Worker]) -> None:
        fresh = worker.done == 0
        ref = self._stop(worker, running)
        if ref and fresh:
            self._reject(out_of_memory(ref, held_mb, self._plan.settings.limits,
                                       self._plan.context.run_id))
        elif ref:  # what earlier calls left behind is not its fault: once more, by itself
            self._try_again(ref)

    def _stop(self, worker: _Worker, running: Sequence[_Worker]) -> Reference | None:
        """Ends the worker; the call that it leaves undone, which is no longer its own."""
        key, audio_s = worker.in_work, worker.audio_s
        self._kill(worker)
        self.read(running)  # it may have been done with the call just then
        left, worker.in_work = worker.in_work, None
        worker.settled = key is not None or worker.done > 0
        if left is None:
            return None
        ref = self._left.pop(left)
        if left != key:  # and have taken up another one
            self._try_again(ref)
            return None
        path = landing.path_of(Path(self._plan.context.warehouse), ref.call_id)
        if path.exists() and path.stat().st_mtime >= worker.taken_up_at:
            self._on_entry(ledger.Entry(key, ledger.LANDED, ref.call_id, audio_s=audio_s))
            return None
        return ref

    def goes_on(self, worker: _Worker, running: Sequence[_Worker]) -> bool:
        """A worker has ended: whether it was started again, and with what it left behind."""
        code = self.code(worker)
        if code:
            self._account_for(worker, code)
        others = {other.in_work for other in running if other is not worker}
        free = [key for key in self._left if key not in others]
        if not free or (code == 0 and len(running) > 1):
            return False
        if code == 0:
            self._release_forgotten(free)
        self.start(worker)
        return True

    def end(self, worker: _Worker) -> None:
        """Ends the worker's process, if it has not ended by itself."""
        self._kill(worker)
        self._close(worker)

    @staticmethod
    def _kill(worker: _Worker) -> None:
        if worker.process and worker.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended just now
                os.killpg(worker.process.pid, signal.SIGKILL)
            worker.process.wait()

    @staticmethod
    def code(worker: _Worker) -> int | None:
        return worker.process.poll() if worker.process else None

    def _account_for(self, worker: _Worker, code: int) -> None:
        """What becomes of the call that a dead worker had in work, and of a worker without one."""
        if code == FAILED:
            raise RunFailedError(self._last_words(worker))
        key, worker.in_work = worker.in_work, None
        if key is not None:
            self._crashes[key] = self._crashes.get(key, 0) + 1
            ref = self._left.pop(key)
            if self._crashes[key] < MOST_CRASHES:
                self._try_again(ref)
            else:
                self._reject(crashed(ref, code, self._plan.context.run_id))
        elif not worker.settled:
            worker.idle_deaths += 1
            if worker.idle_deaths >= MOST_IDLE_DEATHS:
                raise RunFailedError(
                    f'worker {worker.number} died {worker.idle_deaths} times with no call in work '
                    f'({worker.stopped or f"exit code {code}"}); {self._last_words(worker)}')

    def _try_again(self, ref: Reference) -> None:
        self._left[ref.key] = ref  # last in line now, so that the others come first
        ledger.release(self._folder, ref.key)

    def _reject(self, reject: Reject) -> None:
        landing.put_reject(Path(self._plan.context.warehouse), reject)
        self._on_entry(ledger.Entry(reject.reject_key, ledger.REJECTED, reject.call_id or '',
                                    f'worker: {reject.message}'))

    def _release_forgotten(self, keys: list[str]) -> None:
        """All workers have ended well, but not all calls: one died as it took a call up."""
        if not self._forgotten.isdisjoint(keys):
            raise RunFailedError(f'{len(keys)} calls are not accounted for, such as '
                                 f'{self._left[keys[0]].source_uri}')
        self._forgotten.update(keys)
        for key in keys:
            ledger.release(self._folder, key)

    def _close(self, worker: _Worker) -> None:
        if worker.process and worker.process.stdin:
            with contextlib.suppress(BrokenPipeError):
                worker.process.stdin.close()
        if worker.log:
            worker.log.close()

    def _log(self, worker: _Worker) -> Path:
        return self._folder / f'worker-{worker.number}.log'

    def _last_words(self, worker: _Worker) -> str:
        path = self._log(worker)
        lines = path.read_text(errors='replace').strip().splitlines()
        return f'{lines[-1] if lines else "no message"} (log: {path})'


def crashed(ref: Reference, code: int | None, run_id: str) -> Reject:
    """The reject of a call that was in work each time a worker process died."""
    how = f'by signal {-code}' if code is not None and code < 0 else f'with exit code {code}'
    return reject(
        ref, 'crashed',
        f'{ref.source_uri}: the worker process died {how} while this call was in work, '
        f'{MOST_CRASHES} times',
        'Signal 9 is most often a lack of memory: run with fewer --workers or on a larger '
        'machine, then `etiquette retry`; otherwise keep the file and report the fault.', run_id)


def _size(ref: Reference) -> int:
    return sum(_pcm_bytes(uri) for uri in (
        ref.audio_uri, ref.agent_audio_uri, ref.caller_audio_uri) if uri)


def _pcm_bytes(uri: str) -> int:
    """About the bytes that a recording would have uncompressed; 0 where it is not a local file."""
    path = Path(uri)
    try:
        return path.stat().st_size * (_LOSSY_RATIO if path.suffix.lower() in _LOSSY else 1)
    except OSError:
        return 0


