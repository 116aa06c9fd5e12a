"""Starts the workers of a run, follows them by the ledger, and starts again what dies.

Each worker is a process of its own with its share of the batch: Beam's multi-processing mode of
the local runner hangs for ever when a worker is killed, takes 12 s to start and stop, and cannot
say which call did it. Here a worker that dies is started again with what it had left; the call
it had in work gets one more try, at the end, and is rejected as `crashed` after the second.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from pipeline.plan import Job, Plan
from pipeline.worker import FAILED
from transforms.conversation import Reference
from warehouse import landing, ledger
from warehouse.records import Reject

WORKER = [sys.executable, '-m', 'pipeline.worker']
POLL_S = 0.1
MOST_CRASHES = 2  # of one call, before it is rejected
MOST_IDLE_DEATHS = 3  # of a worker that died with no call in work: then it is not a call's fault


class RunFailedError(RuntimeError):
    """The run cannot go on; the message says why. What is landed stays landed."""


@dataclass
class _Share:
    """One worker's part of the batch."""

    number: int
    left: dict[str, Reference]
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None
    in_work: str | None = None
    crashes: dict[str, int] = field(default_factory=dict)
    idle_deaths: int = 0


def shares(references: Sequence[Reference], workers: int) -> list[list[Reference]]:
    """The batch in at most `workers` parts of about equal bytes, the largest files first.

    A file whose size is not known (remote) counts as the mean of the others.
    """
    sizes = [_size(ref) for ref in references]
    known = [size for size in sizes if size]
    mean = sum(known) / len(known) if known else 1.0
    weighed = sorted(((size or mean, n) for n, size in enumerate(sizes)), reverse=True)
    parts: list[list[Reference]] = [[] for _ in range(max(1, min(workers, len(references))))]
    loads = [0.0] * len(parts)
    for size, n in weighed:
        least = loads.index(min(loads))
        parts[least].append(references[n])
        loads[least] += size
    return parts


def supervise(parts: list[list[Reference]], plan: Plan, beam_flags: list[str],
              on_entry: Callable[[ledger.Entry], None]) -> None:
    """Runs every part to its end. Each call's outcome comes to `on_entry` once.

    Raises RunFailedError where a worker says that the graph itself failed, or dies again and again
    without a call in work. Workers are ended however this function is left.
    """
    book = ledger.Reader(Path(plan.context.ledger))
    running = [_Share(n, {ref.key: ref for ref in part}) for n, part in enumerate(parts) if part]
    share_of = {key: share for share in running for key in share.left}
    try:
        for share in running:
            _start(share, plan, beam_flags)
        while running:
            ended = [share for share in running if _code(share) is not None]
            _read(book, share_of, on_entry)
            for share in ended:
                if share.left and _code(share) == 0:
                    raise RunFailedError(
                        f'worker {share.number} ended with {len(share.left)} calls not accounted '
                        f'for; its log: {_log_path(share, plan)}')
                if share.left:
                    _bury_or_retry(share, plan, on_entry)
                if share.left:
                    _start(share, plan, beam_flags)
                else:
                    running.remove(share)
            if running and not ended:
                time.sleep(POLL_S)
    finally:
        for share in running:
            _end(share)


def _read(book: ledger.Reader, share_of: dict[str, _Share],
          on_entry: Callable[[ledger.Entry], None]) -> None:
    for entry in book.new():
        share = share_of[entry.key]
        if entry.key not in share.left:
            continue
        if entry.outcome == ledger.STARTED:
            share.in_work = entry.key
            continue
        share.in_work = None
        del share.left[entry.key]
        on_entry(entry)


def _bury_or_retry(share: _Share, plan: Plan, on_entry: Callable[[ledger.Entry], None]) -> None:
    """A worker has died with calls left: decide about the one it had in work."""
    code = _code(share)
    if code == FAILED:
        raise RunFailedError(_last_words(share, plan))
    key = share.in_work
    if key is None:
        share.idle_deaths += 1
        if share.idle_deaths >= MOST_IDLE_DEATHS:
            raise RunFailedError(
                f'worker {share.number} died {share.idle_deaths} times with no call in work '
                f'(exit code {code}); {_last_words(share, plan)}')
        return
    share.in_work = None
    share.crashes[key] = share.crashes.get(key, 0) + 1
    ref = share.left.pop(key)
    if share.crashes[key] < MOST_CRASHES:
        share.left[key] = ref  # last in line now, so that the others come first
        return
    reject = crashed(ref, code, plan.context.run_id)
    landing.put_reject(Path(plan.context.warehouse), reject)
    on_entry(ledger.Entry(key, ledger.REJECTED, ref.call_id, f'worker: {reject.message}'))


def crashed(ref: Reference, code: int | None, run_id: str) -> Reject:
    """The reject of a call that was in work each time a worker process died."""
    how = f'by signal {-code}' if code is not None and code < 0 else f'with exit code {code}'
    return Reject(
        reject_key=ref.key, source_uri=ref.source_uri, row=ref.row, call_id=ref.call_id,
        step='worker', field=None, value=None, error='crashed',
        message=f'{ref.source_uri}: the worker process died {how} while this call was in work, '
                f'{MOST_CRASHES} times',
        way_out='Signal 9 is most often a lack of memory: run with fewer --workers or on a larger '
                'machine, then `etiquette retry`; otherwise keep the file and report the fault.',
        manifest=ref.manifest, run_id=run_id, failed_at=datetime.now(timezone.utc))


def _start(share: _Share, plan: Plan, beam_flags: list[str]) -> None:
    _close(share)
    share.log = _log_path(share, plan).open('ab')
    env = {**os.environ, 'PYANNOTE_METRICS_ENABLED': '0', 'PYTHONUNBUFFERED': '1'}
    share.process = subprocess.Popen(
        WORKER, stdin=subprocess.PIPE, stdout=share.log, stderr=share.log, env=env,
        start_new_session=True)
    assert share.process.stdin is not None
    try:
        pickle.dump(Job(list(share.left.values()), plan, beam_flags), share.process.stdin)
        share.process.stdin.flush()
    except BrokenPipeError:
        pass  # it died at once: the next look at its exit code says so


def _code(share: _Share) -> int | None:
    return share.process.poll() if share.process else None


def _end(share: _Share) -> None:
    if share.process and share.process.poll() is None:
        share.process.kill()
        share.process.wait()
    _close(share)


def _close(share: _Share) -> None:
    if share.process and share.process.stdin:
        share.process.stdin.close()
    if share.log:
        share.log.close()


def _log_path(share: _Share, plan: Plan) -> Path:
    return Path(plan.context.ledger) / f'worker-{share.number}.log'


def _last_words(share: _Share, plan: Plan) -> str:
    path = _log_path(share, plan)
    lines = path.read_text(errors='replace').strip().splitlines()
    return f'{lines[-1] if lines else "no message"} (log: {path})'


def _size(ref: Reference) -> int:
    return sum(_bytes(uri) for uri in (ref.audio_uri, ref.agent_audio_uri, ref.caller_audio_uri)
               if uri)


def _bytes(uri: str) -> int:
    try:
        return Path(uri).stat().st_size
    except OSError:
        return 0


