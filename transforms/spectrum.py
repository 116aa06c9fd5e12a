"""Short-time power spectra of a channel, in blocks: what the tone and music detectors look at.

One transform serves both detectors, and only what they keep of a frame outlives its block, so
that a call of four hours needs no more memory here than one of a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Gt, Interval

SILENT = 3e-8  # power (-75 dBFS) under which is digital silence, after a codec too
TOP_HZ = 4000.0  # nothing above is looked at: 8 kHz and 16 kHz audio give the same grid


@dataclass(frozen=True)
class SpectrumOptions:
    """How the channel is cut into frames.

    Attributes:
      frame_s: length of the Hann window, seconds. 0.128 resolves two tones 16 Hz apart (the
        closest pair in any country's ringing) and still shows the 0.2 s gap of a double ring.
      hop_s: step between frames, seconds.
      block_s: audio transformed at a time, seconds; bounds the memory, changes no result.
    """

    frame_s: Annotated[float, Interval(ge=0.032, le=0.256)]
    hop_s: Annotated[float, Interval(ge=0.005, le=0.05)]
    block_s: Annotated[float, Gt(1.0)]

    @property
    def bin_hz(self) -> float:
        """Distance between two bins of the spectrum."""
        return 1.0 / self.frame_s

    def bins(self, low_hz: float, high_hz: float) -> slice:
        """The bins whose centre lies in [low_hz, high_hz]."""
        first = int(np.ceil(low_hz * self.frame_s - 1e-6))
        return slice(first, int(np.floor(high_hz * self.frame_s + 1e-6)) + 1)


def power_blocks(samples: np.ndarray, rate: int, options: SpectrumOptions,
                 frames_multiple: int = 1) -> Iterator[np.ndarray]:
    """The power spectra of a channel of int16 samples, block by block, in order.

    Each block is float32 of shape (frames, bins up to TOP_HZ); frame number t is centred at
    t * hop_s (the audio is taken as zero outside), and there are floor(length / hop) + 1 of
    them. Scaled so that the bins of a frame add up to its mean square, 1.0 = full scale. All
    blocks but the last have a multiple of `frames_multiple` frames.
    """
    from scipy.fft import rfft

    size, hop = round(options.frame_s * rate), round(options.hop_s * rate)
    window = np.hanning(size + 1)[:size]
    window *= np.sqrt(2.0 / (size * np.sum(window ** 2))) / 32768.0
    window = window.astype(np.float32)
    bins = min(size // 2, round(TOP_HZ * options.frame_s)) + 1
    count = len(samples) // hop + 1
    step = max(1, round(options.block_s / options.hop_s) // frames_multiple) * frames_multiple
    for first in range(0, count, step):
        frames = min(step, count - first)
        start = first * hop - size // 2
        length = (frames - 1) * hop + size
        block = np.zeros(length, np.float32)
        low, high = max(0, start), min(len(samples), start + length)
        block[low - start:high - start] = samples[low:high]
        view = np.lib.stride_tricks.sliding_window_view(block, size)[::hop]
        spectrum = rfft(view * window, axis=1)[:, :bins]
        yield spectrum.real ** 2 + spectrum.imag ** 2


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """[first, last) of each run of True, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def floor_of(levels: np.ndarray, share: float = 0.1) -> float:
    """The level (power) of a channel's quietest tenth, digital silence left out; 0 if all is."""
    sounding = levels[levels > SILENT]
    return float(np.quantile(sounding, share)) if len(sounding) else 0.0
