"""Ringback: which steady tones are rings, and which rings are one ringing.

Rings are believed in trains: equal bursts in an even cadence. A train also says where its other
rings must be, so that one somebody talks over is found by its lines alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.bursts import Burst, Line, SameOptions, decibels, lines_of
from transforms.conversation import Sound
from transforms.countries import is_known, ringing_in

LEAST_APART_HZ = 15.0  # between the lines of a ring; the closest pair of any country is 16 Hz
MODULATED_HZ = 80.0  # between the side lines of a modulated one; hum has them 100 Hz apart
ASIDE_S = 0.08  # where half a frame may still hold a tone's edge


@dataclass(frozen=True)
class RingOptions:
    """What is a ring, and what makes several of them one ringing.

    Attributes:
      purity: share of the power of a ring, 0..1, that lies in its lines, of one in each train,
      follow_purity: of the others (packets made up for lost ones spread the lines), and
      lone_purity: where no second ring agrees with it, or somebody talks between the two.
      lone_on_min_s: shortest on-time of such a ring.
      quiet_db: how far the line must fall between two rings, median, dB,
      noise_db: unless it falls to so far above its noise (the quietest tenth); a ring is louder.
      on_min_s, on_max_s: on-time of a single ring.
      double_on_min_s, double_on_max_s, double_gap_max_s: on-times and gap of a double ring.
      off_min_s, off_max_s: silence between two rings.
      partial_s: a ring that sounds this early in the recording began before it.
      partial_on_min_s: shortest such ring that counts when nothing follows it.
      covered_share: share of a ring, 0..1, in which its lines must be at their level where it is
        looked for under somebody's talk.
    """

    purity: Annotated[float, Interval(gt=0, lt=1)]
    follow_purity: Annotated[float, Interval(gt=0, lt=1)]
    lone_purity: Annotated[float, Interval(gt=0, lt=1)]
    lone_on_min_s: Annotated[float, Gt(0)]
    quiet_db: Annotated[float, Ge(0)]
    noise_db: Annotated[float, Ge(0)]
    on_min_s: Annotated[float, Gt(0)]
    on_max_s: Annotated[float, Gt(0)]
    double_on_min_s: Annotated[float, Gt(0)]
    double_on_max_s: Annotated[float, Gt(0)]
    double_gap_max_s: Annotated[float, Gt(0)]
    off_min_s: Annotated[float, Gt(0)]
    off_max_s: Annotated[float, Gt(0)]
    partial_s: Annotated[float, Ge(0)]
    partial_on_min_s: Annotated[float, Gt(0)]
    covered_share: Annotated[float, Interval(gt=0, le=1)]


Ring = tuple[Burst, ...]  # one burst, or the two of a double ring


def find_rings(bursts: Sequence[Burst], line: Line, same: SameOptions,
               options: RingOptions) -> list[Sound]:
    """The rings among the steady tones of a channel, in order.

    Args:
      bursts: those between 340 and 500 Hz, in order of start.
    """
    finder = _Finder(line, same, options)
    pure = [burst for burst in bursts if burst.purity >= options.follow_purity
            and burst.dbfs > decibels(line.noise) + options.noise_db]
    trains = finder.complete(finder.trains(finder.pairs(pure)))
    return sorted((sound for train in trains for sound in finder.sounds(train)),
                  key=lambda sound: sound.start_s)


def _has_shape(burst: Burst) -> bool:
    """One line, two well apart, or a modulated one with its two side lines."""
    hz = sorted(burst.lines_hz)
    return (all(b - a >= LEAST_APART_HZ for a, b in pairwise(hz))
            and (len(hz) < 3 or (abs(hz[0] + hz[2] - 2 * hz[1]) <= LEAST_APART_HZ / 2
                                 and hz[2] - hz[0] <= MODULATED_HZ)))


def _start_s(ring: Ring) -> float:
    return ring[0].start_s


def _end_s(ring: Ring) -> float:
    return ring[-1].end_s


def _on_s(ring: Ring) -> float:
    return _end_s(ring) - _start_s(ring)


def _off_s(one: Ring, next_one: Ring) -> float:
    return _start_s(next_one) - _end_s(one)


@dataclass(frozen=True)
class _Finder:
    line: Line
    same: SameOptions
    options: RingOptions

    def pairs(self, bursts: Sequence[Burst]) -> list[Ring]:
        """The bursts as possible rings: two short ones in quick succession are a double ring."""
        rings: list[Ring] = []
        for burst in bursts:
            last = rings[-1] if rings else ()
            if len(last) == 1 and self._is_double(last[0], burst):
                rings[-1] = (last[0], burst)
            else:
                rings.append((burst,))
        return rings

    def _is_double(self, one: Burst, other: Burst) -> bool:
        o = self.options
        return (other.start_s - one.end_s <= o.double_gap_max_s
                and max(one.on_s, other.on_s) <= o.double_on_max_s
                and (one.on_s >= o.double_on_min_s or one.start_s <= o.partial_s)
                and self.same.alike(one, other))

    def _is_whole(self, ring: Ring) -> bool:
        if len(ring) == 2:
            return ring[1].on_s >= self.options.double_on_min_s
        return self.options.on_min_s <= ring[0].on_s <= self.options.on_max_s

    def trains(self, rings: Sequence[Ring]) -> list[list[Ring]]:
        """Rings in one cadence, with enough of them, or pure enough, to be believed."""
        trains: list[list[Ring]] = []
        for ring in rings:
            for train in trains[-3:]:  # a stray burst between two rings must not part them
                if self._follows(train, ring):
                    train.append(ring)
                    break
            else:
                trains.append([ring])
        believed = [train for train in trains if self._is_believed(train)]
        return believed + [train for train in trains if train not in believed and len(train) == 1
                           and any(self._is_another(train[0], known) for known in believed)]

    def _is_another(self, ring: Ring, train: Sequence[Ring]) -> bool:
        """Whether a ring that stands alone is one more of a train (it rings again: a transfer)."""
        own = max(train, key=_on_s)
        return (len(train) > 1 and len(ring) == len(own) and self._is_whole(ring)
                and self.same.alike(ring[0], own[0])
                and self.same.same_time(_on_s(ring), _on_s(own)))

    def _follows(self, train: Sequence[Ring], ring: Ring) -> bool:
        last, off = train[-1], _off_s(train[-1], ring)
        if not (self.options.off_min_s <= off <= self.options.off_max_s
                and self.same.alike(last[-1], ring[0])
                and (self._is_quiet(_end_s(last) + ASIDE_S, _start_s(ring) - ASIDE_S, ring)
                     or (self._stands_alone(last) and self._stands_alone(ring)))):
            return False
        if len(train) > 1 and not self.same.same_time(off, _off_s(train[-2], train[-1])):
            return False
        if len(train) == 1 and self._is_cut_by_start(last, ring):
            return self._is_whole(ring)
        same = len(last) == len(ring) and self.same.same_time(_on_s(last), _on_s(ring))
        return self._is_whole(last) and (same or _on_s(ring) < _on_s(last))

    def _is_cut_by_start(self, first: Ring, then: Ring | None) -> bool:
        """Whether the recording began while this ring sounded (or between its two bursts)."""
        o = self.options
        if _start_s(first) <= o.partial_s:
            return True
        # the first burst may be lost, or too little of it left to be found
        second = len(first) == 1 and first[0].on_s <= o.double_on_max_s
        return (second and _start_s(first) <= o.double_gap_max_s + o.double_on_min_s / 2
                and (then is None or len(then) == 2))

    def _is_believed(self, train: Sequence[Ring]) -> bool:
        if len(train) > 1:
            return any(self._is_whole(ring) and all(
                _has_shape(burst) and burst.purity >= self.options.purity for burst in ring)
                for ring in train)
        ring = train[0]
        if self._is_cut_by_start(ring, None):
            return (self._is_pure(ring)
                    and self.options.partial_on_min_s <= _on_s(ring) <= self.options.on_max_s)
        return self._stands_alone(ring) and self._is_quiet(
            _start_s(ring) - 0.4, _start_s(ring) - ASIDE_S, ring)

    def _stands_alone(self, ring: Ring) -> bool:
        return (self._is_pure(ring) and self._is_whole(ring)
                and _on_s(ring) >= self.options.lone_on_min_s)

    def _is_pure(self, ring: Ring) -> bool:
        return (min(burst.purity for burst in ring) >= self.options.lone_purity
                and is_known(lines_of(ring), self.same.hz))

    def _is_quiet(self, start_s: float, end_s: float, ring: Ring) -> bool:
        """Whether the line falls beside a ring: by enough, or to its own noise."""
        return self.line.dbfs(start_s, end_s) <= max(
            ring[0].dbfs - self.options.quiet_db,
            decibels(self.line.noise) + self.options.noise_db)

    def complete(self, trains: Sequence[list[Ring]]) -> list[list[Ring]]:
        """The trains with the rings that were talked over, and what they explain taken in."""
        out: list[list[Ring]] = []
        for train in sorted(trains, key=len, reverse=True):
            if any(self._explains(other, ring) for other in out for ring in train):
                continue
            out.append(self._with_covered(train) if len(train) > 1 else train)
        return out

    def _explains(self, train: Sequence[Ring], ring: Ring) -> bool:
        """Whether a ring is a piece of one of a train that talk has cut."""
        on_s = max(map(_on_s, train))
        return any(_start_s(ring) < _start_s(own) + on_s and _start_s(own) < _end_s(ring)
                   for own in train)

    def _with_covered(self, train: list[Ring]) -> list[Ring]:
        model = max((ring for ring in train[1:] if self._is_whole(ring)),
                    key=_on_s, default=None)
        if model is None:
            return train
        period_s = float(np.median([_start_s(b) - _start_s(a) for a, b in pairwise(train)]))
        middle_s = [(_start_s(a) + _start_s(b)) / 2 for a, b in pairwise(train)]
        if period_s / 2 - _on_s(model) >= self.options.off_min_s:
            between = [self._covered(model, at_s) for at_s in middle_s]
            if all(between):
                train = sorted([*train, *(ring for ring in between if ring)], key=_start_s)
                period_s /= 2
        for step, end in ((-period_s, 0), (period_s, -1)):
            while (ring := self._covered(model, _start_s(train[end]) + step)) is not None:
                train = [ring, *train] if end == 0 else [*train, ring]
        return train

    def _covered(self, model: Ring, at_s: float) -> Ring | None:
        """A ring like the model that begins at an instant, under talk; None if there is none."""
        shift = at_s - _start_s(model)
        if at_s < 0 or _end_s(model) + shift > self.line.audio.duration_s:
            return None
        for burst in model:
            level = self.line.lines_dbfs(burst.lines_hz, burst.start_s + 0.05,
                                         burst.end_s - 0.05)
            heard = self.line.lines_dbfs(burst.lines_hz, burst.start_s + shift + 0.05,
                                         burst.end_s + shift - 0.05)
            if float(np.mean(np.abs(heard - np.median(level)) <= self.same.db)) \
                    < self.options.covered_share:
                return None
            for start_s, end_s in ((-0.2, -0.1), (burst.on_s + 0.1, burst.on_s + 0.2)):
                beside = self.line.lines_dbfs(burst.lines_hz, burst.start_s + shift + start_s,
                                              burst.start_s + shift + end_s)
                if np.median(beside) > np.median(level) - self.same.db:
                    return None
        return tuple(replace(burst, start_s=burst.start_s + shift, end_s=burst.end_s + shift)
                     for burst in model)

    def sounds(self, train: Sequence[Ring]) -> list[Sound]:
        bursts = [burst for ring in train for burst in ring]
        purity = float(np.mean([burst.purity for burst in bursts]))
        confidence = round(purity * (1 - 0.5 ** (len(train) + 1)), 3)
        hz = '+'.join(f'{f:.0f}' for f in lines_of(bursts))
        pattern = _pattern(train)
        cadence = '/'.join(f'{t:.2f}' for t in pattern)
        names = self._countries(train, pattern)
        evidence = (f'{hz} Hz, {cadence} s on/off'
                    f'{f": {names}" if names else ""}, purity {purity:.2f}')
        sounds = [Sound('ring', 'ringback', self.line.channel, _start_s(ring), _end_s(ring),
                        confidence, evidence) for ring in train]
        if self._is_cut_by_start(train[0], train[1] if len(train) > 1 else None):
            sounds[0] = replace(sounds[0], label='ringback_partial')
        return sounds

    def _countries(self, train: Sequence[Ring], pattern: Sequence[float]) -> str:
        """Who rings with these frequencies and this cadence, '' if nobody or unsure."""
        if len(train) == 1 and not self._is_whole(train[0]):
            return ''
        names = ringing_in(lines_of([burst for ring in train for burst in ring]), pattern,
                           self.same.hz / 2, self.same.same_time)
        return f'{", ".join(names)} or like' if names else ''


def _pattern(train: Sequence[Ring]) -> tuple[float, ...]:
    """On and off times of the train's most complete rings, off last, if known."""
    whole = [ring for ring in train if len(ring) == max(map(len, train))]
    ring = max(whole, key=_on_s)
    on = ((ring[0].on_s, ring[1].start_s - ring[0].end_s, ring[1].on_s) if len(ring) == 2
          else (ring[0].on_s,))
    offs = [_off_s(a, b) for a, b in pairwise(train)]
    return (*on, float(np.median(offs))) if offs else on
