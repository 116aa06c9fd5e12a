"""Beeps in an otherwise silent line: how some phone systems tell a parked caller to wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.conversation import Audio, Sound
from transforms.intervals import Span, covered, subtract, union
from transforms.spectrum import SpectrumOptions, floor_of, runs

SPEECH_HZ = (300.0, 3400.0)
SMEAR_S = 0.06  # by which a spectrum's window widens a sound


@dataclass(frozen=True)
class BeepOptions:
    """When beeps park a caller.

    Attributes:
      min_s, max_s: length of a beep.
      purity: share of its power that lies in one line, 0..1.
      count: so many at least,
      apart_min_s, apart_max_s: with so much silence between two of them.
      over_db: what stands out of the noise so far is no silence.
      hold_min_s: shortest silence with beeps that is a hold.
    """

    min_s: Annotated[float, Gt(0)]
    max_s: Annotated[float, Gt(0)]
    purity: Annotated[float, Interval(gt=0, lt=1)]
    count: Annotated[int, Ge(2)]
    apart_min_s: Annotated[float, Gt(0)]
    apart_max_s: Annotated[float, Gt(0)]
    over_db: Annotated[float, Ge(0)]
    hold_min_s: Annotated[float, Gt(0)]


def find_beeping(audio: Audio, levels: Sequence[np.ndarray], taken: Sequence[Span],
                 spectrum: SpectrumOptions, options: BeepOptions) -> list[Sound]:
    """The silences of all channels that hold beeps and nothing else, from sound to sound.

    Args:
      levels: of each channel, power of the speech band, a value a spectrum frame.
      taken: what is known to be ringing or music.
    """
    duration_s = audio.duration_s
    sounding = [_sounding(level, spectrum, options) for level in levels]
    found: list[Sound] = []
    for channel, spans in enumerate(sounding):
        beeps = [span for span in spans if not covered(span, taken)
                 and options.min_s <= span[1] - span[0] <= options.max_s
                 and _purity(audio, channel, span) >= options.purity]
        # a beep in both channels is no sound beside itself
        rest = union([*taken, *(s for other in sounding for s in other)])
        rest = [s for s in rest if covered(s, beeps) < 0.5 * (s[1] - s[0])]
        for start, end in subtract([(0.0, duration_s)], rest):
            inside = [b for b in beeps if start <= b[0] and b[1] <= end]
            chain = _chain(inside, options)
            if start > 0 and end < duration_s and chain and end - start >= options.hold_min_s:
                found.append(Sound('hold', 'music', channel, start, end, 0.7,
                                   f'{len(inside)} beeps in a silent line'))
    return found


def _chain(beeps: Sequence[Span], options: BeepOptions) -> bool:
    apart = [b[0] - a[1] for a, b in pairwise(beeps)]
    return (len(beeps) >= options.count
            and all(options.apart_min_s <= gap <= options.apart_max_s for gap in apart))


def _sounding(levels: np.ndarray, spectrum: SpectrumOptions, options: BeepOptions) -> list[Span]:
    """What stands out of the channel's noise."""
    floor = floor_of(levels) * 10 ** (options.over_db / 10) + 1e-7
    hop_s = spectrum.hop_s
    spans = union([((a - 0.5) * hop_s + SMEAR_S / 2, (b - 0.5) * hop_s - SMEAR_S / 2)
                   for a, b in runs(levels > floor) if (b - a) * hop_s > SMEAR_S], 0.1)
    return [(max(0.0, a), b) for a, b in spans]


def _purity(audio: Audio, channel: int, span: Span) -> float:
    """The share of a sound's power in its strongest line."""
    x = audio.window(channel, span[0] + SMEAR_S / 2, span[1] - SMEAR_S / 2)
    if len(x) < 64:
        return 0.0
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    hz = audio.rate / len(x)
    power = power[round(SPEECH_HZ[0] / hz):round(SPEECH_HZ[1] / hz)]
    at = int(np.argmax(power))
    return float(power[max(0, at - 2):at + 3].sum() / (power.sum() + 1e-12))
