"""One run: read the batch, have the workers hear it, publish, and account for every call."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from pipeline.beam_flags import is_local
from pipeline.lexicons import load_lexicons
from pipeline.plan import Plan
from pipeline.privacy import private
from pipeline.progress import REJECTED_BEFORE, Progress, Tally
from pipeline.settings import (
    Settings,
    fingerprint_of,
)
from pipeline.signatures import signatures
from pipeline.sources import Batch
from pipeline.standards import load_phrasebook, load_standard
from pipeline.supervise import supervise
from transforms.conversation import Reference, RunContext
from warehouse import landing, ledger
from warehouse import signatures as signed
from warehouse.publish import Published, publish, published, rejected_before
from warehouse.records import Reject, Run

LEDGERS_KEPT_S = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Outcome:
    """What came of a run: the row of `runs`, what was published, and what to tell the user."""

    run: Run
    tally: Tally
    published: Published
    warnings: tuple[str, ...]


def run_batch(batch: Batch, settings: Settings, root: Path, *, command: str, beam_flags: list[str],
              force: bool = False, redo_stale: bool = False, again: bool = False,
              say: Callable[[str], None] = lambda line: None) -> Outcome:
    """Takes a batch to published tables. `again` tries calls that were rejected before.

    Raises RunFailedError where the run cannot go on; what had landed is then on disk, and the
    same command goes on from there.
    """
    batch = private(batch, settings.privacy)
    began_at, run_id = datetime.now(timezone.utc), new_run_id()
    root.mkdir(parents=True, exist_ok=True)
    book = _new_ledger(root, run_id)
    local = is_local(beam_flags)
    plan = plan_of(settings, RunContext(
        str(root), str(book), run_id, fingerprint_of(settings), settings.timezone, force,
        redo_stale, claims=local, mask_source=settings.privacy.source_uri == 'mask'))
    tally = Tally(calls_in=batch.rows)
    signed.record(root, {standard.version: signatures(standard, plan.phrasebook)
                         for standard in plan.standards})
    with Progress(tally) as progress:
        for warning in batch.warnings:
            progress.say(f'warning: {warning}')
        todo = _settle_before_work(batch, root, run_id, force or again, progress)
        workers = (settings.workers or usable_cores()) if local else 1
        supervise(todo, workers, plan, beam_flags, progress.add)
    run = Run(
        run_id=run_id, started_at=began_at, finished_at=datetime.now(timezone.utc),
        command=command, fingerprint=plan.context.fingerprint, calls_in=tally.calls_in,
        calls_published=tally.landed, calls_skipped=tally.skipped, calls_rejected=tally.rejected,
        audio_s=tally.audio_s, work_s=tally.work_s, peak_rss_mb=tally.peak_rss_mb)
    done = publish(root, run, standard=settings.standard, timezone=settings.timezone, say=say)
    shutil.rmtree(book, ignore_errors=True)
    # The row as it was stored: a landing file that was damaged since is counted as rejected there.
    return Outcome(done.run or run, tally, done, (*batch.warnings, *done.warnings))


def plan_of(settings: Settings, context: RunContext) -> Plan:
    """The frozen values that workers are handed."""
    names = dict.fromkeys((settings.standard, *settings.standards))
    lexicons = load_lexicons(settings.phrases)
    return Plan(settings, context, tuple(load_standard(name, lexicons) for name in names),
                load_phrasebook(settings.language, lexicons))


def usable_cores() -> int:
    """Cores that this process may use: fewer than the machine has in a container."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def _settle_before_work(batch: Batch, root: Path, run_id: str, again: bool,
                        progress: Progress) -> list[Reference]:
    """Rejects and skips that need no audio; returns what the workers must look at.

    A call that was rejected before, and whose row and file are unchanged since, is skipped.
    """
    keys = [reject.reject_key for reject in batch.rejects] + [r.key for r in batch.references]
    before = {} if again else rejected_before(root, keys)
    for reject in batch.rejects:
        earlier = before.get(reject.reject_key)
        if earlier and earlier.manifest == reject.manifest:
            progress.add(_skipped(reject.reject_key, reject.call_id))
            continue
        landing.put_reject(root, replace(reject, run_id=run_id))
        progress.add(ledger.Entry(reject.reject_key, ledger.REJECTED, reject.call_id or '',
                                  f'{reject.step}: {reject.message}'))
    known = published(root, [ref.call_id for ref in batch.references])
    todo = []
    for ref in batch.references:
        earlier = before.get(ref.key)
        if earlier and _unchanged_since(earlier, ref):
            progress.add(_skipped(ref.key, ref.call_id))
            continue
        sha256, fingerprint = known.get(ref.call_id, (None, None))
        todo.append(replace(ref, published_sha256=sha256, published_fingerprint=fingerprint))
    return todo


def _skipped(key: str, call_id: str | None) -> ledger.Entry:
    return ledger.Entry(key, ledger.SKIPPED, call_id or '', REJECTED_BEFORE)


def _unchanged_since(reject: Reject, ref: Reference) -> bool:
    if reject.manifest != ref.manifest or reject.failed_at is None:
        return False
    for uri in (ref.audio_uri, ref.agent_audio_uri, ref.caller_audio_uri, ref.transcript_uri):
        # ctime too: a copy that keeps its modification time is still another file.
        if uri and '://' not in uri and Path(uri).exists():
            stat = Path(uri).stat()
            if max(stat.st_mtime, stat.st_ctime) > reject.failed_at.timestamp():
                return False
    return True


def new_run_id() -> str:
    return f'{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}'


def _new_ledger(root: Path, run_id: str) -> Path:
    """The folder of this run's ledger; those that killed runs left behind go after a week."""
    folder = root / 'ledger' / run_id
    folder.mkdir(parents=True)
    for old in folder.parent.iterdir():
        if time.time() - old.stat().st_mtime > LEDGERS_KEPT_S:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def as_json(outcome: Outcome) -> str:
    """The run for machines: its row of `runs`, what was stale or recovered, and the warnings."""
    run = outcome.run
    return json.dumps({
        'run_id': run.run_id, 'calls_in': run.calls_in, 'calls_published': run.calls_published,
        'calls_skipped': run.calls_skipped, 'calls_rejected': run.calls_rejected,
        'calls_stale': outcome.tally.stale, 'calls_recovered': outcome.tally.recovered,
        'calls_rejected_before': outcome.tally.rejected_before,
        'audio_s': run.audio_s, 'work_s': run.work_s, 'peak_rss_mb': run.peak_rss_mb,
        'wall_s': (run.finished_at - run.started_at).total_seconds(),
        'catalog': outcome.published.catalog_version, 'warnings': list(outcome.warnings)})
