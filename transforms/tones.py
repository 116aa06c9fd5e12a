"""Call-progress tones: ringing, busy, congestion and the record-warning beep, of any country.

No table of countries decides anything: a ring is a steady tone of 0.6 to 2.6 s (or two short
ones in quick succession) between 340 and 500 Hz, with a second or more of quiet before the
next; busy is four or more equal bursts less than a second apart. The table only names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.bursts import SPEECH_HZ, Burst, BurstOptions, Line, find_bursts
from transforms.conversation import Audio, Sound
from transforms.spectrum import SpectrumOptions

TONE_HZ = (330.0, 660.0)  # ringing and the second tone of the American busy signal
RING_TOP_HZ = 510.0  # 93 % of the world's ringing entries lie in 340-500 Hz
BEEP_HZ = (1370.0, 1430.0)

# Ringing by frequencies and cadence (on, off, on, off ... seconds), from the public call-progress
# tables (ITU-T E.180 supplement 2 and what exchanges of today send).
RINGING: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...] = (
    ('US, Canada', (440, 480), (2, 4)),
    ('Korea, Taiwan', (440, 480), (1, 2)),
    ('UK, New Zealand', (400, 450), (.4, .2, .4, 2)),
    ('Hong Kong', (440, 480), (.4, .2, .4, 3)),
    ('Singapore', (401, 449), (.4, .2, .4, 2)),
    ('India', (375, 425), (.4, .2, .4, 2)),
    ('Australia', (413, 438), (.4, .2, .4, 2)),
    ('Australia', (383, 417), (.4, .2, .4, 2)),
    ('South Africa', (367, 400, 433), (.4, .2, .4, 2)),
    ('Malaysia', (425,), (.4, .2, .4, 2)),
    ('Japan', (384, 416), (1, 2)),
    ('Japan', (384, 400, 416), (1, 2)),
    ('China', (450,), (1, 4)),
    ('Indonesia, much of Europe and Latin America', (425,), (1, 4)),
    ('Belgium', (425,), (1, 3)),
    ('Sweden, Portugal', (425,), (1, 5)),
    ('Thailand', (400,), (1, 4)),
    ('Thailand, Austria', (420,), (1, 5)),
    ('Philippines', (425, 480), (1, 4)),
    ('France', (440,), (1.5, 3.5)),
    ('Spain', (425,), (1.5, 3)),
    ('Hungary', (425,), (1.25, 3.75)),
    ('Turkey', (450,), (2, 4)),
    ('Israel', (400, 440), (1, 3)),
    ('Saudi Arabia', (425,), (1.2, 4.6)),
    ('Egypt', (375, 475), (2, 1)),
    ('Russia', (425,), (.8, 3.2)),
)


@dataclass(frozen=True)
class ToneOptions:
    """Thresholds of the tone rules; levels are of the band 200-3400 Hz.

    Attributes:
      bursts: what makes a steady tone at all.
      frame_purity: share of a frame's power that lies in the tone band, 0..1, from which the
        frame may belong to a burst.
      purity: share of a burst's power that lies in at most three spectral lines, 0..1.
      lone_purity: the same for a ring that has no second ring to agree with.
      burst_min_s: shortest burst, and shortest beginning of a ring that the answer cut off.
      same_hz, same_db: how far bursts of one signal may differ in frequency and in level.
      same_time: how far on-times, and off-times, of one signal may differ, as a share...
      same_time_s: ...and at least this many seconds.
      quiet_db: how far the line must fall between two rings, median, dB.
      ring_on_min_s, ring_on_max_s: on-time of a single ring.
      lone_on_min_s: shortest on-time of a ring that stands alone.
      double_on_min_s, double_on_max_s, double_gap_max_s: on-times and gap of a double ring.
      ring_off_min_s, ring_off_max_s: silence between two rings.
      partial_s: a ring that sounds this early in the recording began before it.
      partial_on_min_s: shortest such ring that counts when nothing follows it.
      busy_bursts, busy_on_max_s, busy_off_max_s, busy_jitter_s: how many bursts make a busy
        signal, how long they and their gaps are at most, their largest standard deviation.
      congestion_on_max_s: bursts up to this long are congestion (reorder), longer ones busy.
      beep_purity, beep_min_s, beep_max_s: share of power at 1400 Hz, and duration, of the
        record-warning beep.
    """

    bursts: BurstOptions
    frame_purity: Annotated[float, Interval(gt=0, lt=1)]
    purity: Annotated[float, Interval(gt=0, lt=1)]
    lone_purity: Annotated[float, Interval(gt=0, lt=1)]
    burst_min_s: Annotated[float, Gt(0)]
    same_hz: Annotated[float, Gt(0)]
    same_db: Annotated[float, Gt(0)]
    same_time: Annotated[float, Interval(gt=0, lt=1)]
    same_time_s: Annotated[float, Gt(0)]
    quiet_db: Annotated[float, Ge(0)]
    ring_on_min_s: Annotated[float, Gt(0)]
    ring_on_max_s: Annotated[float, Gt(0)]
    lone_on_min_s: Annotated[float, Gt(0)]
    double_on_min_s: Annotated[float, Gt(0)]
    double_on_max_s: Annotated[float, Gt(0)]
    double_gap_max_s: Annotated[float, Gt(0)]
    ring_off_min_s: Annotated[float, Gt(0)]
    ring_off_max_s: Annotated[float, Gt(0)]
    partial_s: Annotated[float, Ge(0)]
    partial_on_min_s: Annotated[float, Gt(0)]
    busy_bursts: Annotated[int, Ge(3)]
    busy_on_max_s: Annotated[float, Gt(0)]
    busy_off_max_s: Annotated[float, Gt(0)]
    busy_jitter_s: Annotated[float, Gt(0)]
    congestion_on_max_s: Annotated[float, Gt(0)]
    beep_purity: Annotated[float, Interval(gt=0, lt=1)]
    beep_min_s: Annotated[float, Gt(0)]
    beep_max_s: Annotated[float, Gt(0)]


Ring = tuple[Burst, ...]  # one burst, or the two of a double ring


def tone_features(power: np.ndarray, spectrum: SpectrumOptions) -> np.ndarray:
    """Of each frame the power in the speech, tone and beep bands: shape (frames, 3)."""
    return np.stack([power[:, spectrum.bins(*band)].sum(axis=1)
                     for band in (SPEECH_HZ, TONE_HZ, BEEP_HZ)], axis=1)


def find_tones(audio: Audio, channel: int, features: np.ndarray, spectrum: SpectrumOptions,
               options: ToneOptions) -> list[Sound]:
    """The rings, busy signals and beeps of a channel, in order of start.

    Args:
      features: what `tone_features` gave for all its frames.
    """
    speech, hop_s = features[:, 0], spectrum.hop_s
    line = Line(audio, channel, speech, hop_s)
    bursts = find_bursts(line, features[:, 1], TONE_HZ, options.frame_purity, options.burst_min_s,
                         options.bursts)
    bursts = [b for b in bursts if b.purity >= options.purity]
    busy, rest = _busy(bursts, options)
    found = [_busy_sound(chain, channel, options) for chain in busy]
    rest = [b for b in rest if max(b.lines_hz) <= RING_TOP_HZ]
    for train in _trains(_pair(rest, options), line, options):
        found += _ring_sounds(train, channel, options)
    beeps = find_bursts(line, features[:, 2], BEEP_HZ, options.beep_purity, options.beep_min_s,
                        options.bursts)
    found += [Sound('tone', 'record_beep', channel, b.start_s, b.end_s, b.purity,
                    f'{b.lines_hz[0]:.0f} Hz for {b.on_s:.2f} s') for b in beeps
              if options.beep_min_s <= b.on_s <= options.beep_max_s
              and b.purity >= options.beep_purity]
    return sorted(found, key=lambda sound: sound.start_s)


def _alike(a: Burst, b: Burst, options: ToneOptions) -> bool:
    """Whether the strongest line of each is in the other, and the levels agree."""
    return (all(any(abs(x.lines_hz[0] - hz) <= options.same_hz for hz in y.lines_hz)
                for x, y in ((a, b), (b, a)))
            and abs(a.dbfs - b.dbfs) <= options.same_db)


def _same_time(a: float, b: float, options: ToneOptions) -> bool:
    return abs(a - b) <= max(options.same_time_s, options.same_time * max(a, b))


def _busy(bursts: Sequence[Burst],
          options: ToneOptions) -> tuple[list[list[Burst]], list[Burst]]:
    """Chains of equal bursts less than a second apart, and the bursts that are in none."""
    chains: list[list[Burst]] = []
    for burst in bursts:
        last = chains[-1][-1] if chains else None
        if (last and burst.start_s - last.end_s <= options.busy_off_max_s
                and _alike(last, burst, options)):
            chains[-1].append(burst)
        else:
            chains.append([burst])
    busy = [chain for chain in chains if _is_busy(chain, options)]
    return busy, [b for chain in chains if not _is_busy(chain, options) for b in chain]


def _is_busy(chain: Sequence[Burst], options: ToneOptions) -> bool:
    if len(chain) < options.busy_bursts:
        return False
    on = [b.on_s for b in chain[1:-1]]  # the first and the last may be cut
    off = [b.start_s - a.end_s for a, b in pairwise(chain)]
    return (max(on) <= options.busy_on_max_s and float(np.std(on)) <= options.busy_jitter_s
            and float(np.std(off)) <= options.busy_jitter_s)


def _busy_sound(chain: Sequence[Burst], channel: int, options: ToneOptions) -> Sound:
    on = float(np.median([b.on_s for b in chain]))
    off = float(np.median([b.start_s - a.end_s for a, b in pairwise(chain)]))
    label = 'congestion' if on <= options.congestion_on_max_s else 'busy'
    confidence = float(np.mean([b.purity for b in chain])) * (1 - 0.5 ** len(chain))
    return Sound('tone', label, channel, chain[0].start_s, chain[-1].end_s, round(confidence, 3),
                 f'{_hz(chain)}, {len(chain)} bursts, {on:.2f} s on, {off:.2f} s off')


def _pair(bursts: Sequence[Burst], options: ToneOptions) -> list[Ring]:
    """The bursts as possible rings: two short ones in quick succession are one double ring."""
    rings: list[Ring] = []
    for burst in bursts:
        last = rings[-1] if rings else ()
        if (len(last) == 1 and burst.start_s - last[0].end_s <= options.double_gap_max_s
                and max(last[0].on_s, burst.on_s) <= options.double_on_max_s
                and (last[0].on_s >= options.double_on_min_s
                     or last[0].start_s <= options.partial_s)
                and _alike(last[0], burst, options)):
            rings[-1] = (last[0], burst)
        else:
            rings.append((burst,))
    return rings


def _on_s(ring: Ring) -> float:
    return ring[-1].end_s - ring[0].start_s


def _is_whole(ring: Ring, options: ToneOptions) -> bool:
    if len(ring) == 2:
        return ring[1].on_s >= options.double_on_min_s
    return options.ring_on_min_s <= ring[0].on_s <= options.ring_on_max_s


def _trains(rings: Sequence[Ring], line: Line, options: ToneOptions) -> list[list[Ring]]:
    """Rings in the cadence of one ringing, with enough of them, or pure enough, to be believed."""
    trains: list[list[Ring]] = []
    for ring in rings:
        for train in trains[-3:]:  # a stray burst between two rings must not part them
            if _follows(train, ring, line, options):
                train.append(ring)
                break
        else:
            trains.append([ring])
    return [train for train in trains if _believed(train, line, options)]


def _follows(train: Sequence[Ring], ring: Ring, line: Line, options: ToneOptions) -> bool:
    last = train[-1]
    off = ring[0].start_s - last[-1].end_s
    if not (options.ring_off_min_s <= off <= options.ring_off_max_s
            and _alike(last[-1], ring[0], options)
            and line.dbfs(last[-1].end_s + 0.08, ring[0].start_s - 0.08)
            <= ring[0].dbfs - options.quiet_db):
        return False
    if len(train) > 1 and not _same_time(off, train[-1][0].start_s - train[-2][-1].end_s, options):
        return False
    if len(train) == 1 and _cut_by_start(last, ring, options):
        return _is_whole(ring, options)
    same = len(last) == len(ring) and _same_time(_on_s(last), _on_s(ring), options)
    return _is_whole(last, options) and (same or _on_s(ring) < _on_s(last))


def _cut_by_start(first: Ring, then: Ring | None, options: ToneOptions) -> bool:
    """Whether the recording began while this ring was sounding (or between its two bursts)."""
    if first[0].start_s <= options.partial_s:
        return True
    # the first burst may be lost, or too little of it left to be found
    second = len(first) == 1 and first[0].on_s <= options.double_on_max_s
    return (second and first[0].start_s <= options.double_gap_max_s + options.burst_min_s
            and (then is None or len(then) == 2))


def _believed(train: Sequence[Ring], line: Line, options: ToneOptions) -> bool:
    if len(train) > 1:
        return any(_is_whole(ring, options) for ring in train)
    ring = train[0]
    if min(b.purity for b in ring) < options.lone_purity:
        return False
    if _cut_by_start(ring, None, options):
        return options.partial_on_min_s <= _on_s(ring) <= options.ring_on_max_s
    before = line.dbfs(ring[0].start_s - 0.4, ring[0].start_s - 0.08)
    return (_is_whole(ring, options) and _on_s(ring) >= options.lone_on_min_s
            and before <= ring[0].dbfs - options.quiet_db)


def _ring_sounds(train: Sequence[Ring], channel: int, options: ToneOptions) -> list[Sound]:
    bursts = [b for ring in train for b in ring]
    purity = float(np.mean([b.purity for b in bursts]))
    confidence = round(purity * (1 - 0.5 ** (len(train) + 1)), 3)
    evidence = f'{_hz(bursts)}, {_cadence(train)}, purity {purity:.2f}'
    names = _countries(train, options)
    sounds = [Sound('ring', 'ringback', channel, ring[0].start_s, ring[-1].end_s, confidence,
                    evidence + (f' ({names})' if names else '')) for ring in train]
    if _cut_by_start(train[0], train[1] if len(train) > 1 else None, options):
        sounds[0] = replace(sounds[0], label='ringback_partial')
    return sounds


def _lines(bursts: Sequence[Burst]) -> tuple[float, ...]:
    """The lines of the purest burst of the most usual number of lines, lowest first."""
    counts = [len(b.lines_hz) for b in bursts]
    usual = max(set(counts), key=counts.count)
    best = max((b for b in bursts if len(b.lines_hz) == usual), key=lambda b: b.purity)
    return tuple(sorted(best.lines_hz))


def _hz(bursts: Sequence[Burst]) -> str:
    return '+'.join(f'{f:.0f}' for f in _lines(bursts)) + ' Hz'


def _pattern(train: Sequence[Ring]) -> tuple[float, ...]:
    """On and off times of the train's most complete rings, as in RINGING; off last, if known."""
    whole = [ring for ring in train if len(ring) == max(map(len, train))]
    ring = max(whole, key=_on_s)
    on = ((ring[0].on_s, ring[1].start_s - ring[0].end_s, ring[1].on_s) if len(ring) == 2
          else (ring[0].on_s,))
    offs = [b[0].start_s - a[-1].end_s for a, b in pairwise(train)]
    return (*on, float(np.median(offs))) if offs else on


def _cadence(train: Sequence[Ring]) -> str:
    return '/'.join(f'{t:.2f}' for t in _pattern(train)) + ' s on/off'


def _countries(train: Sequence[Ring], options: ToneOptions) -> str:
    """The countries whose ringing has these frequencies and this cadence, '' if none or unsure."""
    lines, pattern = _lines([b for ring in train for b in ring]), _pattern(train)
    if len(train) == 1:
        return ''
    names = [name for name, hz, cadence in RINGING
             if len(hz) == len(lines) and len(cadence) == len(pattern)
             and all(abs(a - b) <= options.same_hz / 2 for a, b in zip(hz, lines, strict=True))
             and all(_same_time(a, b, options) for a, b in zip(cadence, pattern, strict=True))]
    return '; '.join(dict.fromkeys(names))
