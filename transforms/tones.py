"""Call-progress tones: ringing, busy and congestion of any country, and what machines send.

No table of countries decides what rings in a row are: a ring is a steady tone of 0.6 to 2.6 s
(or two short ones in quick succession) between 340 and 500 Hz, with a second or more before the
next; busy is four or more equal bursts less than a second apart. The table names them, and vouches
for a ring that stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.bursts import (
    SPEECH_HZ,
    Burst,
    BurstOptions,
    Line,
    SameOptions,
    find_bursts,
    lines_of,
)
from transforms.conversation import Audio, Sound
from transforms.ringback import RingOptions, find_rings
from transforms.signalling import SignalOptions, find_signals, signal_features
from transforms.spectrum import SpectrumOptions

TONE_HZ = (330.0, 660.0)  # ringing and the second tone of the American busy signal
RING_TOP_HZ = 510.0  # 93 % of the world's ringing entries lie in 340-500 Hz
PROGRESS = ('ringback', 'ringback_partial', 'busy', 'congestion', 'dtmf')  # never music


@dataclass(frozen=True)
class BusyOptions:
    """What makes a busy signal.

    Attributes:
      bursts: how many it has at least.
      on_max_s, off_max_s: how long they and their gaps are at most.
      jitter_s: the largest standard deviation of either.
      congestion_on_max_s: bursts up to this long are congestion (reorder), longer ones busy.
    """

    bursts: Annotated[int, Ge(3)]
    on_max_s: Annotated[float, Gt(0)]
    off_max_s: Annotated[float, Gt(0)]
    jitter_s: Annotated[float, Gt(0)]
    congestion_on_max_s: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class ToneOptions:
    """Thresholds of the tone rules; levels are of the band 200-3400 Hz.

    Attributes:
      bursts: what makes a steady tone at all.
      same: how far the bursts of one signal may differ.
      frame_purity: share of a frame's power that lies in the tone band, 0..1, from which the
        frame may belong to a burst.
      purity: share of the power of a busy signal's burst that lies in at most three spectral
        lines, 0..1.
      burst_min_s: shortest burst, and shortest beginning of a ring that the answer cut off.
      rings: what makes ringing.
      busy: what makes a busy signal.
      signals: keys, beeps, fax, dial tone.
    """

    bursts: BurstOptions
    same: SameOptions
    frame_purity: Annotated[float, Interval(gt=0, lt=1)]
    purity: Annotated[float, Interval(gt=0, lt=1)]
    burst_min_s: Annotated[float, Gt(0)]
    rings: RingOptions
    busy: BusyOptions
    signals: SignalOptions


def tone_features(power: np.ndarray, spectrum: SpectrumOptions) -> np.ndarray:
    """What the tone rules need of each frame; the first column is the power of the speech band."""
    bands = [power[:, spectrum.bins(*band)].sum(axis=1) for band in (SPEECH_HZ, TONE_HZ)]
    return np.column_stack([*bands, signal_features(power, spectrum)])


def find_tones(audio: Audio, channel: int, features: np.ndarray, spectrum: SpectrumOptions,
               options: ToneOptions) -> list[Sound]:
    """The rings, busy signals and machines' tones of a channel, in order of start.

    Args:
      features: what `tone_features` gave for all its frames.
    """
    speech = features[:, 0]
    line = Line(audio, channel, speech, spectrum.hop_s, float(np.quantile(speech, 0.1)))
    bursts = find_bursts(line, features[:, 1], TONE_HZ, options.frame_purity, options.burst_min_s,
                         options.bursts)
    busy = _busy([burst for burst in bursts if burst.purity >= options.purity], options)
    taken = {burst.start_s for chain in busy for burst in chain}
    rest = [burst for burst in bursts
            if burst.start_s not in taken and max(burst.lines_hz) <= RING_TOP_HZ]
    found = [_busy_sound(chain, channel, options.busy) for chain in busy]
    found += find_rings(rest, line, options.same, options.rings)
    # short tones are found amid speech, whose pauses are no measure of noise
    found += find_signals(replace(line, noise=0.0), features[:, 2:], rest, options.bursts,
                          options.signals)
    return sorted(found, key=lambda sound: sound.start_s)


def _busy(bursts: Sequence[Burst], options: ToneOptions) -> list[list[Burst]]:
    """Chains of equal bursts less than a second apart."""
    chains: list[list[Burst]] = []
    for burst in bursts:
        last = chains[-1][-1] if chains else None
        if (last and burst.start_s - last.end_s <= options.busy.off_max_s
                and options.same.alike(last, burst)):
            chains[-1].append(burst)
        else:
            chains.append([burst])
    return [chain for chain in chains if _is_busy(chain, options.busy)]


def _is_busy(chain: Sequence[Burst], options: BusyOptions) -> bool:
    if len(chain) < options.bursts:
        return False
    on = [burst.on_s for burst in chain[1:-1]]  # the first and the last may be cut
    off = [b.start_s - a.end_s for a, b in pairwise(chain)]
    return (max(on) <= options.on_max_s and float(np.std(on)) <= options.jitter_s
            and float(np.std(off)) <= options.jitter_s)


def _busy_sound(chain: Sequence[Burst], channel: int, options: BusyOptions) -> Sound:
    on = float(np.median([burst.on_s for burst in chain]))
    off = float(np.median([b.start_s - a.end_s for a, b in pairwise(chain)]))
    label = 'congestion' if on <= options.congestion_on_max_s else 'busy'
    confidence = float(np.mean([burst.purity for burst in chain])) * (1 - 0.5 ** len(chain))
    hz = '+'.join(f'{f:.0f}' for f in lines_of(chain))
    return Sound('tone', label, channel, chain[0].start_s, chain[-1].end_s, round(confidence, 3),
                 f'{hz} Hz, {len(chain)} bursts, {on:.2f} s on, {off:.2f} s off')
