"""Ringing: each national tone in noise; and none where nothing rings."""

from __future__ import annotations

from itertools import product
from typing import Any

from tests.bench.accuracy import FIRST, Pool
from tests.bench.accuracy.calls import heard
from tests.simulator import Knobs
from tests.simulator.sounds import COUNTRIES

TONES = COUNTRIES[:14]  # of ITU-T E.180's national tones, those that the project aims at
SNRS_DB = (30, 15, 10)
SEEDS = range(FIRST, FIRST + 2)
WITHOUT = range(FIRST + 20, FIRST + 50)  # calls without ringing: speech, music, beeps


def ringing(pool: Pool) -> dict[str, Any]:
    """By tone and SNR: calls, with the exact number of rings, named; and the worst onset."""
    cases = list(product(TONES, SNRS_DB, SEEDS))
    scores = list(pool.map(_one, *zip(*cases, strict=True)))
    tones: dict[str, dict[str, Any]] = {name: {} for name in TONES}
    for tone, snr in product(TONES, SNRS_DB):
        own = [score for case, score in zip(cases, scores, strict=True) if case[:2] == (tone, snr)]
        tones[tone][str(snr)] = {
            'calls': len(own), 'exact': sum(exact for exact, _, _ in own),
            'onset_worst_s': round(max(onset for _, onset, _ in own), 3),
            'named': sum(named for _, _, named in own)}
    silent = list(pool.map(_without, WITHOUT))
    return {'tones': tones, 'false_rings': {
        'minutes': round(sum(seconds for seconds, _ in silent) / 60, 1),
        'rings': sum(rings for _, rings in silent)}}


def _one(tone: str, snr_db: float, seed: int) -> tuple[bool, float, bool]:
    """Whether the count is exact, the worst onset's error, whether the tone has its name."""
    call = heard(seed, Knobs(codec='pcm_mulaw', layout='two_channel', ring_country=tone,
                             ring_over_noise_db=snr_db, ring_starts_mid=False, ring_count=3,
                             exchanges=3, ivr='none'))
    rings = call.events('ring')
    exact = call.kpis.ring_count == len(call.truth.rings) == len(rings)
    onset = max((abs(found[0] - true.start_s)
                 for found, true in zip(rings, call.truth.rings, strict=False)), default=9.9)
    evidence = [e.evidence or '' for e in call.call.events if e.kind == 'ring']
    return exact, onset, bool(evidence) and all(tone in text for text in evidence)


def _without(seed: int) -> tuple[float, int]:
    call = heard(seed, Knobs(ring_count=0, transfer=False, layout='two_channel'))
    return call.audio.duration_s, len(call.events('ring')) + len(
        call.events('tone', 'transfer_ring'))
