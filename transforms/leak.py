"""The path along which one lane's voice leaks into the other, found in the waveforms.

A line leaks with one delay and one short echo, whatever is said. Where the other lane is much the
louder one, its samples, delayed, are found in this lane's even far under its noise. They are taken
out before anything is measured in the lane, so that speech, levels and pitch are those of its own
party.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from transforms.bleed import BleedOptions
from transforms.conversation import Audio, Leak
from transforms.intervals import Span
from transforms.levels import FRAME_S, ZERO_DBFS, frame_dbfs, mask_of

SEGMENT_S = 1.0  # compared at once
ECHO_S = 0.004  # of the path's echo; its delay lies in the middle
USUAL_DB = 25.0  # of loss: what little evidence there is of a path is taken for no more
HEARD_S = 40.0  # of the other being louder is enough to know the path
UNDER_DB = 6.0  # the other is so much louder where the path is measured,
OVER_DB = 10.0  # and so much louder than in its pauses, or it is their noise that is compared
DEEPEST_DB = 20.0  # a leak is never trusted to be taken out by more
DEPTH_PERCENTILE = 75  # of what was taken out; double talk hides it in the other frames
LEAST_FRAMES = 20  # of a leak that stands out, or it needs no more
NOISE_PERCENTILE = 15  # of a lane's loudness: its pauses
WORSE_DB = 1.0  # taking out what is not there makes a lane louder
WINDOW_S = 0.03  # in which that is seen
QUIET_DB = 3.0  # over the noise of the other's pauses: nothing of less is taken out
NOTHING_DBFS = -120.0  # what frame_dbfs gives for nothing
BLOCK_S = 60.0


class Path(NamedTuple):
    """`lag`: samples from the other lane to this one. `taps`: the echo, from `lag` on."""

    lag: int
    taps: np.ndarray


def take_out_leaks(audio: Audio, ignore: Sequence[Span],
                   options: BleedOptions) -> tuple[Leak | None, Leak | None]:
    """Takes what each of two channels holds of the other out of it, in place.

    Args:
      ignore: ringing, music and announcements, which may be in both channels without leaking:
        no path is looked for there.

    What was taken out of each, None of a channel that nothing leaks into.
    """
    if audio.channels != 2:
        return None, None
    size = round(FRAME_S * audio.rate)
    loud = [frame_dbfs(lane, size) for lane in audio.samples]
    kept = ~mask_of(ignore, len(loud[0]))
    paths = [_path(audio, channel, _choices(loud[channel], loud[1 - channel], kept), options)
             for channel in (0, 1)]
    if paths == [None, None]:
        return None, None
    leaks = _subtract(audio, paths)
    one, two = (None if leak is None else Leak(
        leak, _depth(frame_dbfs(lane, size), leak, kept))
        for lane, leak in zip(audio.samples, leaks, strict=True))
    return one, two


def _choices(lane: np.ndarray, other: np.ndarray, kept: np.ndarray) -> list[np.ndarray]:
    """The frames in which the other lane speaks; in which it is much the louder one; both speak.

    A line that sends nothing in pauses leaks only while its own party speaks.
    """
    speaks = kept & (lane > ZERO_DBFS) & (other >= _noise(other) + OVER_DB)
    return [speaks, speaks & (other - lane >= UNDER_DB), speaks & (lane >= _noise(lane) + OVER_DB)]


def _noise(dbfs: np.ndarray, zero_dbfs: float = ZERO_DBFS) -> float:
    """How loud a lane is in its pauses, those of digital zero left out."""
    heard = dbfs[dbfs > zero_dbfs]
    return float(np.percentile(heard, NOISE_PERCENTILE)) if len(heard) else zero_dbfs


def _path(audio: Audio, channel: int, choices: Sequence[np.ndarray],
          options: BleedOptions) -> Path | None:
    """How the other channel leaks into this one, None if it does not."""
    lane, other, rate = audio.samples[channel], audio.samples[1 - channel], audio.rate
    reach, echo = round(options.lag_s * rate), round(ECHO_S * rate)
    speaks, *others = choices
    for frames in others:
        if np.sum(frames) * FRAME_S < options.least_s:
            continue
        lag = _delay(lane, other, rate, frames, reach, options.peak)
        if lag is not None:
            break
    else:
        return None
    first = max(0, lag - echo // 2)
    taps = _taps(lane, other, rate, frames, first, np.zeros(echo, np.float32))
    # Again where it was in the lane: a line may send nothing while its party is silent.
    taps = _taps(lane, other, rate, speaks, first, taps)
    gain = float(np.sqrt(np.sum(taps ** 2)))
    return Path(first, taps) if gain <= 10 ** (-options.loss_db / 20) else None


def _taps(lane: np.ndarray, other: np.ndarray, rate: int, frames: np.ndarray, first: int,
          known: np.ndarray) -> np.ndarray:
    """The path's echo, by least squares over the frames in which what is known of it is heard."""
    size, echo = round(FRAME_S * rate), len(known)
    square, cross = np.zeros((echo, echo)), np.zeros(echo)
    for start, end, counted in _segments(lane, rate, frames):
        x, y = _part(lane, start, end), _part(other, start - first - echo + 1, end - first)
        shifted = np.lib.stride_tricks.sliding_window_view(y, echo)[:, ::-1]
        at, left = _there(x, x - shifted @ known, size)
        weight = np.repeat(counted * at / left, size)[:len(x)].astype(np.float32)
        heard = np.flatnonzero(weight)
        shifted = shifted[heard]
        weighed = shifted * weight[heard, None]
        square += weighed.T @ shifted
        cross += weighed.T @ x[heard]
    square[np.diag_indices(echo)] += echo * 10 ** (USUAL_DB / 10)
    return np.linalg.solve(square, cross).astype(np.float32)


