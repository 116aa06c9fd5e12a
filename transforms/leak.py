"""The path along which one lane's voice leaks into the other, found in the waveforms.

A line leaks with one delay and one short echo, whatever is said. Over all the time that both
lanes seem to speak, the other lane's samples, delayed, are then found in this lane's, far under
its own voice or its noise; and what is left when they are taken out tells whether the lane
speaks too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from transforms.intervals import Span
from transforms.levels import FRAME_S, frame_dbfs

SEGMENT = 8192  # samples compared at once
LEAST = 400  # of them
ECHO_S = 0.004  # of the path's echo; its delay lies in the middle
HEARD_S = 60.0  # of both speaking is enough to know the path
UNDER_DB = 6.0  # the other is so much louder where the path's loss is measured
DEEPEST_DB = 20.0  # a leak is never trusted to be taken out by more
DEPTH_PERCENTILE = 75  # of what was taken out; double talk hides it in the other frames


class Path(NamedTuple):
    """`lag`: samples from the other lane to this one. `taps`: the echo, from `lag` on.

    `depth_db` is what taking the leak out of the lane takes away of it.
    """

    lag: int
    taps: np.ndarray
    depth_db: float = 0.0


def find_path(lane: np.ndarray, other: np.ndarray, rate: int, spans: Sequence[Span],
              lag_s: float, peak: float) -> Path | None:
    """How the other lane leaks into this one, None if it does not.

    Args:
      lane, other: int16.
      spans: where both seem to speak.
      lag_s: the longest delay.
      peak: how far the correlation at the delay stands out of the median of all delays.
    """
    reach, echo = round(lag_s * rate), round(ECHO_S * rate)
    lag = _delay(lane, other, rate, spans, reach, peak)
    if lag is None:
        return None
    first = max(0, lag - echo // 2)
    square, cross = np.zeros((echo, echo)), np.zeros(echo)
    for start, end in _pieces(spans, rate):
        x, y = _part(lane, start, end), _part(other, start - first - echo + 1, end - first)
        shifted = np.lib.stride_tricks.sliding_window_view(y, echo)[:, ::-1]
        under = np.repeat(_db(shifted[:, 0], rate) - _db(x, rate) >= UNDER_DB,
                          round(FRAME_S * rate))[:len(x)]
        shifted, x = shifted[under], x[under]
        square += shifted.T @ shifted
        cross += shifted.T @ x
    if not square.any():
        return None
    square[np.diag_indices(echo)] *= 1.001
    taps = np.linalg.solve(square, cross).astype(np.float32)
    path = Path(first, taps)
    gone = []
    for start, end in _pieces(spans, rate):
        left, leak = rest(lane, other, rate, path, start, end)
        gone.append((leak - left)[leak > np.median(leak)])
    depth = float(np.percentile(np.concatenate(gone), DEPTH_PERCENTILE))
    return path._replace(depth_db=min(max(depth, 0.0), DEEPEST_DB))


def rest(lane: np.ndarray, other: np.ndarray, rate: int, path: Path, start: int,
         end: int) -> tuple[np.ndarray, np.ndarray]:
    """What is left of a stretch of samples without the leak, and the leak: dBFS of 10 ms."""
    from scipy.signal import oaconvolve
    y = _part(other, start - path.lag - len(path.taps) + 1, end - path.lag)
    leak = oaconvolve(y, path.taps, 'valid')
    return _db(_part(lane, start, end) - leak, rate), _db(leak, rate)


def _delay(lane: np.ndarray, other: np.ndarray, rate: int, spans: Sequence[Span], reach: int,
           peak: float) -> int | None:
    from scipy.fft import irfft, rfft
    size = 1 << (SEGMENT + reach - 1).bit_length()
    total = np.zeros(size // 2 + 1, complex)
    for start, end in _pieces(spans, rate, SEGMENT):
        x, y = _part(lane, start, end), _part(other, start - reach, end)
        # Each piece has a say, however loud it is.
        scale = np.sqrt(np.mean(x ** 2) * np.mean(y ** 2)) + 1e-9
        total += rfft(x, size).conj() * rfft(y, size) / scale
    # Half whitened: a voice's own period is no delay.
    found = np.abs(irfft(total / np.sqrt(np.abs(total) + 1e-12), size)[:reach + 1])
    lag = reach - int(found.argmax())
    return lag if found.max() >= peak * np.median(found) else None


def _pieces(spans: Sequence[Span], rate: int, size: int = 1 << 17) -> Iterator[tuple[int, int]]:
    left = round(HEARD_S * rate)
    for span in spans:
        start, end = round(span[0] * rate), round(span[1] * rate)
        for at in range(start, end, size):
            if min(at + size, end) - at >= LEAST and left > 0:
                yield at, min(at + size, end)
                left -= size if at + size <= end else end - at


def _part(samples: np.ndarray, start: int, end: int) -> np.ndarray:
    """Samples as float32 in [-1, 1), zero beyond the ends."""
    part = samples[max(0, start):max(0, end)].astype(np.float32) / 32768
    return np.pad(part, (max(0, min(end, 0) - start), max(0, end - max(start, 0) - len(part))))


def _db(samples: np.ndarray, rate: int) -> np.ndarray:
    return frame_dbfs(np.ascontiguousarray(samples, np.float32), round(FRAME_S * rate))
