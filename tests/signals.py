"""Signals made from numbers: ringing, music and voices, for the tests of what hears them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from pipeline.settings import config_tree
from pipeline.yaml_records import build
from transforms.conversation import Audio
from transforms.sounds import SoundOptions

OPTIONS = build(SoundOptions, config_tree(None).value['sounds'])  # those the program comes with

# country: frequencies, on and off times (off last)
RINGING = {
    'US': ((440, 480), (2, 4)),
    'UK': ((400, 450), (.4, .2, .4, 2)),
    'Japan': ((384, 416), (1, 2)),
    'Korea': ((440, 480), (1, 2)),
    'China': ((450,), (1, 4)),
    'Taiwan': ((440, 480), (1, 2)),
    'Hong Kong': ((440, 480), (.4, .2, .4, 3)),
    'Indonesia': ((425,), (1, 4)),
    'Singapore': ((401, 449), (.4, .2, .4, 2)),
    'Malaysia': ((425,), (.4, .2, .4, 2)),
    'Thailand': ((400,), (1, 4)),
    'Philippines': ((425, 480), (1, 4)),
    'India': ((375, 425), (.4, .2, .4, 2)),
    'Australia': ((413, 438), (.4, .2, .4, 2)),
    'France': ((440,), (1.5, 3.5)),
    'Spain': ((425,), (1.5, 3)),
    'Turkey': ((450,), (2, 4)),
    'South Africa': ((367, 400, 433), (.4, .2, .4, 2)),
    'Saudi Arabia': ((425,), (1.2, 4.6)),
    'Egypt': ((375, 475), (2, 1)),
    'Russia': ((425,), (.8, 3.2)),
}


def silence(duration_s: float, rate: int = 8000) -> np.ndarray:
    return np.zeros(round(duration_s * rate))


def tone(hz: tuple[float, ...], duration_s: float, rate: int = 8000) -> np.ndarray:
    """A sum of sines of equal level with soft edges of 3 ms, RMS 1."""
    t = np.arange(round(duration_s * rate)) / rate
    x = sum(np.sin(2 * np.pi * f * t + i) for i, f in enumerate(hz)) * np.sqrt(2 / len(hz))
    edge = np.minimum(1.0, np.arange(len(t)) / (0.003 * rate))
    return x * edge * edge[::-1]


def ringing(hz: tuple[float, ...], cadence: tuple[float, ...], rings: int,
            rate: int = 8000) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """So many rings (RMS 1 while they sound, the last off time included), and their spans."""
    parts, spans, at_s = [], [], 0.0
    for _ in range(rings):
        spans.append((at_s, at_s + sum(cadence[:-1])))
        parts += [tone(hz, seconds, rate) if i % 2 == 0 else silence(seconds, rate)
                  for i, seconds in enumerate(cadence)]
        at_s += sum(cadence)
    return np.concatenate(parts), spans


@cache
def voice(duration_s: float, rate: int = 8000, seed: int = 0, pitch_hz: float = 130.0,
          ) -> np.ndarray:
    """Speech-like sound, RMS 1: gliding pitch, moving formants, four syllables a second."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * rate)) / rate
    knots = np.arange(0, duration_s + 0.25, 0.125)
    pitch = pitch_hz * 2 ** np.interp(t, knots, rng.normal(0, 0.2, len(knots)))
    first = np.interp(t, knots, rng.uniform(280, 800, len(knots)))
    second = np.interp(t, knots, rng.uniform(900, 2300, len(knots)))
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    x = np.zeros(len(t))
    for k in range(1, int(min(3400, rate / 2.2) / (pitch_hz * 0.6))):
        hz = k * pitch
        gain = np.exp(-((hz - first) / 120) ** 2) + 0.4 * np.exp(-((hz - second) / 200) ** 2)
        x += np.where(hz < rate * 0.45, gain + 0.01, 0.0) * np.sin(k * phase)
    syllables = np.interp(t, knots, np.tile([0.02, 1.0], len(knots))[:len(knots)])
    x = x * syllables + 0.03 * syllables * rng.normal(size=len(t))
    return x / np.sqrt(np.mean(x ** 2))


