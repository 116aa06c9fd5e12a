"""Recorded prompts: speech at the opening of a call that nobody said to the caller.

Before the answer there is nobody to talk to. What is said while it still has to ring, or before
keys are pressed, while the other party is silent, is a machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Gt, Interval

from transforms.conversation import Audio, Sound
from transforms.countries import LONGEST_PAUSE_S
from transforms.intervals import Span, clip, covered, subtract, total, union
from transforms.vad import Vad

Speech = Sequence[Sequence[Span]]  # of each channel
NOT_PROMPT = ('ring', 'tone', 'hold', 'ivr')


@dataclass(frozen=True)
class IvrOptions:
    """What tells a prompt.

    Attributes:
      opening_s: prompts are looked for so long into the recording.
      other_max_s: how long the other party speaks at most meanwhile, or it is a conversation.
      prompt_max_s: the most speech before the answer that is prompts,
      mono_max_s: and where the parties are not in channels of their own.
      shared: share of a prompt, 0..1, from which what another channel holds meanwhile is the
        same prompt.
      join_gap_s: pauses up to this are inside a prompt.
      prompt_min_s: a shorter sound is none.
      answered_min_s: the phone system's time of the answer decides, if it is so far into the
        recording.
    """

    opening_s: Annotated[float, Gt(0)]
    other_max_s: Annotated[float, Ge(0)]
    prompt_max_s: Annotated[float, Gt(0)]
    mono_max_s: Annotated[float, Gt(0)]
    shared: Annotated[float, Interval(gt=0, lt=1)]
    join_gap_s: Annotated[float, Ge(0)]
    prompt_min_s: Annotated[float, Ge(0)]
    answered_min_s: Annotated[float, Ge(0)]


def hear_prompts(audio: Audio, sounds: Sequence[Sound], vad: Callable[[], Vad],
                 answered_s: float | None, options: IvrOptions) -> list[Sound]:
    """The prompts before the answer, as ivr/announcement.

    The phone system's word goes first. Else what is said before the last ring of the opening,
    or between two pieces of music there, or before keys are pressed, is a prompt.

    Args:
      sounds: the ringing, tones and music of the recording.
      vad: gives the detector; called only where there may be a prompt.
      answered_s: when the phone system says that the call was answered, None if it does not.
    """
    live = [c for c in range(audio.channels) if audio.samples[c].any()] or [0]

    def spoken(until_s: float) -> list[list[Span]]:
        """What is said in each channel up to an instant."""
        frames = round(until_s * audio.rate)
        return [list(vad().spans(audio.samples[c, :frames], audio.rate, clip(union(
            (s.start_s, s.end_s) for s in sounds
            if s.kind in NOT_PROMPT and s.channel in (None, c)), 0.0, until_s)))
            for c in live]

    def prompts(speech: Speech, why: str, confidence: float) -> list[Sound]:
        return [replace(sound, channel=None if sound.channel is None else live[sound.channel])
                for sound in _prompts(speech, why, confidence, options)]

    if answered_s is not None and options.answered_min_s <= answered_s < audio.duration_s:
        speech = spoken(answered_s)
        return prompts(speech, 'before the phone system says it was answered', 1.0)
    found: list[Sound] = []
    for after_s, until_s, why in _marks(sounds, options):
        speech = spoken(until_s)
        if not _is_recorded(speech, options):
            break
        found = [*(s for s in found if s.end_s <= after_s),
                 *prompts([clip(spans, after_s, until_s) for spans in speech], why, 0.8)]
    return found


def _marks(sounds: Sequence[Sound], options: IvrOptions) -> list[tuple[float, float, str]]:
    """Stretches in which speech would be recorded, (start_s, end_s, why), by their end."""
    early = [s for s in sounds if s.end_s <= options.opening_s]
    out = [(0.0, s.start_s, 'before it rings') for s in _lasts(early)]
    out += [(0.0, s.start_s, 'before keys are pressed') for s in early if s.label == 'dtmf']
    music = sorted((s for s in early if (s.kind, s.label) == ('hold', 'music')),
                   key=lambda s: s.start_s)
    out += [(a.end_s, b.start_s, 'between two pieces of music') for a, b in pairwise(music)
            if a.end_s < b.start_s]
    return sorted(out, key=lambda mark: mark[1])


def _lasts(early: Sequence[Sound]) -> list[Sound]:
    """The last ring of each ringing."""
    rings = sorted((s for s in early if s.kind == 'ring'), key=lambda s: s.start_s)
    return [one for i, one in enumerate(rings)
            if i + 1 == len(rings) or rings[i + 1].start_s - one.end_s > LONGEST_PAUSE_S]


def _is_recorded(speech: Speech, options: IvrOptions) -> bool:
    """Whether one side alone speaks, and no longer than prompts do."""
    main = _main(speech)
    others = [spans for c, spans in enumerate(speech) if c != main]
    mixed = not others or any(spans and _share(spans, speech[main]) >= options.shared
                              for spans in others)
    own = sum(total(subtract(spans, speech[main])) for spans in others)
    return own <= options.other_max_s and total(speech[main]) <= (
        options.mono_max_s if mixed else options.prompt_max_s)


def _share(spans: Sequence[Span], by: Sequence[Span]) -> float:
    return sum(covered(span, by) for span in spans) / max(total(spans), 1e-9)


def _main(speech: Speech) -> int:
    return max(range(len(speech)), key=lambda c: total(speech[c]))


def _prompts(speech: Speech, why: str, confidence: float, options: IvrOptions) -> list[Sound]:
    main = _main(speech)
    both = len(speech) > 1 and all(
        _share(speech[main], spans) >= options.shared for spans in speech)
    return [Sound('ivr', 'announcement', None if both else main, start, end, confidence,
                  f'speech {why}')
            for start, end in union(speech[main], options.join_gap_s)
            if end - start >= options.prompt_min_s]
