"""What is heard besides voices: tones, music, noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

from tests.simulator.bank import BANK, RATE, decode

# The 14 of the project's aims, then others.
COUNTRIES = ('US', 'UK', 'Japan', 'Korea', 'China', 'Taiwan', 'Hong Kong', 'Indonesia', 'Singapore',
             'Malaysia', 'Thailand', 'Philippines', 'India', 'Australia', 'France', 'Spain',
             'Turkey', 'South Africa', 'Saudi Arabia', 'Egypt', 'Russia')
_ROWS, _COLUMNS = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0)
DTMF = {key: (_ROWS[n // 3], _COLUMNS[n % 3]) for n, key in enumerate('123456789*0#')}
TONAL = ('pads', 'organ', 'arpeggio', 'fast arpeggio', 'flute', 'melody')
PERCUSSIVE = ('melody with drums', 'band')
TUNE_S = 16.0
TUNES = 2  # of a kind
RECORDED = tuple(sorted(BANK.glob('music-*.ogg')))  # real music on hold, see bank/NOTICE
REFERENCE = BANK / 'music-morning-coffee.ogg'  # what a site would supply as its hold music


@dataclass(frozen=True)
class RingTone:
    """One ring: bursts are (start_s, end_s) from its onset, the next ring `period_s` after it."""

    hz: tuple[float, ...]
    bursts_s: tuple[tuple[float, float], ...]
    period_s: float


@cache
def ringing_of(country: str) -> RingTone:
    """The national tone, from `tests.signals.RINGING`."""
    from tests import signals
    hz, cadence = signals.RINGING[country]
    edges = np.concatenate([[0.0], np.cumsum(cadence)])
    bursts = tuple((float(edges[n]), float(edges[n + 1])) for n in range(0, len(cadence), 2))
    return RingTone(tuple(map(float, hz)), bursts, float(edges[-1]))


def ring_samples(country: str, length_s: float, skip_s: float = 0.0) -> np.ndarray:
    """The first so many seconds of a ring, RMS 1 while it sounds, less the first `skip_s`."""
    from tests import signals
    tone = ringing_of(country)
    out = np.zeros(round(length_s * RATE))
    for start, end in tone.bursts_s:
        end = min(end, length_s)
        if end - start > 0.01:
            burst = signals.tone(tone.hz, end - start, RATE)
            out[round(start * RATE):round(start * RATE) + len(burst)] = burst[
                :len(out) - round(start * RATE)]
    return out[round(skip_s * RATE):]


@cache
def tune(kind: str, number: int) -> np.ndarray:
    """16 s of music of a kind of `tests.signals`, RMS 1, the same for the same number."""
    from tests import signals
    return signals.music(kind, TUNE_S, RATE, number).astype(np.float32)


@cache
def recorded(path: Path) -> np.ndarray:
    """16 s of real music, RMS 1."""
    samples = decode(path).astype(np.float32)
    return samples / np.sqrt(np.mean(np.square(samples)))


def music(kind: str, length_s: float, seed: int) -> np.ndarray:
    """Hold music of one of `script.HOLDS`, RMS 1 at 16 kHz, with soft ends.

    `reference` plays REFERENCE from its beginning; with announcements or through GSM it is real
    music in half of the seeds; `tonal` and `percussive` are made.
    """
    at = round(seed * 0.37 % 8.0 * RATE)
    if kind == 'reference':
        whole, at = recorded(REFERENCE), 0
    elif kind in ('announced_music', 'gsm_music') and seed % 2:
        whole = recorded(RECORDED[seed // 2 % len(RECORDED)])
    else:
        names = {'tonal': TONAL, 'percussive': PERCUSSIVE}.get(kind, TONAL + PERCUSSIVE)
        whole = tune(names[seed % len(names)], seed // 7 % TUNES)
    count = round(length_s * RATE)
    piece = np.resize(np.roll(whole, -at), count).astype(np.float64)
    ramp = np.minimum(1.0, np.arange(count) / (0.05 * RATE))
    piece *= ramp * ramp[::-1]
    if kind == 'gsm_music':
        from tests.simulator.codecs import through_gsm
        piece = through_gsm(piece)
    return piece / max(1e-9, float(np.sqrt(np.mean(piece ** 2))))


def noise(kind: str, count: int, rng: np.random.Generator,
          voices: tuple[np.ndarray, ...] = ()) -> np.ndarray:
    """Noise of one of `script.NOISES` at RMS 1. Babble is made of the voices, played backwards."""
    if kind == 'hum':
        base = float(rng.choice((50.0, 60.0)))
        second = np.arange(RATE) / RATE
        cycle = sum(np.sin(2 * np.pi * base * k * second + rng.uniform(0, 6.28)) / k ** 0.7
                    for k in range(1, 12))
        out = np.resize(np.float32(cycle), count) + 0.2 * rng.standard_normal(count, np.float32)
    elif kind == 'babble' and voices:
        out = 0.05 * rng.standard_normal(count, np.float32)
        for n in range(8):
            whole = voices[n % len(voices)][::-1]
            out += np.resize(np.roll(whole, int(rng.integers(len(whole)))), count)
    else:
        out = rng.standard_normal(count, np.float32)
        if kind == 'pink':  # -3 dB an octave within 0.5 dB (P. Kellet's economy filter)
            out = sum(lfilter([gain], [1, -pole], out) for gain, pole in (
                (0.0990460, 0.99765), (0.2965164, 0.96300), (1.0526913, 0.57000))) + 0.1848 * out
    return out / np.sqrt(np.mean(np.square(out)))
