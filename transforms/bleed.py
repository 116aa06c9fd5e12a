"""Bleed: the other party heard in a lane, through the line or the room, and not speaking there.

The path a voice leaks along does not change within a call: it has one delay, one loss and a short
echo. What arrives by it is taken out of the lane's samples before anything is heard in them, so
that a lane's speech, levels and pitch are those of its own party, and a word put in while the
other's voice leaks is still heard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt

from transforms.conversation import Leak
from transforms.intervals import Span, intersect, subtract, union
from transforms.levels import FRAME_S, mask_of

QUIETEST_DBFS = -80.0  # a frame's loudness is compared down to here


@dataclass(frozen=True)
class BleedOptions:
    """What is the other party leaking in.

    Attributes:
      lag_s: the longest delay.
      loss_db: at least so much lost on the way; two channels that carry the same lose less.
      least_s: of the other party's speech at least, or a likeness is chance.
      peak: how far a leak's delay stands out of all delays in the correlation of the samples.
        Lanes without a leak have 9 at most; a leak of -20 dB has 36 to 400, on a line that sends
        nothing in pauses 5 to 40 (simulated calls 0 to 29, 15 dB, mu-law).
      margin_db: of the lane over what is left of a leak, where it speaks itself,
      window_s: as the mean power over so many seconds.
      remainder_s: what is left of a span that was cut is dropped if it is shorter.
    """

    lag_s: Annotated[float, Ge(0)]
    loss_db: Annotated[float, Gt(0)]
    least_s: Annotated[float, Gt(0)]
    peak: Annotated[float, Gt(1)]
    margin_db: Annotated[float, Ge(0)]
    window_s: Annotated[float, Gt(0)]
    remainder_s: Annotated[float, Ge(0)]


def split(speech: Sequence[Span], others: Sequence[Span], loudness: np.ndarray, leak: Leak,
          options: BleedOptions) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """A lane's own speech, and when it held nothing but the other party's voice.

    Args:
      speech, others: the lane's voice activity without its leak, and the other lane's.
      loudness: dBFS of each frame of 10 ms of the lane without its leak.
    """
    rests, leaked = _heard(leak, speech, loudness, options)
    whole = set(speech)
    own = tuple(s for s in subtract(speech, intersect(rests, others))
                if s in whole or s[1] - s[0] >= options.remainder_s)
    alone = [s for s in subtract(intersect(leaked, others), speech)
             if s[1] - s[0] >= options.remainder_s]
    return own, tuple(union([*subtract(speech, own), *alone]))


def _heard(leak: Leak, speech: Sequence[Span], loudness: np.ndarray,
           options: BleedOptions) -> tuple[list[Span], list[Span]]:
    """Where nothing but the rest of a leak is left of the lane, and where the leak was heard."""
    pauses = loudness[~mask_of(speech, len(loudness))]
    noise = 10 ** ((float(np.median(pauses)) if len(pauses) else QUIETEST_DBFS) / 10)
    margin = 10 ** (options.margin_db / 10)
    arrived = smooth(leak.dbfs, options.window_s)
    rest = arrived * 10 ** (-leak.depth_db / 10)
    only = (smooth(loudness, options.window_s) <= rest * margin + noise) & (rest >= noise)
    return _spans(only), union(_spans(arrived >= noise * margin), options.window_s)


def smooth(dbfs: np.ndarray, window_s: float) -> np.ndarray:
    """Mean power over a window around each frame."""
    size = max(1, round(window_s / FRAME_S)) // 2 * 2 + 1
    power = np.pad(10 ** (dbfs.astype(np.float64) / 10), size // 2, mode='edge')
    return np.convolve(power, np.ones(size) / size, 'valid')


def _spans(mask: np.ndarray) -> list[Span]:
    steps = np.diff(mask.astype(np.int8), prepend=0, append=0)
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return [(float(a) * FRAME_S, float(b) * FRAME_S) for a, b in zip(starts, ends, strict=True)]
