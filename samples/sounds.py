"""Everything in the recordings that is not speech: ringing, hold music, line noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, lfilter, resample_poly, sosfiltfilt

RATE = 16000


@dataclass(frozen=True)
class Cadence:
    """A country's ringing tone (ITU-T E.180, supplement 2): one ring is one `period_s`."""

    tones_hz: tuple[float, ...]
    bursts_s: tuple[tuple[float, float], ...]  # (start, end) within the period
    period_s: float


RINGBACK = {
    'US': Cadence((440, 480), ((0.0, 2.0),), 6.0),
    'GB': Cadence((400, 450), ((0.0, 0.4), (0.6, 1.0)), 3.0),
    'KR': Cadence((440, 480), ((0.0, 1.0),), 3.0),
    'JP': Cadence((384, 416), ((0.0, 1.0),), 3.0),
    'CN': Cadence((450,), ((0.0, 1.0),), 5.0),
    'DE': Cadence((425,), ((0.0, 1.0),), 5.0),
    'ID': Cadence((425,), ((0.0, 1.0),), 5.0),
    'FR': Cadence((440,), ((0.0, 1.5),), 5.0),
    'ES': Cadence((425,), ((0.0, 1.5),), 4.5),
}


def ringing(country: str, rings: int, until_s: float, skip_s: float = 0.0) -> np.ndarray:
    """`rings` rings of RMS 1.0 while they sound, cut off at `until_s`, less the first `skip_s`."""
    cadence = RINGBACK[country]
    time = np.arange(round(until_s * RATE)) / RATE
    tone = np.sin(2 * np.pi * np.outer(cadence.tones_hz, time)).sum(axis=0)
    tone /= np.sqrt(len(cadence.tones_hz) / 2)
    gate = np.zeros(len(time))
    for ring in range(rings):
        for start, end in cadence.bursts_s:
            at = ring * cadence.period_s
            gate[round((at + start) * RATE):round((at + end) * RATE)] = 1.0
    gate = np.convolve(gate, np.ones(80) / 80, mode='same')  # 5 ms edges: no clicks
    return (tone * gate)[round(skip_s * RATE):]


def hold_music(duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """Chords, an arpeggio, a bass and a brush of percussion at RMS 1.0, to the last note."""
    total = round(duration_s * RATE)
    out = np.zeros(total)
    beat_s = 0.5
    chords = [(57, 60, 64), (53, 57, 60), (48, 52, 55), (55, 59, 62)]  # Am F C G, MIDI notes
    for beat in range(int(np.ceil(duration_s / beat_s))):
        chord = chords[beat // 4 % 4]
        at = beat * beat_s
        if beat % 4 == 0:
            for note in chord:
                _add(out, at, _note(note, 4 * beat_s, attack_s=0.08, decay_s=2.5, level=0.35))
        _add(out, at, _note(chord[0] - 12, beat_s, attack_s=0.01, decay_s=0.4, level=0.5))
        for half in range(2):
            pitch = chord[(2 * beat + half) % 3] + 12
            picked = _note(pitch, 0.6, attack_s=0.005, decay_s=0.25, level=0.5)
            _add(out, at + half * beat_s / 2, picked)
        brush = rng.normal(0, 0.12, round(0.08 * RATE))
        _add(out, at, brush * np.exp(-np.arange(len(brush)) / (0.02 * RATE)))
    fade = round(0.15 * RATE)
    out[-fade:] *= np.linspace(1.0, 0.0, fade)
    return out / np.sqrt(np.mean(out ** 2))


def _note(midi: int, length_s: float, attack_s: float, decay_s: float, level: float) -> np.ndarray:
    time = np.arange(round(length_s * RATE)) / RATE
    hz = 440.0 * 2 ** ((midi - 69) / 12)
    wave = np.zeros(len(time))
    for harmonic in range(1, 6):
        wave += np.sin(2 * np.pi * hz * harmonic * time) / harmonic ** 1.5
    envelope = np.minimum(time / attack_s, 1.0) * np.exp(-time / decay_s)
    return level * wave * envelope * np.minimum((length_s - time) / 0.02, 1.0)


def _add(out: np.ndarray, at_s: float, piece: np.ndarray) -> None:
    start = round(at_s * RATE)
    room = max(0, len(out) - start)
    out[start:start + len(piece)] += piece[:room]


def line_noise(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Room and line noise at RMS 1.0, falling with frequency as a real floor does."""
    noise = lfilter([1.0], [1.0, -0.96], rng.normal(0, 1, samples))
    return noise / np.sqrt(np.mean(noise ** 2))


def telephone(lane: np.ndarray) -> np.ndarray:
    """A 16 kHz lane as 8 kHz telephone audio, 300 to 3400 Hz, not delayed."""
    band = butter(4, (300, 3400), 'bandpass', fs=RATE, output='sos')
    return resample_poly(sosfiltfilt(band, lane), 1, 2)
