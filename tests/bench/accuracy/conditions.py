"""The headline figures of two-channel calls in more and more noise, and through each codec.

Without a transcriber: the words neither help nor stand in for what is heard. Silent holds that only
their announcement tells from dead air are therefore not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.bench import overlap_score as score
from tests.bench.accuracy import FIRST, Pool, ratio
from tests.bench.accuracy.calls import Heard, heard
from tests.bench.accuracy.overlaps import HEADLINE_S, NONE, Scores
from tests.simulator import Knobs
from tests.simulator.script import CODECS

SEEDS = range(FIRST, FIRST + 20)
SNRS_DB = (30, 20, 15, 10, 5)
CODEC_SNR_DB = 20
ANSWER_S, HOLD_S = 0.25, 1.0


def conditions(pool: Pool) -> dict[str, Any]:
    """By SNR (mu-law) and by codec (20 dB): the shares of right figures."""
    return {
        'snr': {str(snr): _measured(pool, 'pcm_mulaw', snr) for snr in SNRS_DB},
        'codec': {codec: _measured(pool, codec, CODEC_SNR_DB) for codec in CODECS}}


def _measured(pool: Pool, codec: str, snr_db: float) -> dict[str, float | None]:
    rows = list(pool.map(_one, SEEDS, [codec] * len(SEEDS), [snr_db] * len(SEEDS)))
    figures: dict[str, float | None] = {}
    for name in ('ring_count', 'ring_to_answer', 'hold_count', 'hold_total'):
        known = [row[name] for row in rows if row[name] is not None]
        figures[name] = ratio(sum(known), len(known))
    for kind, name in ((score.COUNTED, 'interruptions_f1'), ('backchannel', 'backchannels_f1')):
        figures[name] = _f1([row['overlaps'] for row in rows], kind)
    return figures


def _f1(rows: Sequence[Scores], kind: str) -> float | None:
    total = sum((row.get(kind, NONE) for row in rows), NONE)
    return ratio(2 * total.hits, total.intended + total.detected)


def _one(seed: int, codec: str, snr_db: float) -> dict[str, Any]:
    """Which figures of the call are right; None where the call does not pose the question."""
    call = heard(seed, Knobs(codec=codec, snr_db=snr_db, layout='two_channel'))
    truth, kpis = call.truth, call.kpis
    rung = bool(truth.rings) and not truth.starts_in_ring
    true = [hold for hold in truth.holds if hold.kind != 'silence']
    waited = truth.answer_s - truth.rings[0].start_s if rung else 0.0
    held = sum(hold.end_s - hold.start_s for hold in true)
    return {
        'ring_count': kpis.ring_count == len(truth.rings) if rung else None,
        'ring_to_answer': _near(kpis.ring_to_answer_s, waited, ANSWER_S) if rung else None,
        'hold_count': kpis.hold_count == len(true),
        'hold_total': _near(kpis.hold_total_s, held, HOLD_S),
        'overlaps': _overlaps(call)}


def _near(value: float | None, true: float, most: float) -> bool:
    return value is not None and abs(value - true) <= most


def _overlaps(call: Heard) -> Scores:
    return score.scores(score.intended(call.truth),
                        score.detected(call.call.events, call.call.turns), HEADLINE_S)
