"""What machines say to each other on a line: keys, beeps, fax, dial tone, the operator's tones.

None of them is speech. Which keys were pressed is never told, only how many: they may be a card
number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.bursts import (
    SWING_S,
    Burst,
    BurstOptions,
    Line,
    find_bursts,
    lines_of,
    swings,
    with_lines,
)
from transforms.conversation import Sound
from transforms.spectrum import SpectrumOptions, runs

ROWS_HZ, COLUMNS_HZ = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0, 1633.0)  # ITU-T Q.23
LOW_KEY_HZ, HIGH_KEY_HZ = (670.0, 970.0), (1170.0, 1670.0)
BEEP_HZ = (880.0, 2200.0)  # also of fax and of the special information tone
SIT_HZ = (950.0, 1400.0, 1800.0)  # ITU-T E.180; 914 to 985, 1371 to 1429 and 1777 in America
CNG_HZ, CED_HZ = 1100.0, 2100.0  # ITU-T T.30
RECORDING_HZ = (1400.0, 950.0)
DIAL_HZ = ((350.0, 440.0), (400.0, 450.0), (425.0,), (400.0,), (440.0,), (450.0,), (425.0, 450.0))
SIT_OFF_HZ = 40.0
LOBE_HZ = 28.0  # to either side of a line in the spectrum of a frame


@dataclass(frozen=True)
class SignalOptions:
    """What makes these tones.

    Attributes:
      purity: share of the power, 0..1, that lies in a beep's line, or a key's two.
      within: how far a line may be off its frequency, as a share of it.
      quiet_db: how far the line is down just before and after a beep.
      beep_min_s, beep_max_s: duration of a beep.
      key_min_s, key_join_s: shortest key press; presses closer than this are told as one.
      key_twist_db: largest difference between the two lines of a key.
      key_evenness: least loudness inside a key press, as a share of the loud parts, 0..1.
      sit_min_s: shortest special information tone, all three of its parts.
      cng_min_s, cng_max_s: duration of a fax machine's call.
      ced_min_s: shortest answer of a fax machine.
      dial_min_s: shortest dial tone; longer than any ring.
    """

    purity: Annotated[float, Interval(gt=0, lt=1)]
    within: Annotated[float, Interval(gt=0, lt=0.1)]
    quiet_db: Annotated[float, Ge(0)]
    beep_min_s: Annotated[float, Gt(0)]
    beep_max_s: Annotated[float, Gt(0)]
    key_min_s: Annotated[float, Gt(0)]
    key_join_s: Annotated[float, Ge(0)]
    key_twist_db: Annotated[float, Gt(0)]
    key_evenness: Annotated[float, Interval(ge=0, lt=1)]
    sit_min_s: Annotated[float, Gt(0)]
    cng_min_s: Annotated[float, Gt(0)]
    cng_max_s: Annotated[float, Gt(0)]
    ced_min_s: Annotated[float, Gt(0)]
    dial_min_s: Annotated[float, Gt(0)]


def signal_features(power: np.ndarray, spectrum: SpectrumOptions) -> np.ndarray:
    """Of each frame the power of the strongest line at beep pitch, and of both groups of keys."""
    band = power[:, spectrum.bins(*BEEP_HZ)]
    width = 2 * round(LOBE_HZ / spectrum.bin_hz) + 1
    summed = np.cumsum(band, axis=1, dtype=np.float64)
    line = np.max(summed[:, width:] - summed[:, :-width], axis=1)
    groups = [power[:, spectrum.bins(*group)].sum(axis=1) for group in (LOW_KEY_HZ, HIGH_KEY_HZ)]
    return np.stack([line.astype(np.float32), *groups], axis=1)


def find_signals(line: Line, features: np.ndarray, long_tones: Sequence[Burst],
                 bursts: BurstOptions, options: SignalOptions) -> list[Sound]:
    """Keys, beeps, special information, fax and dial tones of a channel.

    Args:
      features: what `signal_features` gave for all its frames.
      long_tones: the steady tones at ringing pitch.
    """
    found = _keys(line, features[:, 1], features[:, 2], bursts, options)
    for burst in find_bursts(line, features[:, 0], BEEP_HZ, options.purity, options.beep_min_s,
                             bursts):
        label = _label(burst, line, options)
        if label is not None:
            found.append(_sound(label, burst, line))
    found += [_sound('dial_tone', burst, line) for burst in long_tones
              if burst.on_s >= options.dial_min_s and burst.purity >= options.purity
              and any(_is_near(lines_of([burst]), hz, options) for hz in DIAL_HZ)]
    return found


def _label(burst: Burst, line: Line, options: SignalOptions) -> str | None:
    """What a steady tone at beep pitch is, None if nothing known."""
    hz = lines_of([burst])
    if burst.on_s >= options.sit_min_s and _is_sit(burst, line):
        return 'sit'
    if burst.purity < options.purity or len(hz) > 1:
        return None
    if _is_near(hz, (CED_HZ,), options) and burst.on_s >= options.ced_min_s:
        return 'fax_answer'
    if not (options.beep_min_s <= burst.on_s <= options.beep_max_s and _stands_out(
            burst, line, options)):
        return None
    if (_is_near(hz, (CNG_HZ,), options)
            and options.cng_min_s <= burst.on_s <= options.cng_max_s):
        return 'fax_call'
    if any(_is_near(hz, (known,), options) for known in RECORDING_HZ):
        return 'record_beep'
    return 'beep'


def _is_sit(burst: Burst, line: Line) -> bool:
    """Whether the burst goes up in three steps."""
    third = burst.on_s / 3
    steps = [with_lines(line, burst.start_s + (k + 0.2) * third, burst.start_s + (k + 0.8) * third,
                        burst.dbfs, BEEP_HZ).lines_hz for k in range(3)]
    return all(abs(hz[0] - known) <= SIT_OFF_HZ for hz, known in zip(steps, SIT_HZ, strict=True))


def _is_near(hz: Sequence[float], known: Sequence[float], options: SignalOptions) -> bool:
    return len(hz) == len(known) and all(
        abs(a - b) <= options.within * b for a, b in zip(hz, known, strict=True))


def _stands_out(burst: Burst, line: Line, options: SignalOptions) -> bool:
    """Whether it is quiet on both sides: a tune's note and a voice's formant go on."""
    sides = (line.dbfs(burst.start_s - 0.2, burst.start_s - 0.1),
             line.dbfs(burst.end_s + 0.1, burst.end_s + 0.2))
    return max(sides) <= burst.dbfs - options.quiet_db


def _keys(line: Line, low: np.ndarray, high: np.ndarray, bursts: BurstOptions,
          options: SignalOptions) -> list[Sound]:
    least = 2.0 / (1.0 + 10.0 ** (options.key_twist_db / 10.0))  # of a key's power, in both
    both = 2.0 * np.minimum(low, high)
    dialled = ((both > least * options.purity * line.speech)
               & (both > 10.0 ** (bursts.min_dbfs / 10.0)))
    presses = [press for first, last in runs(dialled)
               for press in _presses(line, (first - 2) * line.hop_s, (last + 2) * line.hop_s,
                                     options)]
    groups: list[list[Burst]] = []
    for press in presses:
        if groups and press.start_s - groups[-1][-1].end_s <= options.key_join_s:
            groups[-1].append(press)
        else:
            groups.append([press])
    # a lone one amid speech is a vowel
    groups = [group for group in groups
              if len(group) > 1 or _stands_out(group[0], line, options)]
    return [Sound('tone', 'dtmf', line.channel, group[0].start_s, group[-1].end_s,
                  round(float(np.mean([press.purity for press in group])), 3),
                  f'{len(group)} keys pressed' if len(group) > 1 else '1 key pressed')
            for group in groups]


def _presses(line: Line, start_s: float, end_s: float, options: SignalOptions) -> list[Burst]:
    """The keys pressed between two instants: a frame is longer than a press and its pause."""
    start_s = max(0.0, start_s)
    swing = swings(line.audio.window(line.channel, start_s, end_s), line.audio.rate)
    if not len(swing):
        return []
    loud = swing > options.key_evenness * float(np.quantile(swing, 0.9))
    found = []
    for first, last in runs(loud):
        at_s, until_s = start_s + first * SWING_S, start_s + last * SWING_S
        if until_s - at_s < options.key_min_s - SWING_S / 2:
            continue
        press = with_lines(line, at_s, until_s, line.dbfs(at_s, until_s),
                           (LOW_KEY_HZ[0], HIGH_KEY_HZ[1]))
        if press.purity >= options.purity and _is_key(lines_of([press]), options):
            found.append(press)
    return found


def _is_key(hz: Sequence[float], options: SignalOptions) -> bool:
    return len(hz) == 2 and any(_is_near(hz, (row, column), options)
                                for row in ROWS_HZ for column in COLUMNS_HZ)


def _sound(label: str, burst: Burst, line: Line) -> Sound:
    hz = '+'.join(f'{f:.0f}' for f in lines_of([burst]))
    return Sound('tone', label, line.channel, burst.start_s, burst.end_s, round(burst.purity, 3),
                 f'{hz} Hz for {burst.on_s:.2f} s')
