"""Steady tones in a channel: when each begins and ends, and which spectral lines it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt
from scipy.fft import next_fast_len, rfft

from transforms.conversation import Audio
from transforms.spectrum import runs

SPEECH_HZ = (200.0, 3400.0)  # what a telephone line passes, mains hum left out
LONGEST_LOOK_S = 3.0  # of a burst, to find its lines: no ring is longer


@dataclass(frozen=True)
class BurstOptions:
    """What makes a steady tone.

    Attributes:
      min_dbfs: quietest tone, dB re full scale (RMS).
      level_std_db: largest standard deviation of the level inside a burst, dB: a tone is level,
        a vowel or a plucked string is not.
    """

    min_dbfs: float
    level_std_db: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class Burst:
    """A steady tone: when, which lines (Hz, strongest first), how pure, how loud (dBFS)."""

    start_s: float
    end_s: float
    lines_hz: tuple[float, ...]
    purity: float
    dbfs: float

    @property
    def on_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, eq=False)
class Line:
    """A channel and the power of its speech band, a value a spectrum frame."""

    audio: Audio
    channel: int
    speech: np.ndarray  # power of the speech band, a value a frame
    hop_s: float

    def dbfs(self, start_s: float, end_s: float) -> float:
        """Median level of the speech band between two instants, widened to one frame at least."""
        first = min(max(0, round(start_s / self.hop_s)), len(self.speech) - 1)
        last = max(first + 1, round(end_s / self.hop_s))
        return decibels(float(np.median(self.speech[first:last])))


def decibels(power: float) -> float:
    return 10.0 * float(np.log10(power + 1e-12))


def find_bursts(line: Line, band: np.ndarray, band_hz: tuple[float, float],
                purity: float, min_s: float, options: BurstOptions) -> list[Burst]:
    """Runs of frames that are mostly tone, cut where the tone is down by half, with their lines."""
    loud = band > 10.0 ** (options.min_dbfs / 10.0)
    found = []
    for first, last in runs(loud & (band > purity * line.speech)):
        if (last - first) * line.hop_s < min_s / 2:
            continue
        plateau = float(np.quantile(band[first:last], 0.9))
        for a, b in runs(band[first:last] > plateau / 4):
            burst = _burst(line, band, first + a, first + b, band_hz, min_s, options)
            if burst is not None:
                found.append(burst)
    return found


def _burst(line: Line, band: np.ndarray, first: int, last: int, band_hz: tuple[float, float],
           min_s: float, options: BurstOptions) -> Burst | None:
    """The burst of frames [first, last), its edges between frames; None if it is not steady."""
    half = float(np.quantile(band[first:last], 0.75)) / 2
    start_s = _crossing(band, first, -1, half) * line.hop_s
    end_s = _crossing(band, last - 1, 1, half) * line.hop_s
    end_s = min(end_s, line.audio.duration_s)
    if end_s - start_s < min_s:
        return None
    inner = band[first + 3:last - 3]
    if len(inner) > 2 and np.std(10 * np.log10(inner + 1e-12)) > options.level_std_db:
        return None
    return _with_lines(line, start_s, end_s, decibels(2 * half), band_hz)


def _crossing(band: np.ndarray, frame: int, step: int, level: float) -> float:
    """Where the band falls through `level` near `frame`, walking outward: in frames, interpolated.

    A Hann window whose centre is at the edge of a tone holds half of its power. Where the band
    does not fall, something else follows on the tone (the voice that answers), and the tone
    ends with the frames that are mostly tone.
    """
    edge = frame
    while 0 <= frame < len(band) and band[frame] < level:
        frame -= step
    while 0 <= frame + step < len(band) and band[frame + step] >= level:
        frame += step
        if (frame - edge) * step > 1:
            return float(edge)
    outer = frame + step
    if not 0 <= outer < len(band):
        return float(frame)
    return frame + step * float((band[frame] - level) / (band[frame] - band[outer] + 1e-20))


def _with_lines(line: Line, start_s: float, end_s: float, dbfs: float,
                band_hz: tuple[float, float]) -> Burst:
    """The burst with its one to three spectral lines, those within 10 dB of the strongest."""
    trim_s = min(0.015, (end_s - start_s) / 8)
    x = line.audio.window(line.channel, start_s + trim_s,
                          min(end_s - trim_s, start_s + LONGEST_LOOK_S))
    size = next_fast_len(4 * len(x))
    power = np.abs(rfft(x * np.hanning(len(x)).astype(np.float32), size)) ** 2
    hz = line.audio.rate / size
    total = float(power[round(SPEECH_HZ[0] / hz):round(SPEECH_HZ[1] / hz)].sum()) + 1e-12
    low, high = (round(f / hz) for f in band_hz)
    inside = power[low:high].copy()
    lobe = round(2.0 * line.audio.rate / len(x) / hz)  # half the main lobe of a Hann window
    lines: list[tuple[float, float]] = []
    while len(lines) < 3:
        at = int(np.argmax(inside))
        around = slice(max(0, at - lobe), at + lobe + 1)
        energy = float(inside[around].sum())
        if lines and energy < 0.1 * lines[0][0]:
            break
        lines.append((energy, (low + at) * hz))
        inside[around] = 0.0
    purity = min(1.0, sum(energy for energy, _ in lines) / total)
    return Burst(start_s, end_s, tuple(f for _, f in lines), purity, dbfs)