def _there(lane: np.ndarray, left: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The frames in which taking a leak out makes a lane no louder; and the power of what is left.

    A frame counts the more the less is left: a lane's own voice is noise here.
    """
    before = frame_dbfs(lane, size)
    power = _smooth(frame_dbfs(left, size))
    there = (power <= _smooth(before) * 10 ** (WORSE_DB / 10)) & (before > ZERO_DBFS)
    return there, power


def _delay(lane: np.ndarray, other: np.ndarray, rate: int, frames: np.ndarray, reach: int,
           peak: float) -> int | None:
    from scipy.fft import irfft, next_fast_len, rfft
    frame = round(FRAME_S * rate)
    size = next_fast_len(round(SEGMENT_S * rate) + reach, real=True)
    total = np.zeros(size // 2 + 1, complex)
    for start, end, counted in _segments(lane, rate, frames):
        x, y = _part(lane, start, end), _part(other, start - reach, end)
        # The quieter the lane, the more its frames say of a leak.
        weight = counted * 10 ** (-frame_dbfs(x, frame).astype(np.float64) / 10)
        x = x * np.repeat(weight, frame)[:len(x)].astype(np.float32)
        total += rfft(x, size).conj() * rfft(y, size)
    # Half whitened: a voice's own period is no delay.
    found = np.abs(irfft(total / np.sqrt(np.abs(total) + 1e-12), size)[:reach + 1])
    return reach - int(found.argmax()) if found.max() >= peak * np.median(found) else None


def _segments(lane: np.ndarray, rate: int,
              frames: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Pieces of the lane, each with which of its frames count: (first, one past last, frames).

    Those with the most frames that count, up to `HEARD_S`.
    """
    size, step = round(FRAME_S * rate), round(SEGMENT_S / FRAME_S)
    counts = np.add.reduceat(frames, np.arange(0, len(frames), step), dtype=int)
    best = np.argsort(-counts, kind='stable')
    best = best[np.cumsum(counts[best]) - counts[best] < HEARD_S / FRAME_S]
    for at in sorted(best[counts[best] > 0].tolist()):
        start = at * step * size
        yield start, min(start + step * size, len(lane)), frames[at * step:(at + 1) * step]


def _subtract(audio: Audio, paths: Sequence[Path | None]) -> list[np.ndarray | None]:
    """Takes the leaks out, a block at a time; gives what they were, dBFS of frames of 10 ms."""
    samples, size = audio.samples, round(FRAME_S * audio.rate)
    step = round(BLOCK_S / FRAME_S) * size
    reach = max(path.lag + len(path.taps) for path in paths if path)
    tails = np.zeros((2, reach), np.int16)  # of the block before, as it was recorded
    leaks: list[list[np.ndarray]] = [[], []]
    for at in range(0, samples.shape[1], step):
        block = samples[:, at:at + step]
        before = np.concatenate([tails, block], axis=1)
        tails = before[:, -reach:]
        for i, path in enumerate(paths):
            if path:
                leak = _leak(before[1 - i], path, reach)
                leaks[i].append(_take_out(block[i], leak, size))
    return [np.concatenate(leaks[i]) if path else None for i, path in enumerate(paths)]


def _leak(other: np.ndarray, path: Path, reach: int) -> np.ndarray:
    from scipy.signal import oaconvolve
    y = other[reach - path.lag - len(path.taps) + 1:len(other) - path.lag]
    return oaconvolve(y.astype(np.float32), path.taps, 'valid')


def _take_out(lane: np.ndarray, leak: np.ndarray, size: int) -> np.ndarray:
    """Takes a leak out of a lane, in place, where it is in it; int16 and float of its scale."""
    left, loud = lane - leak, frame_dbfs(leak / 32768, size)
    there = (_there(lane / 32768, left / 32768, size)[0]
             & (_smooth(loud) >= 10 ** ((_noise(loud, NOTHING_DBFS) + QUIET_DB) / 10)))
    at = np.repeat(there, size)[:len(lane)]
    lane[at] = np.clip(np.round(left[at]), -32768, 32767).astype(np.int16)
    return np.where(there, loud, np.float32(NOTHING_DBFS))


def _smooth(dbfs: np.ndarray) -> np.ndarray:
    """Mean power around each frame."""
    frames = round(WINDOW_S / FRAME_S) // 2 * 2 + 1
    power = np.pad(10 ** (dbfs.astype(np.float64) / 10), frames // 2, mode='edge')
    return np.convolve(power, np.ones(frames) / frames, 'valid')


def _depth(left: np.ndarray, leak: np.ndarray, kept: np.ndarray) -> float:
    """How much quieter a leak became, where it stood out of the lane, dB."""
    noise = _noise(left)
    at = kept & (left <= leak + UNDER_DB)
    if at.any():  # a line that sends nothing in pauses has another noise where it sends
        noise = max(noise, float(np.percentile(left[at], NOISE_PERCENTILE)))
    at &= leak >= noise + UNDER_DB
    if np.sum(at) < LEAST_FRAMES:
        return DEEPEST_DB
    rest = np.maximum(10 ** (left[at].astype(np.float64) / 10) - 10 ** (noise / 10), 1e-12)
    gone = leak[at] - 10 * np.log10(rest)
    return float(np.clip(np.percentile(gone, DEPTH_PERCENTILE), 0.0, DEEPEST_DB))


def _part(samples: np.ndarray, start: int, end: int) -> np.ndarray:
    """Samples as float32 in [-1, 1), zero beyond the ends."""
    part = samples[max(0, start):max(0, end)].astype(np.float32) / 32768
    return np.pad(part, (max(0, min(end, 0) - start), max(0, end - max(start, 0) - len(part))))