def _note(midi: float, duration_s: float, rate: int, harmonics: tuple[float, ...],
          decay_s: float = 0.0) -> np.ndarray:
    t = np.arange(round(duration_s * rate)) / rate
    hz = 440 * 2 ** ((midi - 69) / 12)
    x = sum(h * np.sin(2 * np.pi * hz * (k + 1) * t) for k, h in enumerate(harmonics)
            if hz * (k + 1) < rate * 0.45)
    edge = np.minimum(1.0, np.arange(len(t)) / (0.02 * rate))
    return x * edge * edge[::-1] * (np.exp(-t / decay_s) if decay_s else 1.0)


CHORDS = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
STRINGS, PIANO, FLUTE = (1, .7, .5, .4, .3, .2), (1, .6, .35, .25, .15, .1), (1, .15, .05)
MUSIC = ('pads', 'organ', 'arpeggio', 'fast arpeggio', 'melody', 'melody with drums', 'flute',
         'band')


@cache
def music(kind: str, duration_s: float, rate: int = 8000, seed: int = 0) -> np.ndarray:
    """Hold music of one of the kinds in MUSIC, RMS 1, 110 beats a minute, a new tune a seed."""
    rng = np.random.default_rng(seed)
    beat, out = 60 / 110, np.zeros(round(duration_s * rate))

    def play(x: np.ndarray, at_s: float) -> None:
        at = round(at_s * rate)
        out[at:at + len(x)] += x[:max(0, len(out) - at)]

    for k in range(int(duration_s / beat) + 1):
        at_s, chord = k * beat, CHORDS[k // 4 % 4]
        tune = 60 + 12 * int(rng.integers(2)) + (0, 2, 4, 5, 7, 9, 11)[rng.integers(7)]
        if kind == 'pads' and k % 4 == 0:
            for midi in chord:
                play(_note(midi, 4 * beat, rate, STRINGS), at_s)
        if kind == 'organ' and k % 2 == 0:
            for midi in chord:
                play(_note(midi, 2 * beat, rate, FLUTE), at_s)
        if kind in ('arpeggio', 'fast arpeggio'):
            steps = 4 if kind == 'fast arpeggio' else 2
            for i in range(steps):
                play(_note(chord[(k * steps + i) % 3], 1.5 * beat / steps, rate, PIANO, 0.35),
                     at_s + i * beat / steps)
        if kind in ('melody', 'melody with drums', 'band'):
            play(_note(tune, beat, rate, PIANO, 0.5), at_s)
        if kind == 'flute':
            play(_note(tune, beat / 2, rate, FLUTE), at_s)
            play(_note(tune + 2, beat / 2, rate, FLUTE), at_s + beat / 2)
        if kind == 'band':
            play(_note(chord[0] - 12, 0.9 * beat, rate, (1, .5, .25), 0.6), at_s)
        if kind in ('melody with drums', 'band'):
            t = np.arange(round(0.12 * rate)) / rate
            play(0.5 * rng.normal(size=len(t)) * np.exp(-t * (60, 30)[k % 2]), at_s)
    return out / np.sqrt(np.mean(out ** 2))


def mu_law(x: np.ndarray) -> np.ndarray:
    """What is left of [-1, 1] after 8-bit G.711 mu-law (continuous companding curve)."""
    x = np.clip(x, -1, 1)
    code = np.round((np.sign(x) * np.log1p(255 * np.abs(x)) / np.log(256) + 1) * 127.5)
    y = code / 127.5 - 1
    return np.sign(y) * (256 ** np.abs(y) - 1) / 255


def audio(*channels: np.ndarray, rate: int = 8000, noise: float = 0.0, telephone: bool = True,
          seed: int = 0) -> Audio:
    """Channels (padded to the longest) with white noise of that RMS, as a telephone sends them."""
    rng = np.random.default_rng(seed)
    length = max(len(x) for x in channels)
    x = np.stack([np.pad(c, (0, length - len(c))) for c in channels])
    x = x + noise * rng.normal(size=x.shape)
    x = mu_law(x) if telephone else np.clip(x, -1, 1)
    return Audio(np.round(x * 32767).astype(np.int16), rate)


def with_block(block_s: float) -> SoundOptions:
    return replace(OPTIONS, spectrum=replace(OPTIONS.spectrum, block_s=block_s))
