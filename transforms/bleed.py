"""Bleed: the other party heard in a lane, through the line or the room, and not speaking there.

The path a voice leaks along does not change within a call: it has one delay and one loss. Both
are measured over all the time the two lanes seem to speak at once. A lane then speaks itself
only where it is louder than the other's voice would arrive, so that a word put in while the
other's voice leaks is still heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.intervals import Span, intersect, subtract, total, union
from transforms.leak import Path, find_path, rest
from transforms.levels import FRAME_S, mask_of

QUIETEST_DBFS = -80.0  # a frame's loudness is compared down to here
BLOCK_S = 30.0
STEADY_DB = 3.0  # frames of 10 ms of one sound at two microphones differ by so much


@dataclass(frozen=True)
class BleedOptions:
    """When a lane's speech is the other party leaking in.

    The first three are those of definitions 2.2; the others were chosen on a real call with
    bleed of -15 to -30 dB mixed in, lanes shifted so that they overlap.

    Attributes:
      correlation: of the two lanes' loudness in dB, 0..1, from which one leaks, with
      lag_s: at most so much between them, and
      loss_db: at least so much lost on the way.
      steady_share: of that overlap, 0..1, in which the loss is the same to 3 dB: a path's is
        (.6 to 1 on that call), two voices' difference is not (.5 at most), though their
        loudness may well correlate where one was chosen for being under the other.
      least_s: of overlap that quiet at least, or a correlation is chance.
      peak: how far a leak's delay stands out of all delays in the correlation of the samples.
        Lanes without a leak have 8 at most, a leak of -30 dB 13 to 700.
      margin_db: a lane speaks itself where it is so much louder than the leak would be,
      window_s: as the mean power over so many seconds.
      remainder_s: what is left of a span that was cut is dropped if it is shorter.
    """

    correlation: Annotated[float, Interval(gt=0, le=1)]
    lag_s: Annotated[float, Ge(0)]
    loss_db: Annotated[float, Ge(0)]
    steady_share: Annotated[float, Interval(gt=0, le=1)]
    least_s: Annotated[float, Gt(0)]
    peak: Annotated[float, Gt(1)]
    margin_db: Annotated[float, Ge(0)]
    window_s: Annotated[float, Gt(0)]
    remainder_s: Annotated[float, Ge(0)]


@dataclass(frozen=True)
class Leak:
    """How one lane is heard in the other: `lag` frames of 10 ms later, `loss_db` quieter."""

    lag: int
    loss_db: float
    steady_share: float
    correlation: float


class Samples(NamedTuple):
    """A lane's samples and the other lane's, int16."""

    lane: np.ndarray
    other: np.ndarray
    rate: int


def split(speech: Sequence[Span], others: Sequence[Span], loudness: np.ndarray,
          other: np.ndarray, options: BleedOptions,
          sound: Samples | None = None) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """A lane's speech, and what of it is bleed.

    Args:
      speech, others: the lane's voice activity and the other lane's.
      loudness, other: dBFS of each frame of 10 ms of the lane and of the other lane.
      sound: both lanes' samples. Where the leak is not found in them (a codec may have changed
        it too much), it is looked for in the loudness alone.
    """
    both = intersect(speech, others)
    path = sound and total(both) >= options.least_s and find_path(
        sound.lane, sound.other, sound.rate, both, options.lag_s, options.peak)
    if sound and path:
        kept = subtract(speech, _taken_out(sound, path, both, speech, loudness, options))
    else:
        leak = find_leak(both, loudness, other, options)
        if leak is None:
            return tuple(speech), ()
        kept = subtract(speech, _spans(_explained(loudness, other, leak, options)))
    whole = set(speech)
    own = tuple(s for s in kept if s in whole or s[1] - s[0] >= options.remainder_s)
    return own, tuple(subtract(speech, own))


def _taken_out(sound: Samples, path: Path, both: Sequence[Span], speech: Sequence[Span],
               loudness: np.ndarray, options: BleedOptions) -> list[Span]:
    """Where both seem to speak and nothing is left of the lane but noise and rests of the leak."""
    pauses = loudness[~mask_of(speech, len(loudness))]
    noise = float(np.median(pauses)) if len(pauses) else QUIETEST_DBFS
    out: list[Span] = []
    for start, end in both:
        for at in np.arange(start, end, BLOCK_S):
            stop = min(end, at + BLOCK_S)
            left, leak = rest(sound.lane, sound.other, sound.rate, path,
                              round(at * sound.rate), round(stop * sound.rate))
            limit = 10 ** ((noise + options.margin_db) / 10) + smooth(
                leak + options.margin_db - path.depth_db, options.window_s)
            gone = _spans(smooth(left, options.window_s)[:len(limit)] <= limit)
            out += [(float(at) + a, min(stop, float(at) + b)) for a, b in gone]
    return union(out, FRAME_S)


def find_leak(overlaps: Sequence[Span], loudness: np.ndarray, other: np.ndarray,
              options: BleedOptions) -> Leak | None:
    """How the other lane leaks into this one, None if it does not."""
    at = np.flatnonzero(mask_of(overlaps, len(loudness)))
    reach = round(options.lag_s / FRAME_S)
    best = None
    for lag in range(-reach, reach + 1):
        here, there = loudness[at], other[np.clip(at - lag, 0, len(other) - 1)]
        under = there - here >= options.loss_db
        if np.sum(under) * FRAME_S < options.least_s:
            continue
        here, there = here[under], there[under]
        loss = there - here
        steady = float(np.mean(np.abs(loss - np.median(loss)) <= STEADY_DB))
        if best is None or steady > best.steady_share:
            best = Leak(lag, float(np.median(loss)), steady, correlation(here, there))
    known = (best and best.correlation >= options.correlation
             and best.steady_share >= options.steady_share)
    return best if known else None


def correlation(one: np.ndarray, two: np.ndarray) -> float:
    """Pearson's, 0 where either does not move."""
    one, two = one - one.mean(), two - two.mean()
    scale = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / scale if scale > 1e-6 else 0.0


def _explained(loudness: np.ndarray, other: np.ndarray, leak: Leak,
               options: BleedOptions) -> np.ndarray:
    """The frames in which the lane is not louder than the leak would make it."""
    arriving = np.roll(other, leak.lag)
    # A frame either way: the two lanes' frames do not start at the same sound.
    arriving = np.maximum(arriving, np.maximum(np.roll(arriving, 1), np.roll(arriving, -1)))
    arriving = arriving - leak.loss_db + options.margin_db
    return smooth(loudness, options.window_s) <= smooth(arriving, options.window_s)


def smooth(dbfs: np.ndarray, window_s: float) -> np.ndarray:
    """Mean power over a window around each frame."""
    size = max(1, round(window_s / FRAME_S)) // 2 * 2 + 1
    power = np.pad(10 ** (dbfs.astype(np.float64) / 10), size // 2, mode='edge')
    return np.convolve(power, np.ones(size) / size, 'valid')


def _spans(mask: np.ndarray) -> list[Span]:
    steps = np.diff(mask.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(float(a) * FRAME_S, float(b) * FRAME_S) for a, b in zip(starts, ends, strict=True)]
