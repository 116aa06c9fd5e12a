"""Holds of all kinds; and none in calls that have none."""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.bench.accuracy import FIRST, Pool
from tests.bench.accuracy.calls import heard
from tests.simulator import Knobs
from tests.simulator.script import HOLDS

SEEDS = range(FIRST, FIRST + 6)
WITHOUT = range(FIRST + 100, FIRST + 125)
RIGHT_S = 1.0


def holds(pool: Pool) -> dict[str, Any]:
    """By kind: calls, with the right count, with the total within a second, the worst total."""
    cases = list(product(HOLDS, SEEDS))
    scores = list(pool.map(_one, *zip(*cases, strict=True)))
    by_kind = {}
    for kind in HOLDS:
        own = [score for case, score in zip(cases, scores, strict=True) if case[0] == kind]
        by_kind[kind] = {
            'calls': len(own), 'holds': sum(count for count, _, _ in own),
            'count_exact': sum(exact for _, exact, _ in own),
            'within_1_s': sum(off <= RIGHT_S for _, _, off in own),
            'worst_s': round(max(off for _, _, off in own), 2)}
    none = list(pool.map(_without, WITHOUT))
    return {'by_kind': by_kind, 'without': {
        'minutes': round(sum(seconds for seconds, _ in none) / 60, 1),
        'holds': sum(count for _, count in none)}}


def _one(kind: str, seed: int) -> tuple[int, bool, float]:
    """The holds of the call, whether they are counted right, and how far their total is off."""
    # An announced silence is known by its announcement: words are needed for it.
    call = heard(seed, Knobs(layout='two_channel', hold_kind=kind, holds=1 + seed % 2,
                             transfer=False),
                 words=kind == 'silence')
    true = call.truth.holds
    total = sum(hold.end_s - hold.start_s for hold in true)
    return len(true), call.kpis.hold_count == len(true), abs(call.kpis.hold_total_s - total)


def _without(seed: int) -> tuple[float, int]:
    call = heard(seed, Knobs(layout='two_channel', holds=0))
    return call.audio.duration_s, call.kpis.hold_count or 0
