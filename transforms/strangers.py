"""Who speaks in a call and is neither party, told by voice: in a mono call, and between two pieces
of hold music.

A recorded prompt has a voice of its own, and one that is not heard again; what was taken for a
prompt by where it stands, and is said in the voice of a party, is talk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.conversation import Audio, Lane, Sound
from transforms.intervals import Span, subtract, union
from transforms.vad import Vad

Ear = Callable[[np.ndarray, int, Sequence[Span]], np.ndarray]
NEAREST = 3  # a voice is as like a party's as it is like so many stretches of it, at best
JOIN_S = 0.3  # pauses inside a stretch of a prompt
OPENING = 8  # stretches of a call that may be a prompt


@dataclass(frozen=True)
class StrangerOptions:
    """How voices are told from each other: by the cosine of two, 1 where they are the same.

    Attributes:
      stretch_s: of one voice alone at least, to know it by,
      heard_s: of which at most so much is heard,
      stretches: in so many places of a call at most.
      alike: likeness from which a prompt is a party's talk.
      unlike: likeness to the parties' later talk up to which the opening is a prompt.
    """

    stretch_s: Annotated[float, Gt(0)]
    heard_s: Annotated[float, Gt(0)]
    stretches: Annotated[int, Ge(2 * OPENING)]
    alike: Annotated[float, Interval(gt=0, lt=1)]
    unlike: Annotated[float, Interval(gt=0, lt=1)]


@dataclass(frozen=True, eq=False)
class Parties:
    """The stretches in which a party speaks alone, by start, and the voice (n, 256) of each."""

    stretches: tuple[Span, ...]
    voices: np.ndarray


def parties_of(audio: Audio, lanes: Sequence[Lane], ear: Ear,
               options: StrangerOptions) -> Parties:
    """The parties' voices in the opening, and evenly over the rest of the call."""
    one, two = (lane.speech for lane in lanes)
    alone = sorted(span for span in (*subtract(one, two), *subtract(two, one))
                   if span[1] - span[0] >= options.stretch_s)
    if len(alone) > options.stretches:
        later = np.linspace(OPENING, len(alone) - 1, options.stretches - OPENING).round()
        alone = [*alone[:OPENING], *(alone[i] for i in later.astype(int))]
    return Parties(tuple(alone), _heard(audio, lanes[0].channel, alone, ear, options))


def talk_among(prompts: Sequence[Sound], audio: Audio, parties: Parties, vad: Vad, ear: Ear,
               options: StrangerOptions) -> list[Sound]:
    """Those of the prompts in which a party speaks."""
    out = []
    for prompt in prompts:
        channel = prompt.channel or 0
        first, last = (round(t * audio.rate) for t in (prompt.start_s, prompt.end_s))
        said = [(prompt.start_s + a, prompt.start_s + b) for a, b in union(
            vad.spans(audio.samples[channel, first:last], audio.rate), JOIN_S)
            if b - a >= options.stretch_s]
        voices = _heard(audio, channel, said, ear, options)
        if any(_likeness(voice, parties.voices) >= options.alike for voice in voices):
            out.append(prompt)
    return out


def opening_prompt(parties: Parties, options: StrangerOptions) -> Span | None:
    """From the start to the end of what is said first in a voice that is not heard afterwards."""
    # What comes after a prompt is longer, or a first agent who handed over would pass for one.
    for count in range(min(OPENING, len(parties.stretches) // 3), 0, -1):
        later = parties.voices[count:]
        if all(_likeness(voice, later) <= options.unlike for voice in parties.voices[:count]):
            return parties.stretches[0][0], parties.stretches[count - 1][1]
    return None


def without(lanes: Sequence[Lane], prompt: Span) -> tuple[Lane, ...]:
    """The lanes without what was said up to the end of a prompt."""
    out = []
    for lane in lanes:
        kept = [i for i, span in enumerate(lane.speech) if span[1] > prompt[1]]
        out.append(replace(lane, speech=tuple((max(lane.speech[i][0], prompt[1]),
                                               lane.speech[i][1]) for i in kept),
                           voices=tuple(lane.voices[i] for i in kept) if lane.voices else ()))
    return tuple(out)


def _likeness(voice: np.ndarray, pool: np.ndarray) -> float:
    return float(np.sort(pool @ voice)[-NEAREST:].mean()) if len(pool) else 0.0


def _heard(audio: Audio, channel: int, spans: Sequence[Span], ear: Ear,
           options: StrangerOptions) -> np.ndarray:
    """The voice in each span, of its middle where it is long."""
    middles = [(a + b) / 2 for a, b in spans]
    reach = options.heard_s / 2
    return ear(audio.samples[channel], audio.rate,
               [(max(a, at - reach), min(b, at + reach))
                for (a, b), at in zip(spans, middles, strict=True)])
