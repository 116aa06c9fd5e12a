"""Voice activity: when one lane speaks, to about 30 ms.

Silero VAD's probabilities (`transforms.silero`); what is made of them is our own: the defaults
that suit transcription (250 ms of speech at least, pads of 30 to 400 ms) delete backchannels and
short gaps, which are what is measured here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

import numpy as np
from annotated_types import Ge, Gt, Interval, Lt

from transforms.intervals import Span, subtract, union
from transforms.levels import FRAME_S, ZERO_DBFS, frame_dbfs, mask_of
from transforms.silero import CONTEXT, RATE, START, WINDOW, Silero, load_weights

RATES = (RATE // 2, RATE)
WINDOW_S = WINDOW / RATE
LEVEL_PERCENTILE = 95  # a lane that speaks a twentieth of the time is levelled by its speech


@dataclass(frozen=True)
class VadOptions:
    """How speech is told from silence.

    Attributes:
      threshold: probability, 0..1, from which a window of 32 ms is speech. Silero's default .5.
      neg_threshold: probability under which speech has ended; not above `threshold`. Silero's
        default is `threshold` - .15.
      min_speech_s: shorter speech is dropped. .10 keeps "mm" and "yes" (definitions 2.2).
      min_silence_s: shorter silence inside speech is speech.
      pad_s: added to both ends of a span; at most .03, or gaps and overlaps are falsified.
      level_dbfs: a lane is scaled so that its 95th percentile window lies here before it is
        heard: the model drops quiet telephone speech. dBFS of RMS.
      max_gain_db: by at most so much, and never down: the model loses nothing in loud speech.
      trim_s: the model goes on for 50 to 150 ms after a voice has stopped, which makes overlaps
        of quick turn changes: the end of a span is moved back by up to so much, to where
      trim_db: the lane was last so many dB over the noise of its own pauses.
      block_s: seconds heard at a time: bounds memory, changes no result.
    """

    threshold: Annotated[float, Interval(gt=0, lt=1)]
    neg_threshold: Annotated[float, Interval(gt=0, lt=1)]
    min_speech_s: Annotated[float, Ge(0)]
    min_silence_s: Annotated[float, Ge(0)]
    pad_s: Annotated[float, Interval(ge=0, le=0.03)]
    level_dbfs: Annotated[float, Lt(0)]
    max_gain_db: Annotated[float, Ge(0)]
    trim_s: Annotated[float, Ge(0)]
    trim_db: Annotated[float, Ge(0)]
    block_s: Annotated[float, Gt(0)]


class Vad(Protocol):
    """Tells when a lane speaks."""

    def spans(self, samples: np.ndarray, rate: int,
              ignore: Sequence[Span] = ()) -> tuple[Span, ...]:
        """The speech in one lane, sorted and disjoint, in seconds.

        Args:
          samples: int16, or float32 in [-1, 1], one dimension.
          rate: 8000 or 16000.
          ignore: spans known to be no speech (ringing, music), sorted and disjoint: they
            are left out of the result and of the lane's level.
        """


def load_vad(options: VadOptions) -> SileroVad:
    """The voice activity detector, on one thread. Nothing is downloaded."""
    return SileroVad(options)


class SileroVad:
    """See `Vad`. Holds no state between calls; not to be shared by threads."""

    def __init__(self, options: VadOptions):
        self._options = options
        weights = load_weights()
        self._networks = {rate: Silero(weights, rate) for rate in RATES}

    def spans(self, samples: np.ndarray, rate: int,
              ignore: Sequence[Span] = ()) -> tuple[Span, ...]:
        ignore = union(ignore)
        chances = self.probabilities(samples, rate, ignore)
        found = spans_of(chances, self._options, len(samples) / rate)
        found = trim(found, samples, rate, ignore, self._options)
        found = pad(found, self._options.pad_s, len(samples) / rate)
        if not ignore:
            return found
        whole = set(found)
        # What is left of a span that ringing was cut from may be a sliver of the ringing.
        return tuple(s for s in subtract(found, ignore)
                     if s in whole or s[1] - s[0] >= self._options.min_speech_s)

    def probabilities(self, samples: np.ndarray, rate: int,
                      ignore: Sequence[Span] = ()) -> np.ndarray:
        """The chance of speech in each window of 32 ms: float32, 0 in digital zero."""
        if rate not in RATES:
            raise ValueError(f'audio at {rate} Hz: lanes are kept at 8000 or 16000 Hz')
        level = frame_dbfs(samples, WINDOW * rate // RATE)
        ignored = _inside(ignore, len(level))
        gain = self._gain(level[~ignored])
        network, state = self._networks[rate], START
        out = np.zeros(len(level), np.float32)
        at = 0
        for windows in _blocks(samples, rate, max(1, round(self._options.block_s / WINDOW_S))):
            # Or it would still be deaf from the music when speech begins.
            windows[ignored[at:at + len(windows)]] = 0
            windows *= np.float32(gain)
            chances, state = network.chances(windows, state)
            out[at:at + len(chances)] = chances
            at += len(chances)
        out[(level < ZERO_DBFS) | ignored] = 0
        return out

    def _gain(self, level: np.ndarray) -> float:
        heard = level[level >= ZERO_DBFS]
        if not len(heard):
            return 1.0
        wanted = self._options.level_dbfs - float(np.percentile(heard, LEVEL_PERCENTILE))
        limit = self._options.max_gain_db
        return float(10 ** (np.clip(wanted, 0, limit) / 20))


def spans_of(chances: np.ndarray, options: VadOptions, duration_s: float) -> tuple[Span, ...]:
    """Spans of speech from a probability every 32 ms.

    Speech starts at the first window of at least `threshold` and goes on until one falls under
    `neg_threshold`. Silence under `min_silence_s` is then bridged, speech under `min_speech_s`
    dropped, and each end padded, at most to the middle of the silence before the neighbour.
    """
    starts, ends = _runs(chances >= min(options.neg_threshold, options.threshold))
    strong = np.flatnonzero(chances >= options.threshold)
    first = np.searchsorted(strong, starts)
    heard = first < np.searchsorted(strong, ends)
    if not heard.any():
        return ()
    edges = zip(strong[first[heard]].tolist(), ends[heard].tolist(), strict=True)
    # Half a microsecond, for what is exactly the limit in decimal is not in binary.
    tick = 5e-7
    joined = union(((a * WINDOW_S, min(b * WINDOW_S, duration_s)) for a, b in edges),
                   max(0.0, options.min_silence_s - tick))
    return tuple(s for s in joined if s[1] - s[0] >= options.min_speech_s - tick)


def trim(spans: Sequence[Span], samples: np.ndarray, rate: int, ignore: Sequence[Span],
         options: VadOptions) -> tuple[Span, ...]:
    """The spans with their ends moved back to the last frame that stands out of the noise.

    A span keeps `min_speech_s` at least, and all of itself where the lane has no pause to
    compare it with.
    """
    if not spans or not options.trim_s:
        return tuple(spans)
    level = frame_dbfs(samples, round(FRAME_S * rate))
    pauses = level[~mask_of([*ignore, *((a, b + options.trim_s) for a, b in spans)], len(level))]
    if not len(pauses):
        return tuple(spans)
    loud = level > max(float(np.median(pauses)), ZERO_DBFS) + options.trim_db
    out = []
    for start, end in spans:
        earliest = max(start + options.min_speech_s, end - options.trim_s)
        first, last = round(earliest / FRAME_S), round(end / FRAME_S)
        heard = np.flatnonzero(loud[first:last])
        stop = (first + int(heard[-1]) + 1) * FRAME_S if len(heard) else earliest
        out.append((start, min(end, max(earliest, stop))))
    return tuple(out)


def pad(spans: Sequence[Span], pad_s: float, duration_s: float) -> tuple[Span, ...]:
    """The spans with `pad_s` at both ends, at most to the middle of the silence between two."""
    out: list[Span] = []
    for i, (start, end) in enumerate(spans):
        before = (start - spans[i - 1][1]) / 2 if i else start
        after = (spans[i + 1][0] - end) / 2 if i + 1 < len(spans) else duration_s - end
        out.append((start - min(pad_s, before), end + min(pad_s, after)))
    return tuple(out)


def _runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the runs of True start, and one past where they end."""
    steps = np.diff(mask.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def _inside(spans: Sequence[Span], windows: int) -> np.ndarray:
    """Which windows have their middle in one of the spans."""
    mask = np.zeros(windows, bool)
    for start, end in spans:
        mask[max(0, round(start / WINDOW_S)):max(0, round(end / WINDOW_S))] = True
    return mask


def _blocks(samples: np.ndarray, rate: int, windows: int) -> Iterator[np.ndarray]:
    """The lane as windows with their context, float32 (up to `windows`, 576 or 288)."""
    size, lead = WINDOW * rate // RATE, CONTEXT * rate // RATE
    for at in range(0, len(samples), size * windows):
        part = samples[max(0, at - lead):at + size * windows].astype(np.float32)
        if samples.dtype == np.int16:
            part /= 32768
        part = np.pad(part, (max(0, lead - at), 0))
        part = np.pad(part, (0, -(len(part) - lead) % size))
        view = np.lib.stride_tricks.sliding_window_view(part, size + lead)[::size]
        yield view.copy()
