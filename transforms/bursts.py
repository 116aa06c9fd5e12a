"""Steady tones in a channel: when each begins and ends, and which spectral lines it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt, Interval

from transforms.conversation import Audio
from transforms.spectrum import runs

SPEECH_HZ = (200.0, 3400.0)  # what a telephone line passes, mains hum left out
LONGEST_LOOK_S = 3.0  # of a burst, to find its lines: no ring is longer
SWING_S = 0.01
PLATEAU_S = 0.3  # a tone is so long at its level
LINE_S = 0.1  # window that passes one line alone: 20 Hz to either side


@dataclass(frozen=True)
class BurstOptions:
    """What makes a steady tone.

    Attributes:
      min_dbfs: quietest tone, dB re full scale (RMS).
      level_spread_db: how far the level inside a burst may spread, dB: half the distance between
        its 16th and 84th percentiles. A tone is level, a vowel or a plucked string is not.
      bridge_s: packets lost inside a tone leave holes; shorter ones do not part it. Less than
        the gap of a double ring.
    """

    min_dbfs: float
    level_spread_db: Annotated[float, Gt(0)]
    bridge_s: Annotated[float, Interval(ge=0, le=0.12)]


@dataclass(frozen=True)
class SameOptions:
    """How far the bursts of one signal may differ.

    Attributes:
      hz, db: in frequency and in level.
      time: in on-times, and in off-times, as a share...
      time_s: ...and at least this many seconds.
    """

    hz: Annotated[float, Gt(0)]
    db: Annotated[float, Gt(0)]
    time: Annotated[float, Interval(gt=0, lt=1)]
    time_s: Annotated[float, Gt(0)]

    def alike(self, a: Burst, b: Burst) -> bool:
        """Whether the strongest line of each is in the other, and the levels agree."""
        return (all(any(abs(x.lines_hz[0] - hz) <= self.hz for hz in y.lines_hz)
                    for x, y in ((a, b), (b, a)))
                and abs(a.dbfs - b.dbfs) <= self.db)

    def same_time(self, a: float, b: float) -> bool:
        return abs(a - b) <= max(self.time_s, self.time * max(a, b))


@dataclass(frozen=True)
class Burst:
    """A steady tone: when, which lines (Hz, strongest first), how pure, how loud (dBFS).

    `purity` is the share of its power, less the line's own noise, that lies in the lines.
    """

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
    """A channel, the power of its speech band, a value a spectrum frame, and of its noise.

    Where `noise` is 0.0, purity is that of all that is heard.
    """

    audio: Audio
    channel: int
    speech: np.ndarray  # power of the speech band, a value a frame
    hop_s: float
    noise: float

    def dbfs(self, start_s: float, end_s: float) -> float:
        """Median level of the speech band between two instants, widened to one frame at least."""
        first = min(max(0, round(start_s / self.hop_s)), len(self.speech) - 1)
        last = max(first + 1, round(end_s / self.hop_s))
        return decibels(float(np.median(self.speech[first:last])))

    def lines_dbfs(self, lines_hz: tuple[float, ...], start_s: float,
                   end_s: float) -> np.ndarray:
        """Level of a few spectral lines alone between two instants, a value every 10 ms."""
        from scipy.signal import oaconvolve

        around = LINE_S / 2
        x = self.audio.window(self.channel, start_s - around, end_s + around)
        t = np.arange(len(x), dtype=np.float32) / self.audio.rate
        window = np.hanning(round(LINE_S * self.audio.rate)).astype(np.float32)
        window /= window.sum()
        if len(x) < len(window):
            return np.full(1, -120.0)
        turned = [x * np.exp(-2j * np.pi * np.float32(hz) * t) for hz in lines_hz]
        power = sum(np.abs(oaconvolve(y, window, mode='valid')) ** 2 for y in turned)
        return 10.0 * np.log10(2.0 * power[::max(1, self.audio.rate // 100)] + 1e-12)


def lines_of(bursts: Sequence[Burst]) -> tuple[float, ...]:
    """The lines of the purest burst of the most usual number of lines, lowest first."""
    counts = [len(burst.lines_hz) for burst in bursts]
    usual = max(set(counts), key=counts.count)
    best = max((b for b in bursts if len(b.lines_hz) == usual), key=lambda b: b.purity)
    return tuple(sorted(best.lines_hz))


def decibels(power: float) -> float:
    return 10.0 * float(np.log10(power + 1e-12))


def find_bursts(line: Line, band: np.ndarray, band_hz: tuple[float, float],
                purity: float, min_s: float, options: BurstOptions) -> list[Burst]:
    """Runs of frames that are mostly tone, cut where the tone is down by half, with their lines."""
    loud = band > 10.0 ** (options.min_dbfs / 10.0)
    found = []
    bridge = round(options.bridge_s / line.hop_s)
    for first, last in _bridged(loud & (band > purity * (line.speech - line.noise)), bridge):
        if (last - first) * line.hop_s < min_s / 2:
            continue
        # a ring above a hum that is tone as well is a small part of the run
        top = min(0.1, PLATEAU_S / ((last - first) * line.hop_s))
        plateau = float(np.quantile(band[first:last], 1.0 - top))
        for a, b in _bridged(band[first:last] > plateau / 4, bridge):
            burst = _burst(line, band, first + a, first + b, band_hz, min_s, options)
            if burst is not None:
                found.append(burst)
    return found


def _bridged(mask: np.ndarray, bridge: int) -> list[tuple[int, int]]:
    """The runs of True, those at most `bridge` frames apart as one."""
    out: list[tuple[int, int]] = []
    for first, last in runs(mask):
        if out and first - out[-1][1] <= bridge:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


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
    if len(inner) > 2:
        low, high = np.quantile(10 * np.log10(inner + 1e-12), (0.16, 0.84))
        if high - low > 2 * options.level_spread_db:
            return None
    return with_lines(line, start_s, end_s, decibels(2 * half), band_hz)


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


def swings(x: np.ndarray, rate: int) -> np.ndarray:
    """Peak to peak of each SWING_S."""
    size = round(SWING_S * rate)
    return np.ptp(x[:len(x) // size * size].reshape(-1, size), axis=1)


def _lost(x: np.ndarray, rate: int) -> float:
    """The share of a tone that is missing: pieces of 10 ms far under the others."""
    swing = swings(x, rate)
    if len(swing) < 3:
        return 0.0
    return min(0.5, float(np.mean(swing < 0.1 * np.median(swing))))


def with_lines(line: Line, start_s: float, end_s: float, dbfs: float,
               band_hz: tuple[float, float]) -> Burst:
    """The burst with its one to three spectral lines, those within 10 dB of the strongest."""
    from scipy.fft import next_fast_len, rfft

    trim_s = min(0.015, (end_s - start_s) / 8)
    x = line.audio.window(line.channel, start_s + trim_s,
                          min(end_s - trim_s, start_s + LONGEST_LOOK_S))
    size = next_fast_len(4 * len(x))
    window = np.hanning(len(x)).astype(np.float32)
    power = np.abs(rfft(x * window, size)) ** 2
    hz = line.audio.rate / size
    total = float(power[round(SPEECH_HZ[0] / hz):round(SPEECH_HZ[1] / hz)].sum()) + 1e-12
    # what is noise is no fault of the tone, and what was lost spreads the rest
    noise = line.noise * float(np.sum(window ** 2)) * size / 2
    total = max(total - noise, total / 2) * (1 - _lost(x, line.audio.rate))
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
