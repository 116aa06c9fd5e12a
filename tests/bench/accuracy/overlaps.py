"""Interruptions and listening signals: precision, recall, confusion of classes, and a peer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tests.bench import overlap_score as score
from tests.bench.accuracy import FIRST, LAST, Pool
from tests.bench.accuracy.calls import Heard, heard
from tests.bench.peer import count_score, peer
from tests.simulator import Knobs

SEEDS = range(FIRST, LAST + 1, 2)
PAIR = range(FIRST, FIRST + 30)  # with and without bleed
HEADLINE_S = 0.5
COLLARED = 'interruption_collar'  # those near the headline length, in truth or found, left out
KINDS = (score.COUNTED, COLLARED, 'backchannel')
NONE = score.Score(0, 0, 0)
SCENE = {'codec': 'pcm_mulaw', 'snr_db': 15.0, 'layout': 'two_channel', 'noise': 'pink',
         'clip_db': 0.0, 'loss': 0.0, 'dc_offset': 0.0, 'music_under_talk': False}
DRY = float('-inf')

Scores = dict[str, score.Score]


def overlaps(pool: Pool) -> dict[str, Any]:
    """Scores without and with words, of the peer, and under bleed, all at 15 dB in mu-law."""
    rows = list(pool.map(scored, SEEDS))
    matrix: Counter[tuple[str, str]] = Counter()
    for row in rows:
        matrix.update(row['confusion'])
    dry = list(pool.map(_counts, PAIR, [DRY] * len(PAIR)))
    wet = list(pool.map(_counts, PAIR, [-20.0] * len(PAIR)))
    changed = sum(one[1:] != two[1:] for one, two in zip(dry, wet, strict=True))
    return {
        'calls': len(PAIR), 'seeds': len(SEEDS), 'collar_s': score.COLLAR_S,
        **{who: summed(row[who] for row in rows)
           for who in ('without_words', 'with_words', 'peer')},
        'bleed': {**summed(row[0] for row in wet), 'calls_changed': changed},
        'confusion': {true: {found: n for (a, found), n in sorted(matrix.items()) if a == true}
                      for true in sorted({a for a, _ in matrix}, key=lambda n: (n == '-', n))}}


def scored(seed: int) -> dict[str, Any]:
    """A call's scores without words, with them, and of the peer; and its confusion matrix."""
    knobs = Knobs(**SCENE, bleed_db=DRY)
    plain, worded = heard(seed, knobs), heard(seed, knobs, words=True)
    true = _true(plain)
    other = peer(plain.audio, plain.truth.agent_channel or 0)
    return {
        'without_words': _scores(plain), 'with_words': _scores(worded),
        'peer': {**_both(true, other.interruptions),
                 'backchannel': count_score(true, other.backchannels)},
        'confusion': score.confusion(true, _found(plain))}


def _counts(seed: int, bleed_db: float) -> tuple[Scores, int | None, int | None]:
    call = heard(seed, Knobs(**SCENE, bleed_db=bleed_db))
    return _scores(call), call.kpis.agent_interruptions, call.kpis.caller_interruptions


def _true(call: Heard) -> list[score.Seen]:
    return score.intended(call.truth)


def _found(call: Heard) -> list[score.Seen]:
    return score.detected(call.call.events, call.call.turns)


def _scores(call: Heard) -> Scores:
    true, found = _true(call), _found(call)
    return {**_both(true, found),
            'backchannel': score.scores(true, found, HEADLINE_S).get('backchannel', NONE)}


def _both(true: Sequence[score.Seen], found: Sequence[score.Seen]) -> Scores:
    """Interruptions without and with a collar around the headline length."""
    return {name: score.scores(true, found, HEADLINE_S, collar_s)[score.COUNTED]
            for name, collar_s in ((score.COUNTED, 0.0), (COLLARED, score.COLLAR_S))}


def summed(rows: Iterable[Scores]) -> dict[str, Any]:
    """Precision, recall and the numbers behind them, of all interruptions and signals."""
    totals = dict.fromkeys(KINDS, NONE)
    for row in rows:
        for kind in KINDS:
            totals[kind] += row.get(kind, NONE)
    return {kind: {'precision': _round(total.precision), 'recall': _round(total.recall),
                   'intended': total.intended, 'detected': total.detected}
            for kind, total in totals.items()}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
