"""What a call may take: the driver stops a worker that hangs in one, or runs away with memory.

Only from outside can a process be stopped that is stuck in a library's C code; so it is the
driver that looks at the clock and at the workers' memory, several times a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated

from annotated_types import Ge, Gt

from transforms.conversation import Reference
from warehouse.records import Reject

TIMED_OUT, OUT_OF_MEMORY = 'timed_out', 'out_of_memory'


@dataclass(frozen=True)
class LimitOptions:
    """When a call's work is stopped and the call rejected. Held on this machine's workers alone:
    other Beam runners have limits of their own.

    Attributes:
      call_times_real_time: a call may take so many times its length; 0: as long as it likes.
      call_least_s: but always so many seconds, which is also what decoding may take.
      start_up_s: seconds in which a worker must take up a call; models are loaded in them.
      memory_mb: resident memory a worker may hold, in MB; 0: as much as there is.
    """

    call_times_real_time: Annotated[float, Ge(0)]
    call_least_s: Annotated[float, Gt(0)]
    start_up_s: Annotated[float, Gt(0)]
    memory_mb: Annotated[int, Ge(0)]


def most_s(limits: LimitOptions, audio_s: float) -> float:
    """Seconds that a call of this length may take; inf where it is not limited."""
    if not limits.call_times_real_time:
        return float('inf')
    return max(limits.call_least_s, limits.call_times_real_time * audio_s)


def rss_mb(pid: int) -> float:
    """The resident memory of a process in MB; 0 where it has ended."""
    import psutil
    try:
        return float(psutil.Process(pid).memory_info().rss / 2**20)
    except psutil.Error:
        return 0.0


def timed_out(ref: Reference, took_s: float, audio_s: float, run_id: str) -> Reject:
    """The reject of a call that was stopped because it took too long."""
    length = f'{audio_s:.0f} s of audio' if audio_s else 'a recording that was not yet decoded'
    return reject(
        ref, TIMED_OUT, f'{ref.source_uri}: stopped after {took_s:.0f} s of work on {length}',
        'See whether it plays. If it needs the time, raise limits.call_times_real_time or '
        'limits.call_least_s, then `etiquette retry`.', run_id)


def out_of_memory(ref: Reference, held_mb: float, limits: LimitOptions, run_id: str) -> Reject:
    """The reject of a call that was stopped because its worker took too much memory."""
    return reject(
        ref, OUT_OF_MEMORY, f'{ref.source_uri}: stopped when its worker held {held_mb:.0f} MB; '
        f'limits.memory_mb is {limits.memory_mb}',
        'Raise limits.memory_mb where the machine has more, with fewer --workers if need be, '
        'then `etiquette retry`.', run_id)


def reject(ref: Reference, error: str, message: str, way_out: str, run_id: str) -> Reject:
    """The reject of a call whose worker did not survive it, or was not let."""
    return Reject(
        reject_key=ref.key, source_uri=ref.source_uri, row=ref.row, call_id=ref.call_id,
        step='worker', field=None, value=None, error=error, message=message, way_out=way_out,
        manifest=ref.manifest, run_id=run_id, failed_at=datetime.now(timezone.utc))
