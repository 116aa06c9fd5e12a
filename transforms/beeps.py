"""Beeps in an otherwise silent line: how some phone systems tell a parked caller to wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.conversation import Audio, Sound
from transforms.intervals import Span, covered, subtract, union
from transforms.spectrum import SpectrumOptions, floor_of, runs

BEEP_HZ = (300.0, 3400.0)
NEAR_HZ = 12.0  # of a frame's bin, the line itself
LINE = 2  # bins to either side of a line that hold its power
SMEAR_S = 0.06  # by which a spectrum's window widens a sound
BESIDE_S = (0.1, 0.35)  # from a beep, its line is gone
AROUND_S = 20.0  # of a beep, speech is looked for first
BLIP_S, ALONE_S = 0.35, 1.0  # what is shorter, and so far from all other speech, is none
PERIOD_S = 9.0  # from one warning beep to the next at least
STEADY_S = 0.25  # by which their period varies
Voices = Callable[[int, float, float], list[Span]]  # speech of a channel between two instants


@dataclass(frozen=True)
class BeepOptions:
    """When beeps park a caller.

    Attributes:
      min_s, max_s: length of a beep.
      purity: share of its power that lies in one line, 0..1; noise as loud as itself leaves half.
      line: share of what it adds to the noise beside it that is one unmoved line, 0..1.
      over_db: what stands so far out of the noise beside it is no noise.
      apart_min_s: silence before the first beep at least, or it answers what was said: a voice
        mailbox, a key.
      apart_max_s: longest silence between two.
      hold_min_s: shortest silence with beeps that is a hold.
      quieter_db: what is taken for speech and is so far under the channel's loudest is noise.
      onset_s: by which voice activity is late for the first sound of a word, which ends the hold.
    """

    min_s: Annotated[float, Gt(0)]
    max_s: Annotated[float, Gt(0)]
    purity: Annotated[float, Interval(gt=0, lt=1)]
    line: Annotated[float, Interval(gt=0, lt=1)]
    over_db: Annotated[float, Ge(0)]
    apart_min_s: Annotated[float, Gt(0)]
    apart_max_s: Annotated[float, Gt(0)]
    hold_min_s: Annotated[float, Gt(0)]
    quieter_db: Annotated[float, Gt(0)]
    onset_s: Annotated[float, Ge(0)]


class Beep(NamedTuple):
    """A short steady tone in a channel."""

    start_s: float
    end_s: float
    hz: float
    channel: int


def strongest_lines(power: np.ndarray, spectrum: SpectrumOptions) -> np.ndarray:
    """Of each frame of a block of spectra the strongest line: its bin, and its share of the
    power from 300 to 3400 Hz."""
    band = spectrum.bins(*BEEP_HZ)
    top = band.start + power[:, band].argmax(axis=1)
    rows = np.arange(len(power))
    line = sum(power[rows, top + step] for step in range(-LINE, LINE + 1))
    return np.stack([top, line / (power[:, band].sum(axis=1) + 1e-12)], axis=1).astype(np.float32)


def find_beeping(audio: Audio, lines: Sequence[np.ndarray], levels: Sequence[np.ndarray],
                 taken: Sequence[Span], voices: Voices | None, spectrum: SpectrumOptions,
                 options: BeepOptions) -> list[Sound]:
    """The silences of all channels that hold beeps and nothing else, from sound to sound.

    One beep is enough: systems beep every ten seconds or so. But the beeps that go on all through
    a call, at one interval, tell that it is recorded.

    Args:
      lines: of each channel what `strongest_lines` gave for all its frames.
      levels: of each channel, power of the speech band, a value a spectrum frame.
      taken: what is known to be ringing, keys or music.
      voices: the ear for speech; None: all that stands out of the noise is.
    """
    beeps = sorted(beep for channel in range(audio.channels)
                   for beep in _beeps(audio, channel, lines[channel], taken, spectrum, options))
    beeps = [beep for beep in beeps if not _is_warning(beep, beeps)]
    found: list[Sound] = []
    for group in _groups(beeps, options.apart_max_s):
        for start, end in _silences(audio, group, levels, taken, voices, spectrum, options):
            inside = [b for b in group if start <= b.start_s and b.end_s <= end]
            while inside and inside[0].start_s - start < options.apart_min_s:
                start = inside.pop(0).end_s  # a word that sounds like a beep, or a key
            if inside and end - start >= options.hold_min_s:
                many = len(union((b.start_s, b.end_s) for b in inside))
                found.append(Sound('hold', 'beeps', inside[0].channel, start, end,
                                   0.7 if many > 1 else 0.6,
                                   f'{many} beep{"s" * (many > 1)} in a silent line'))
    return found


def _beeps(audio: Audio, channel: int, lines: np.ndarray, taken: Sequence[Span],
           spectrum: SpectrumOptions, options: BeepOptions) -> list[Beep]:
    """Short steady tones that begin and end on their own, alike loud from end to end."""
    hop_s, (bins, shares) = spectrum.hop_s, lines.T
    pure = shares >= options.purity
    steady = np.abs(np.diff(bins, prepend=bins[:1])) <= 1
    out = []
    for first, last in runs(pure):
        breaks = first + np.flatnonzero(~steady[first:last])
        for a, b in pairwise([first, *(i for i in breaks.tolist() if i > first), last]):
            span = ((a - 0.5) * hop_s + SMEAR_S / 2, (b - 0.5) * hop_s - SMEAR_S / 2)
            if (options.min_s <= span[1] - span[0] <= options.max_s
                    and not covered(span, taken)):
                beep = Beep(*span, float(np.median(bins[a:b])) * spectrum.bin_hz, channel)
                if _stands_alone(audio, beep, options):
                    out.append(beep)
    return out


def _stands_alone(audio: Audio, beep: Beep, options: BeepOptions) -> bool:
    """Whether what is not there just before and after the beep is one unmoved line.

    A vowel is many lines, and they move; a beep's neighbours are noise, no louder than itself.
    """
    near, far = BESIDE_S
    x = audio.window(beep.channel, beep.start_s + SMEAR_S / 3, beep.end_s - SMEAR_S / 3)
    beside = [audio.window(beep.channel, max(0.0, a), b) for a, b in (
        (beep.start_s - far, beep.start_s - near), (beep.end_s + near, beep.end_s + far))]
    if min(map(len, (x, *beside))) < 64:
        return False
    whole, line = _band_power(x, audio.rate, beep.hz)
    noise, there = zip(*(_band_power(y, audio.rate, beep.hz) for y in beside), strict=True)
    return (line >= options.line * (whole - min(noise)) and line >= max(noise)
            and line >= max(there) * 10 ** (options.over_db / 10))


def _band_power(x: np.ndarray, rate: int, hz: float) -> tuple[float, float]:
    """Power of a sound from 300 to 3400 Hz, and of its line nearest to a frequency."""
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2 / len(x) ** 2
    step = rate / len(x)
    low, high = (round(edge / step) for edge in BEEP_HZ)
    first = max(0, int((hz - NEAR_HZ) / step))
    top = first + int(np.argmax(power[first:int((hz + NEAR_HZ) / step) + 2]))
    return (float(power[low:high].sum()),
            float(power[max(0, top - LINE):top + LINE + 1].sum()))


def _is_warning(beep: Beep, beeps: Sequence[Beep]) -> bool:
    """Whether a beep is one of a series of one pitch and one interval, three or more, such as
    tells that a call is recorded."""
    same = [b.start_s for b in beeps if abs(b.hz - beep.hz) <= 0.02 * beep.hz]
    starts = [a for a, _ in union((start, start + 1.0) for start in same)]
    apart = [b - a for a, b in pairwise(starts)]
    if len(apart) < 2 or min(apart) < PERIOD_S:
        return False
    period = min(apart)
    return all(abs(gap - period * round(gap / period)) <= STEADY_S * round(gap / period)
               for gap in apart)


def _groups(beeps: Sequence[Beep], apart_s: float) -> list[list[Beep]]:
    groups: list[list[Beep]] = []
    for beep in beeps:
        if groups and beep.start_s - groups[-1][-1].end_s <= apart_s:
            groups[-1].append(beep)
        else:
            groups.append([beep])
    return groups


def _silences(audio: Audio, beeps: Sequence[Beep], levels: Sequence[np.ndarray],
              taken: Sequence[Span], voices: Voices | None, spectrum: SpectrumOptions,
              options: BeepOptions) -> list[Span]:
    """The silences around some beeps, those that reach an end of the recording left out."""
    around = AROUND_S
    while True:
        whole = (max(0.0, beeps[0].start_s - around),
                 min(audio.duration_s, beeps[-1].end_s + around))
        spoken = [span for channel in range(audio.channels) for span in _spoken(
            channel, whole, beeps, levels[channel], voices, spectrum, options)]
        talk = [(start - options.onset_s, end) for start, end in _without_blips(union(spoken))]
        silent = subtract([whole], union([*talk, *taken]))
        cut = [s for s in silent if s[0] == whole[0] > 0 or s[1] == whole[1] < audio.duration_s]
        if not any(covered((b.start_s, b.end_s), cut) for b in beeps):
            return [s for s in silent if s[0] > 0 and s[1] < audio.duration_s]
        around *= 2


def _spoken(channel: int, whole: Span, beeps: Sequence[Beep], levels: np.ndarray,
            voices: Voices | None, spectrum: SpectrumOptions, options: BeepOptions) -> list[Span]:
    """What is said in a channel within a span."""
    hop_s = spectrum.hop_s
    if voices is None:
        floor = floor_of(levels) * 10 ** (options.over_db / 10) + 1e-7
        heard = [((a - 0.5) * hop_s + SMEAR_S / 2, (b - 0.5) * hop_s - SMEAR_S / 2)
                 for a, b in runs(levels > floor) if (b - a) * hop_s > SMEAR_S]
        heard = [s for s in union(heard, 0.1) if s[1] > whole[0] and s[0] < whole[1]]
    else:
        heard = voices(channel, *whole)
    loudest = floor_of(levels, 0.95) * 10 ** (-options.quieter_db / 10)
    # what is heard of a beep, some of it after its end
    tones = [(b.start_s - SMEAR_S, b.end_s + 2 * SMEAR_S) for b in beeps]
    return [(start, end) for start, end in heard
            if covered((start, end), union(tones)) < 0.5 * (end - start)
            and np.quantile(levels[round(start / hop_s):round(end / hop_s) + 1], 0.9) >= loudest]


def _without_blips(spans: Sequence[Span]) -> list[Span]:
    return [span for i, span in enumerate(spans)
            if span[1] - span[0] >= BLIP_S
            or (i and span[0] - spans[i - 1][1] < ALONE_S)
            or (i + 1 < len(spans) and spans[i + 1][0] - span[1] < ALONE_S)]
