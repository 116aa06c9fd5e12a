"""Draws a call from a seed: its knobs, then what happens in it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from tests.simulator import calls
from tests.simulator.bank import voices
from tests.simulator.draft import Draft
from tests.simulator.script import (
    CODECS,
    HOLDS,
    LANES,
    LAYOUTS,
    NOISES,
    OVERLAPS,
    PAUSES,
    Knobs,
    Script,
)
from tests.simulator.sounds import COUNTRIES

INF = float('inf')
CHOICES: dict[str, tuple[Any, ...]] = {
    'codec': CODECS, 'sample_rate': (8000, 16000), 'layout': LAYOUTS, 'noise': NOISES,
    'pauses': PAUSES, 'loss_kind': ('zero', 'repeat'), 'ring_lane': LANES, 'hold_kind': HOLDS,
    'ivr': ('none', 'before', 'after'), 'direction': ('inbound', 'outbound'),
    'first_speaker': ('agent', 'caller'), 'overlap': (*OVERLAPS, 'none', 'mixed'),
    'ring_country': COUNTRIES}
# Of the values of CHOICES, in their order; equal where nothing is said.
ODDS = {
    'codec': (0.25, 0.35, 0.10, 0.20, 0.10), 'sample_rate': (0.4, 0.6),
    'layout': (0.60, 0.15, 0.10, 0.06, 0.06, 0.03), 'pauses': (0.6, 0.2, 0.2),
    'ivr': (0.74, 0.13, 0.13), 'direction': (0.8, 0.2), 'ring_lane': (0.4, 0.3, 0.3)}


def draw(seed: int, knobs: Knobs | None = None) -> Script:
    """The call of this seed.

    Each knob is drawn from a stream of its own: what is given changes nothing of the others, and
    codec, noise and level change nothing of who says what when. Raises ValueError for a value that
    a knob does not have.
    """
    drawn = resolved(seed, knobs or Knobs())
    draft = Draft(drawn, np.random.default_rng([seed, 1]))
    calls.write(draft)
    return Script(
        seed=seed, knobs=drawn, duration_s=draft.now_s + draft.uniform(0.3, 1.5),
        utterances=tuple(sorted(draft.utterances, key=lambda u: u.start_s)),
        rings=tuple(draft.rings), holds=tuple(draft.holds), tones=tuple(draft.tones),
        overlaps=tuple(draft.overlaps), dead_air=tuple(draft.dead_air),
        ring_level_db=draft.ring_level_db, zeros=tuple(draft.zeros))


def resolved(seed: int, knobs: Knobs) -> Knobs:
    """The knobs with every None drawn; `ring_over_noise_db` may stay None."""
    out: dict[str, Any] = {}
    for number, knob in enumerate(fields(Knobs)):
        rng = np.random.default_rng([seed, 2, number])
        value = _drawn(knob.name, rng, out)
        asked = getattr(knobs, knob.name)
        out[knob.name] = value if asked is None else asked
        allowed = CHOICES.get(knob.name)
        if asked is not None and allowed and asked not in allowed:
            raise ValueError(f'{knob.name} is one of {", ".join(map(str, allowed))}, not {asked}')
    if out['codec'] in ('pcm_mulaw', 'gsm'):
        out['sample_rate'] = 8000
    if out['hold_kind'] == 'zero' and out['pauses'] == 'digital_silence' and not knobs.pauses:
        out['pauses'] = 'noise'  # or nobody could tell the hold from the other silences
    if out['ring_starts_mid'] and not out['ring_count']:
        out['ring_starts_mid'] = False
    names = [name for name in ('agent_voice', 'caller_voice') if out[name] not in voices()]
    if names:
        raise ValueError(f'{names[0]} is one of {", ".join(voices())}, not {out[names[0]]}')
    return replace(knobs, **out)


def _drawn(name: str, rng: np.random.Generator, before: dict[str, Any]) -> Any:
    """A value of one knob; `before` has those of the knobs above it."""
    def mostly(usual: float, share: float, low: float, high: float) -> float:
        value = float(rng.uniform(low, high))
        return usual if rng.random() < share else value

    if name == 'first_speaker':
        likely = 0.9 if before['direction'] == 'inbound' else 0.25
        return 'agent' if rng.random() < likely else 'caller'
    if name == 'overlap':
        return 'mixed'
    if name == 'ring_country':
        return str(rng.choice(COUNTRIES[:14] if rng.random() < 0.8 else COUNTRIES[14:]))
    if name in CHOICES:
        values = CHOICES[name]
        return values[int(rng.choice(len(values), p=ODDS.get(name)))]
    if name in ('agent_voice', 'caller_voice'):
        return _voice(name.partition('_')[0], rng, before)
    numbers = {
        'snr_db': lambda: rng.uniform(8, 45), 'agent_dbfs': lambda: rng.uniform(-32, -16),
        'caller_dbfs': lambda: rng.uniform(-32, -16),
        'bleed_db': lambda: mostly(-INF, 0.6, -40, -15),
        'bleed_delay_s': lambda: rng.uniform(0, 0.02), 'clip_db': lambda: mostly(0, 0.85, 2, 10),
        'loss': lambda: mostly(0, 0.8, 0.005, 0.05),
        'dc_offset': lambda: mostly(0, 0.85, -0.05, 0.05),
        'overlap_rate': lambda: rng.uniform(0.3, 0.9)}
    if name in numbers:
        return float(numbers[name]())
    shares = {'ring_starts_mid': 0.15, 'beeps': 0.12, 'dtmf': 0.12, 'transfer': 0.15,
              'music_under_talk': 0.08}
    if name in shares:
        return bool(rng.random() < shares[name])
    counts = {'ring_count': (0.2, 0.2, 0.2, 0.15, 0.1, 0.1, 0.05), 'holds': (0.45, 0.35, 0.2),
              'dead_air': (0.7, 0.2, 0.1), 'exchanges': (0, 0, 0.35, 0.35, 0.2, 0.1)}
    return int(rng.choice(len(counts[name]), p=counts[name])) if name in counts else None


def _voice(role: str, rng: np.random.Generator, before: dict[str, Any]) -> str:
    fit = [voice.name for voice in voices().values()
           if role in voice.roles and voice.name != before.get('agent_voice')]
    return str(rng.choice(fit))
