"""Every second of a call in exactly one class, and the silences worth naming."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transforms.intervals import Span, clip, covered, intersect, subtract, total, union
from transforms.standard import SilenceRule, Standard
from transforms.talk import Talk

CLASSES = ('hold', 'ivr', 'ring', 'overlap', 'agent_only', 'caller_only', 'dead_air', 'gap',
           'pause')


class Silence(NamedTuple):
    """Both are silent. `label`: gap (then the other speaks), pause (the same goes on), leading
    (before the conversation) or trailing (after it)."""

    label: str
    start_s: float
    end_s: float
    is_announced: bool
    is_dead_air: bool
    evidence: str


@dataclass(frozen=True)
class Timeline:
    """The seconds in each of CLASSES, which sum to the recording, and the silences in order."""

    seconds: dict[str, float]
    silences: tuple[Silence, ...]
    talks: tuple[Talk, Talk]  # agent, caller: outside holds, announcements and ringing

    @property
    def longest_s(self) -> float:
        """The longest silence of the conversation itself."""
        return max((s.end_s - s.start_s for s in self.silences
                    if s.label in ('gap', 'pause')), default=0.0)

    @property
    def trailing_s(self) -> float:
        return sum(s.end_s - s.start_s for s in self.silences if s.label == 'trailing')


def draw_timeline(duration_s: float, hold: Sequence[Span], ivr: Sequence[Span],
                  ring: Sequence[Span], talks: tuple[Talk, Talk],
                  signals: Mapping[str, Sequence[Span]], announced: Sequence[Span],
                  answer_s: float | None, standard: Standard) -> Timeline:
    """Sorts a recording's seconds: hold goes before ivr, ivr before ring, ring before speech.

    What is left is silence. From `bad_s` on it is dead air between the answer and the last word,
    unless the agent announced it; before and after the conversation it is a pause.

    Args:
      talks: agent's and caller's.
      signals: listening signals, which do not change the speaker.
    """
    whole = [(0.0, duration_s)]
    holds = clip(union(hold), 0.0, duration_s)
    announcements = subtract(clip(union(ivr), 0.0, duration_s), holds)
    taken = union([*holds, *announcements])
    rings = subtract(clip(union(ring), 0.0, duration_s), taken)
    taken = union([*taken, *rings])
    # Voice activity may reach beyond the last sample by the length of a frame.
    outside = [*taken, (duration_s, float('inf'))]
    agent, caller = (talk.without(outside, standard.turns) for talk in talks)
    lanes = [talk.speech for talk in (agent, caller)]
    silent = subtract(whole, union([*taken, *lanes[0], *lanes[1]]))
    silences = _named(silent, lanes, (agent, caller), signals, announced, answer_s,
                      standard.silence)
    by_label = dict.fromkeys(('dead_air', 'gap', 'pause'), 0.0)
    for silence in silences:
        label = 'dead_air' if silence.is_dead_air else \
            'gap' if silence.label == 'gap' else 'pause'
        by_label[label] += silence.end_s - silence.start_s
    seconds = {
        'hold': total(holds), 'ivr': total(announcements), 'ring': total(rings),
        'overlap': total(intersect(*lanes)), 'agent_only': total(subtract(*lanes)),
        'caller_only': total(subtract(lanes[1], lanes[0])), **by_label,
    }
    return Timeline(seconds, silences, (agent, caller))


def _named(silent: Sequence[Span], lanes: Sequence[Sequence[Span]], talks: Sequence[Talk],
           signals: Mapping[str, Sequence[Span]], announced: Sequence[Span],
           answer_s: float | None, rule: SilenceRule) -> tuple[Silence, ...]:
    spoken = [span for lane in lanes for span in lane]
    first = min((start for start, _ in spoken), default=float('inf'))
    last = max((end for _, end in spoken), default=float('-inf'))
    begins = first if answer_s is None else min(first, answer_s)
    floors = [subtract(lane, signals.get(talk.speaker, ()))
              for lane, talk in zip(lanes, talks, strict=True)]
    names = [talk.speaker for talk in talks]
    starts = [[start for start, _ in floor] for floor in floors]
    ends = [[end for _, end in floor] for floor in floors]
    out: list[Silence] = []
    for start, end in _cut(silent, begins):
        if start >= last:
            label, why = 'trailing', 'after the last word'
        elif end <= begins:
            label, why = 'leading', 'before the conversation'
        else:
            before, after = _before(ends, start, names), _after(starts, end, names)
            label = 'gap' if before and after and before != after else 'pause'
            why = f'{before or "nobody"}, then {after or "nobody"}'
        told = bool(announced) and covered((start, end), announced) > (end - start) / 2
        dead = label in ('gap', 'pause') and end - start >= rule.bad_s and not told
        out.append(Silence(label, start, end, told, dead, why))
    return tuple(out)


def _cut(silent: Sequence[Span], at_s: float) -> list[Span]:
    return [part for start, end in silent
            for part in ([(start, at_s), (at_s, end)] if start < at_s < end else [(start, end)])]


def _before(ends: Sequence[Sequence[float]], at_s: float, names: Sequence[str]) -> str | None:
    """Who spoke last before an instant; None if nobody or both at once."""
    one, other = (lane[i - 1] if (i := bisect_right(lane, at_s)) else float('-inf')
                  for lane in ends)
    return None if one == other else names[one < other]


def _after(starts: Sequence[Sequence[float]], at_s: float, names: Sequence[str]) -> str | None:
    """Who spoke first after an instant; None if nobody or both at once."""
    one, other = (lane[i] if (i := bisect_left(lane, at_s)) < len(lane) else float('inf')
                  for lane in starts)
    return None if one == other else names[one > other]
