"""Hold music and announcements that a site supplies as files, found again in a recording.

Hold music starts anywhere and loops, and comes through the line's codec, level and noise. Windows
of the recording's fingerprint are correlated with the whole reference, at every offset at once;
where one matches the reference plays, from and to where its frames cease to agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.bands import GROUP, band_power, fingerprint, frame_s
from transforms.conversation import Audio, Sound
from transforms.conversation import Reference as Recording
from transforms.decode import DecodeOptions, decode
from transforms.errors import CallError
from transforms.intervals import Span, union
from transforms.spectrum import SpectrumOptions, power_blocks

LEVEL = 0.05 * 32768  # RMS that a reference is brought to: a fingerprint's floor is absolute
LEAST_S = 1.5  # of a reference
PART = 0.5  # of a short reference, correlated at a time
AGREE = 2  # frames by which two windows of one playing may differ in their offset
QUIETEST = 10 ** -5.5  # mean square (-55 dBFS) under which nothing is compared
BATCH = 16  # windows correlated at a time: bounds the memory


@dataclass(frozen=True)
class ReferenceFile:
    """A recording that the phone system plays.

    Attributes:
      path: of the audio file; in a settings file relative to that file.
      label: `music` for hold music, which loops; `announcement` for a prompt.
    """

    path: str
    label: Literal['music', 'announcement']


@dataclass(frozen=True)
class MatchOptions:
    """When a reference is heard.

    Attributes:
      window_s: length of what is correlated with it; a shorter reference is taken whole.
      correlation: from which a window matches; two in a row must agree where they lie.
      frame_correlation: from which the frames beside a match belong to it.
      min_s: shortest stretch of music that is reported.
      join_s: stretches less than this apart are one: the loop's seam, a burst of noise.
    """

    window_s: Annotated[float, Gt(0)]
    correlation: Annotated[float, Interval(gt=0, lt=1)]
    frame_correlation: Annotated[float, Interval(gt=0, lt=1)]
    min_s: Annotated[float, Gt(0)]
    join_s: Annotated[float, Ge(0)]


@dataclass(frozen=True, eq=False)
class Mark:
    """A reference as it is compared.

    Attributes:
      marks: its fingerprint, (frames, bands); hold music goes on with its beginning.
      period: frames after which it comes round again; 0: it does not.
      window: frames correlated at a time.
      spectra: of the bands over time, `size` frames long.
      energy: of the window that starts at each offset.
    """

    name: str
    label: str
    marks: np.ndarray
    period: int
    window: int
    size: int
    spectra: np.ndarray
    energy: np.ndarray


def load_references(files: Sequence[ReferenceFile], decoding: DecodeOptions,
                    spectrum: SpectrumOptions, options: MatchOptions) -> tuple[Mark, ...]:
    """The references, ready to be compared. Raises CallError where a file is no recording."""
    return tuple(_mark(file, decoding, spectrum, options) for file in files)


def _mark(file: ReferenceFile, decoding: DecodeOptions, spectrum: SpectrumOptions,
          options: MatchOptions) -> Mark:
    from scipy.fft import next_fast_len, rfft

    audio = decode(Recording(file.path, audio_uri=file.path), decoding).audio
    mixed = audio.samples.astype(np.float64).mean(axis=0)
    rms = float(np.sqrt(np.mean(mixed ** 2))) if len(mixed) else 0.0
    if audio.duration_s < LEAST_S or rms < 1.0:
        raise CallError(
            f'{file.path}: a reference of {audio.duration_s:.1f} s with nothing to compare',
            way_out=f'Give a recording with at least {LEAST_S:.0f} s of sound, or remove it '
                    'from `sounds.references`.')
    scaled = Audio((mixed * LEVEL / rms).clip(-32768, 32767).astype(np.int16)[None], audio.rate)
    bands = np.concatenate([band_power(power, spectrum) for power in power_blocks(
        scaled.samples[0], scaled.rate, spectrum, GROUP)])
    marks = shape_of(fingerprint(bands, spectrum))
    period = len(marks) if file.label == 'music' else 0
    window = min(round(options.window_s / frame_s(spectrum)), round(PART * len(marks)))
    if period:
        marks = np.concatenate([marks, np.resize(marks, (window, marks.shape[1]))])
    size = next_fast_len(len(marks) + window, real=True)
    total = np.concatenate(([0.0], np.cumsum((marks ** 2).sum(axis=1))))
    return Mark(Path(file.path).name, file.label, marks, period, window, size,
                rfft(marks, size, axis=0).astype(np.complex64), total[window:] - total[:-window])


def shape_of(marks: np.ndarray) -> np.ndarray:
    """A fingerprint without what all bands have in common: pauses are alike in all that sounds."""
    return marks - marks.mean(axis=1, keepdims=True)


def find_references(marks: np.ndarray, levels: np.ndarray, channel: int,
                    references: Sequence[Mark], spectrum: SpectrumOptions,
                    options: MatchOptions) -> list[Sound]:
    """Where the references play in a channel: `hold/music` and `ivr/announcement`, in order.

    Args:
      marks: the channel's fingerprint.
      levels: power of the speech band, a value a spectrum frame: silence is not compared.
    """
    shape = shape_of(marks) if references else marks
    found = [sound for reference in references
             for sound in _plays(shape, levels, channel, reference, spectrum, options)]
    return sorted(found, key=lambda sound: sound.start_s)


def _plays(marks: np.ndarray, levels: np.ndarray, channel: int, reference: Mark,
           spectrum: SpectrumOptions, options: MatchOptions) -> list[Sound]:
    step_s, window = frame_s(spectrum), reference.window
    step = max(1, window // (2 if len(reference.marks) > 4 * window else 4))
    starts = np.arange(0, max(0, len(marks) - window) + 1, step)
    sounding = np.add.reduceat(levels[:len(marks) * GROUP], np.arange(
        0, len(levels[:len(marks) * GROUP]), GROUP * step)) / (GROUP * step)
    starts = np.array([s for s in starts.tolist() if len(marks) >= window and np.max(
        sounding[s // step:(s + window) // step + 1], initial=0.0) > QUIETEST], int)
    scores, offsets = _correlate(marks, starts, reference)
    spans = []
    for i, j in _playings(starts, scores, offsets, reference, options):
        low = _extent(marks, int(starts[i]), int(offsets[i]), reference, options)[0]
        high = _extent(marks, int(starts[j]), int(offsets[j]), reference, options)[1]
        spans.append((low * step_s, high * step_s, float(np.mean(scores[i:j + 1]))))
    least_s = options.min_s if reference.period else window * step_s
    out = []
    for start, end in union([(a, b) for a, b, _ in spans], options.join_s):
        score = float(np.mean([c for a, b, c in spans if a < end and b > start]))
        if end - start >= least_s:
            kind, label = (('hold', 'music') if reference.label == 'music'
                           else ('ivr', 'announcement'))
            out.append(Sound(kind, label, channel, start, end, round(min(1.0, score), 3),
                             f'matches file {reference.name}, correlation {score:.2f}'))
    return out


def _playings(starts: np.ndarray, scores: np.ndarray, offsets: np.ndarray, reference: Mark,
              options: MatchOptions) -> list[tuple[int, int]]:
    """First and last of the windows in a row that match where one playing would have them.

    A single window may match by chance, two that agree do not.
    """
    runs: list[tuple[int, int]] = []
    for i in np.flatnonzero(scores >= options.correlation).tolist():
        j = runs[-1][1] if runs else i
        apart = int((offsets[i] - starts[i]) - (offsets[j] - starts[j]))
        if reference.period:
            apart = (apart + reference.period // 2) % reference.period - reference.period // 2
        if runs and starts[i] - starts[j] <= reference.window and abs(apart) <= AGREE:
            runs[-1] = (runs[-1][0], i)
        else:
            runs.append((i, i))
    return [(i, j) for i, j in runs if i < j]


def _correlate(marks: np.ndarray, starts: np.ndarray,
               reference: Mark) -> tuple[np.ndarray, np.ndarray]:
    """Of the window at each start the best correlation with the reference, and at which offset."""
    from scipy.fft import irfft, rfft

    scores, offsets = np.zeros(len(starts)), np.zeros(len(starts), int)
    count = len(reference.energy)
    floor = float(np.mean(reference.energy)) / 4  # a quiet part must not match by chance
    weight = 1.0 / np.sqrt(np.maximum(reference.energy, floor))
    for at in range(0, len(starts), BATCH):
        some = starts[at:at + BATCH]
        parts = np.stack([marks[s:s + reference.window] for s in some])
        crossed = np.conj(rfft(parts, reference.size, axis=1)) * reference.spectra
        likeness = irfft(crossed.sum(axis=2), reference.size, axis=1)[:, :count] * weight
        best = likeness.argmax(axis=1)
        norm = np.sqrt((parts ** 2).sum(axis=(1, 2))) + 1e-6
        scores[at:at + BATCH] = likeness[np.arange(len(some)), best] / norm
        offsets[at:at + BATCH] = best
    return scores, offsets


def _extent(marks: np.ndarray, start: int, offset: int, reference: Mark,
            options: MatchOptions) -> Span:
    """The first and one past the last frame at which a match plays, half a window beyond at most:
    had it gone on for longer, the next window would have matched."""
    window = reference.window
    beyond = window // 2 + 1
    first, last = max(0, start - beyond), min(len(marks), start + window + beyond)
    at = np.arange(first, last) - start + offset
    at = at % reference.period if reference.period else at
    inside = (at >= 0) & (at < len(reference.marks))
    there = reference.marks[np.where(inside, at, 0)] * inside[:, None]
    here = marks[first:last]
    like = (here * there).sum(axis=1)
    scale = np.sqrt((here ** 2).sum(axis=1) * (there ** 2).sum(axis=1))
    scale = np.maximum(scale, 0.25 * float(np.mean(scale)))
    # The running sum of the excess is lowest at the first frame that plays, highest at the last.
    total = np.concatenate(([0.0], np.cumsum(like - options.frame_correlation * scale)))
    middle = start - first + window // 2
    return (first + int(np.argmin(total[:middle + 1])),
            first + middle + int(np.argmax(total[middle:])))
