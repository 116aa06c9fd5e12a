"""How right the figures are, on simulated calls whose truth is known.

Thresholds were fitted on seeds 0 to 99; everything here is measured on seeds 1000 to 1199. A call
is drawn, rendered, heard and scored in a worker process; only its score comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

FIRST, LAST = 1000, 1199


class Pool(Protocol):
    """What of concurrent.futures.Executor the measurements use."""

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any]) -> Iterable[Any]: ...


def accuracy(pool: Pool) -> dict[str, Any]:
    """All figures, as `bench/results.json` holds them."""
    from tests.bench.accuracy.conditions import conditions
    from tests.bench.accuracy.holds import holds
    from tests.bench.accuracy.mono import mono
    from tests.bench.accuracy.overlaps import overlaps
    from tests.bench.accuracy.ringing import ringing
    parts = {'ringing': ringing, 'holds': holds, 'overlaps': overlaps, 'conditions': conditions,
             'mono': mono}
    return {'seeds': [FIRST, LAST], **{name: part(pool) for name, part in parts.items()}}


def ratio(part: int, whole: int) -> float | None:
    """A share to four digits; None of nothing."""
    return round(part / whole, 4) if whole else None
