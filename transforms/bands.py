"""Energy in sixteen bands, 12.5 times a second: what repeats, and what is the same recording.

A fingerprint is the bands' loudness less its own mean over some seconds around, so that level,
codec and the line's frequency response leave it as it was.
"""

from __future__ import annotations

import numpy as np

from transforms.spectrum import SpectrumOptions

GROUP = 4  # spectrum frames in a frame of bands: 0.08 s with a hop of 0.02 s
EDGES_HZ = np.geomspace(250.0, 3400.0, 17)  # what every telephone codec passes
AROUND_S = 3.0  # over which a band's mean is taken
DEPTH = 0.03  # of that mean (-15 dB): what lies deeper is noise, and is flattened
FLOOR = 1e-7  # mean square under which there is no sound, of full scale


def frame_s(spectrum: SpectrumOptions) -> float:
    """Seconds from one frame of bands to the next."""
    return GROUP * spectrum.hop_s


def band_power(power: np.ndarray, spectrum: SpectrumOptions) -> np.ndarray:
    """Of a block of spectra (frames, bins) the power in each band: (frames / GROUP, 16)."""
    count = len(power) // GROUP
    starts = np.round(EDGES_HZ / spectrum.bin_hz).astype(int)
    summed = power[:count * GROUP].reshape(count, GROUP, power.shape[1]).sum(axis=1)
    bands = np.add.reduceat(summed[:, :starts[-1]], starts[:-1], axis=1)
    return (bands / GROUP).astype(np.float32)


def fingerprint(bands: np.ndarray, spectrum: SpectrumOptions) -> np.ndarray:
    """The bands as they are compared: float32, zero on average and in digital silence."""
    from scipy.ndimage import uniform_filter1d

    width = round(AROUND_S / frame_s(spectrum))
    mean = uniform_filter1d(bands, width, axis=0, mode='nearest')
    depth = np.log((bands + DEPTH * mean + FLOOR) / (mean * (1 + DEPTH) + FLOOR))
    return depth - uniform_filter1d(depth, width, axis=0, mode='nearest')


def repetition(marks: np.ndarray, window: int, step: int, low: int, high: int) -> np.ndarray:
    """How alike each window of a fingerprint and itself some frames later are, at best: 0..1.

    Args:
      window, step: length of a window and from one to the next, frames.
      low, high: the lags tried, frames; a beat or a bar of music lies between.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    starts = np.arange(0, len(marks) - window + 1, step)
    if not len(starts):
        return np.zeros(0, np.float32)
    size = next_fast_len(window + high, real=True)
    lags = np.arange(low, high)
    best = np.empty(len(starts), np.float32)
    for at in range(0, len(starts), 64):  # bounds the memory
        some = starts[at:at + 64]
        parts = np.stack([marks[a:a + window] for a in some])
        spectra = rfft(parts, size, axis=1)
        likeness = irfft((spectra.real ** 2 + spectra.imag ** 2).sum(axis=2), size, axis=1)
        energy = np.cumsum((parts ** 2).sum(axis=2), axis=1)
        early, late = energy[:, window - 1 - lags], energy[:, -1:] - energy[:, lags - 1]
        best[at:at + 64] = (likeness[:, lags] / np.sqrt(early * late + 1e-9)).max(axis=1)
    return best


def best_match(one: np.ndarray, two: np.ndarray) -> float:
    """The highest correlation, -1..1, of the shorter fingerprint with any part of the longer."""
    from scipy.fft import irfft, next_fast_len, rfft

    if len(one) > len(two):
        one, two = two, one
    size = next_fast_len(len(one) + len(two), real=True)
    crossed = (rfft(two, size, axis=0) * np.conj(rfft(one, size, axis=0))).sum(axis=1)
    likeness = irfft(crossed, size)[:len(two) - len(one) + 1]
    energy = np.concatenate(([0.0], np.cumsum((two ** 2).sum(axis=1))))
    around = energy[len(one):] - energy[:len(energy) - len(one)]
    return float(np.max(likeness / np.sqrt(around * (one ** 2).sum() + 1e-9)))
