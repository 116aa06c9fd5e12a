"""Beam around the plain functions: a step of a call's way, and what becomes of a call it fails.

A step is named and made by a loader that runs once per worker process; what the loader returns
takes a `Conversation` (or, first of all, a `Reference`) and gives the next `Conversation`, or None
where the call's way ends here. Steps are one fused chain, so samples stay in the process. Each step
buries its own failures: collecting them would need a Flatten, and a Flatten holds everything back
until the source ends on a local streaming runner.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.utils.shared import Shared

from transforms.conversation import Conversation, Reference
from transforms.errors import CallError
from warehouse import landing, ledger
from warehouse.records import Reject

DONE, REJECTED = 'done', 'rejected'
UNEXPECTED_WAY_OUT = ('This is a fault of the program, not of the recording: keep the recording '
                      'and the message, update, then `etiquette retry`.')

Stage = Callable[[Any], 'Conversation | None']


class Step(beam.PTransform):
    """One step of a call's way; a call it fails on goes to `bury`, the others go on.

    Args:
      name: of the step, as `rejects.step` and the Beam metrics show it.
      load: makes the stage. Called once per worker process, on the worker.
      bury: the DoFn that takes a `Reject`.
    """

    def __init__(self, name: str, load: Callable[[], Stage], bury: beam.DoFn):
        super().__init__(label=name)
        self._name, self._load, self._bury = name, load, bury

    def expand(self, calls: beam.PCollection) -> beam.PCollection:
        outputs = calls | 'Do' >> beam.ParDo(_Do(self._name, self._load)).with_outputs(
            REJECTED, main=DONE)
        _ = outputs[REJECTED] | 'Bury' >> beam.ParDo(self._bury)
        return outputs[DONE]


class _InProcess(beam.coders.Coder):
    """A coder that is asked for an element's size without encoding it.

    Beam measures a sample of the elements between fused steps by pickling them whole, samples of
    the call and all; the count of bytes that this feeds is not worth that.
    """

    def encode(self, value: Conversation) -> bytes:
        return pickle.dumps(value, protocol=5)

    def decode(self, encoded: bytes) -> Conversation:
        return pickle.loads(encoded)

    def estimate_size(self, value: Conversation) -> int:
        return value.audio.samples.nbytes if value.audio else 0

    def is_deterministic(self) -> bool:
        return False


beam.coders.registry.register_coder(Conversation, _InProcess)


@beam.typehints.with_output_types(Conversation, rejected=Reject)
class _Do(beam.DoFn):
    """Runs a stage. Two outputs: the conversation as it is now, and the reject of a failure."""

    def __init__(self, name: str, load: Callable[[], Stage]):
        self._name, self._load = name, load
        self._shared = Shared()
        self._calls = Metrics.counter(name, 'calls')
        self._failed = Metrics.counter(name, 'failed')
        self._work = Metrics.distribution(name, 'work_ms')

    def setup(self) -> None:
        # Shared keeps one stage alive per process only as long as somebody holds it.
        self._stage = self._shared.acquire(self._load)

    def process(self, call: Reference | Conversation) -> Iterator[Any]:
        began = time.perf_counter()
        try:
            after = self._stage(call)
        except Exception as error:
            self._failed.inc()
            yield beam.pvalue.TaggedOutput(REJECTED, reject_of(call, self._name, error))
            return
        took = time.perf_counter() - began
        self._calls.inc()
        self._work.update(round(1000 * took))
        if after is not None:
            yield replace(after, work_s=after.work_s + took)


class Bury(beam.DoFn):
    """Takes a `Reject` to the landing's rejects and to the ledger."""

    def __init__(self, warehouse: str, run_id: str, ledger_folder: str):
        self._warehouse, self._run_id, self._ledger = warehouse, run_id, ledger_folder

    def process(self, reject: Reject) -> None:
        landing.put_reject(Path(self._warehouse), replace(reject, run_id=self._run_id))
        ledger.append(Path(self._ledger), ledger.Entry(
            reject.reject_key, ledger.REJECTED, reject.call_id or '',
            f'{reject.step}: {reject.message}', rss_mb=ledger.peak_rss_mb()))


def reject_of(call: Reference | Conversation, step: str, error: Exception) -> Reject:
    """The reject row of a call that a step failed on."""
    ref = call.ref if isinstance(call, Conversation) else call
    told = error if isinstance(error, CallError) else CallError(
        f'{ref.source_uri}: {error}', way_out=UNEXPECTED_WAY_OUT)
    return Reject(
        reject_key=ref.key, source_uri=ref.source_uri, row=ref.row, call_id=ref.call_id, step=step,
        field=told.field, value=told.value, error=type(error).__name__, message=told.message,
        way_out=told.way_out, manifest=ref.manifest, failed_at=datetime.now(timezone.utc))
