"""Roles: which lane is the agent's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from math import exp, log
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.conversation import Lane, Reference, Sound
from transforms.errors import CallError
from transforms.intervals import Span, covered, total, union
from transforms.lanes import handovers
from warehouse.records import Words

MANIFEST, CONFIG, PHRASES, FIRST, HOLDS = 'manifest', 'config', 'phrases', 'first_speaker', 'holds'
CERTAIN = 1.0  # what the manifest says is not doubted
Clue = tuple[int, float]  # a lane, and how sure it is that it is the agent's


@dataclass(frozen=True)
class RoleOptions:
    """How the agent's lane is guessed where nobody says which it is.

    Attributes:
      opening_s: seconds from the call's first speech that are its opening.
      opening_margin: by how much one lane's opening score has to be above the other's.
      together_s: two parties that start within so much of each other start together.
      hello_s: a first turn of at most so much speech is the "hello?" of one who was called or
        connected, if the other goes on
      answer_s: within so many seconds, and
      greeting_s: speaks for at least so long: an agent's greeting. A first turn of that length
        is one too.
      click_s: shorter speech, after which nobody speaks for longer than `answer_s`, is a click of
        the line and opens nothing.
      config_confidence: of a default agent channel, 0..1: a batch may hold swapped ones.
      phrases_confidence: of opening phrases at the least margin; 1 - (1 - this) / (1 + what
        the margin is above the least) beyond it.
      hello_confidence: of the one who went on after a hello.
      greeting_confidence: of the one who greeted first, on calls not known to be outbound.
      first_confidence: of "who answers is the agent" on a call known to be inbound, where the
        opening has neither a hello nor a greeting, 0..1.
      unknown_direction_confidence: the same where the direction is not known.
      outbound_confidence: the same for "who is called answers first, the agent second"; and of
        one who greets first on an outbound call, who may be a company that was called.
      together_confidence: of any where both start together.
      handover_s: with less speech before it a ring is not a transfer's: the call is not answered
        yet, and what seems to be said before it opens nothing.
      turn_s: a turn beside a hold or a ring has so much speech at least, without a pause,
      near_s: and begins, or ends, within so many seconds of a hold, which lasts
      hold_s: so long at least, or begins
      answered_s: within so many seconds of a transfer's ring.
      returns_confidence: of who speaks first after a hold.
      parks_confidence: of who speaks last before one.
      transfer_confidence: of who speaks first after a transfer's rings.
      most_confidence: of all that points to one lane, at most. How the call opens, each hold and
        each transfer are taken as independent: their log odds add up.
    """

    opening_s: Annotated[float, Gt(0)]
    opening_margin: Annotated[float, Ge(0)]
    together_s: Annotated[float, Ge(0)]
    hello_s: Annotated[float, Gt(0)]
    answer_s: Annotated[float, Gt(0)]
    greeting_s: Annotated[float, Gt(0)]
    click_s: Annotated[float, Ge(0)]
    config_confidence: Annotated[float, Interval(ge=0, le=1)]
    phrases_confidence: Annotated[float, Interval(ge=0, le=1)]
    hello_confidence: Annotated[float, Interval(ge=0, le=1)]
    greeting_confidence: Annotated[float, Interval(ge=0, le=1)]
    first_confidence: Annotated[float, Interval(ge=0, le=1)]
    unknown_direction_confidence: Annotated[float, Interval(ge=0, le=1)]
    outbound_confidence: Annotated[float, Interval(ge=0, le=1)]
    together_confidence: Annotated[float, Interval(ge=0, le=1)]
    handover_s: Annotated[float, Ge(0)]
    turn_s: Annotated[float, Gt(0)]
    near_s: Annotated[float, Gt(0)]
    hold_s: Annotated[float, Ge(0)]
    answered_s: Annotated[float, Gt(0)]
    returns_confidence: Annotated[float, Interval(gt=0, lt=1)]
    parks_confidence: Annotated[float, Interval(gt=0, lt=1)]
    transfer_confidence: Annotated[float, Interval(gt=0, lt=1)]
    most_confidence: Annotated[float, Interval(gt=0.5, lt=1)]


class Role(NamedTuple):
    """The agent's lane, an index into the lanes, None without lanes or where none speaks."""

    lane: int | None
    source: str | None  # manifest | config | phrases | first_speaker | holds
    confidence: float | None  # 0..1


def tell_agent(lanes: Sequence[Lane], ref: Reference, default_agent_channel: int | None,
               opening: Callable[[Words], float] | None, trusted: bool,
               options: RoleOptions, sounds: Sequence[Sound] = ()) -> Role:
    """Which lane is the agent's.

    In this order: what the manifest says of the channels (a pair of files is agent, caller);
    the configured default channel; who opens like an agent, where the words are to be believed;
    how the call opens. A short first turn that the other answers at length was a "hello?", a
    long one was the agent's greeting. In between, the one who answers is the agent on an inbound
    call, and on an outbound one the person called, the agent speaking second. An unknown
    direction is taken as inbound, with less confidence. To how the call opens comes who parks
    the other: the agent is mostly the last to speak before a hold and nearly always the first
    after it, and answers after a transfer's rings.

    Args:
      lanes: two, or none; ringing and announcements are not in them.
      default_agent_channel: 0-based; None if the config names none.
      opening: how much words sound like an agent's opening; 0 not at all, 1 as one clear
        opening phrase does, more for more. None where there are no phrases for the language.
      trusted: whether the words are to be believed (`transcript_trust` ok, or phrases that the
        engine is known to hear).
      sounds: ringing and holds.

    Raises CallError for a channel that the recording has not.
    """
    if len(lanes) != 2:
        return Role(None, None, None)
    by_channel = lanes[0].channel != lanes[1].channel
    if by_channel and ref.agent_audio_uri:
        return Role(_lane_of(lanes, 0, ref), MANIFEST, CERTAIN)
    if by_channel and ref.agent_channel is not None:
        return Role(_lane_of(lanes, ref.agent_channel, ref), MANIFEST, CERTAIN)
    if by_channel and default_agent_channel is not None:
        lane = _lane_of(lanes, default_agent_channel, ref)
        return Role(lane, CONFIG, options.config_confidence)
    if opening is not None and trusted:
        role = _by_phrases(lanes, opening, options)
        if role is not None:
            return role
    return _by_course(lanes, ref.direction, sounds, options)


def words_until(words: Words, end_s: float) -> Words:
    """The words that start before an instant; those without a time go with the one before."""
    count, keep = len(words), 0
    for i in range(count):
        start = words.start_s[i]
        if start is not None and start >= end_s:
            break
        keep = i + 1
    return Words(**{f.name: getattr(words, f.name)[:keep] for f in fields(Words)})


def _lane_of(lanes: Sequence[Lane], channel: int, ref: Reference) -> int:
    for i, lane in enumerate(lanes):
        if lane.channel == channel:
            return i
    raise CallError(f'{ref.source_uri} has channels 0 and 1, and agent_channel is {channel}',
                    way_out='give 0 or 1 as agent_channel, or leave it out',
                    field='agent_channel', value=str(channel))


def _by_phrases(lanes: Sequence[Lane], opening: Callable[[Words], float],
                options: RoleOptions) -> Role | None:
    starts = [lane.speech[0][0] for lane in lanes if lane.speech]
    if not starts:
        return None
    end_s = min(starts) + options.opening_s
    scores = [opening(words_until(lane.words, end_s)) for lane in lanes]
    beyond = abs(scores[0] - scores[1]) - options.opening_margin
    if beyond < 0 or scores[0] == scores[1]:
        return None
    doubt = (1 - options.phrases_confidence) / (1 + beyond)
    return Role(scores.index(max(scores)), PHRASES, 1 - doubt)


def _by_course(lanes: Sequence[Lane], direction: str | None, sounds: Sequence[Sound],
               options: RoleOptions) -> Role:
    spoken = [lane.speech for lane in lanes]
    transfers = handovers(sounds, union(s for speech in spoken for s in speech),
                          options.handover_s)
    rings = [s for s in sounds if s.kind == 'ring' and s.start_s < min(transfers, default=np.inf)]
    opened = _by_order(lanes, max((s.end_s for s in rings), default=0.0), direction, options)
    if opened is None:
        return Role(None, None, None)
    clues = [opened, *_by_holds(spoken, sounds, options),
             *_by_transfers(spoken, sounds, transfers, options)]
    if len(clues) == 1:
        return Role(opened[0], FIRST, opened[1])
    # Whoever opened is the agent by so many log odds, with all that is known.
    first, odds, most = opened[0], 0.0, options.most_confidence
    for lane, confidence in clues:
        bounded = min(max(confidence, 1 - most), most)
        odds += (1 if lane == first else -1) * log(bounded / (1 - bounded))
    confidence = min(most, 1 / (1 + exp(-abs(odds))))
    return Role(first, FIRST, confidence) if odds >= 0 else Role(1 - first, HOLDS, confidence)


def _by_holds(spoken: Sequence[Sequence[Span]], sounds: Sequence[Sound],
              options: RoleOptions) -> list[Clue]:
    out = []
    for start, end in union((s.start_s, s.end_s) for s in sounds if s.kind == 'hold'):
        near = options.near_s
        for lane, confidence in ((_after(spoken, end, near, options), options.returns_confidence),
                                 (_before(spoken, start, near, options),
                                  options.parks_confidence)):
            if lane is not None and end - start >= options.hold_s:
                out.append((lane, confidence))
    return out


def _by_transfers(spoken: Sequence[Sequence[Span]], sounds: Sequence[Sound],
                  transfers: Sequence[float], options: RoleOptions) -> list[Clue]:
    out = []
    for at, following in pairwise([*transfers, np.inf]):
        rung = max(s.end_s for s in sounds if s.kind == 'ring' and at <= s.start_s < following)
        lane = _after(spoken, rung, options.answered_s, options)
        if lane is not None:
            out.append((lane, options.transfer_confidence))
    return out


def _after(spoken: Sequence[Sequence[Span]], at_s: float, near_s: float,
           options: RoleOptions) -> int | None:
    """Who speaks first after an instant."""
    starts = [min((a for a, b in speech if b - a >= options.turn_s
                   and at_s - options.together_s <= a <= at_s + near_s), default=np.inf)
              for speech in spoken]
    return None if starts[0] == starts[1] else int(starts[1] < starts[0])


def _before(spoken: Sequence[Sequence[Span]], at_s: float, near_s: float,
            options: RoleOptions) -> int | None:
    """Who speaks last before an instant."""
    mirrored = [[(-b, -a) for a, b in speech] for speech in spoken]
    return _after(mirrored, -at_s, near_s, options)


def _by_order(lanes: Sequence[Lane], rung_s: float, direction: str | None,
              options: RoleOptions) -> Clue | None:
    # What one says wholly within the other's talk opens nothing; in mono it may be no one.
    spoken = [[s for s in lane.speech if covered(s, other.speech) < s[1] - s[0]]
              or list(lane.speech) for lane, other in (lanes, lanes[::-1])]
    answered = [[s for s in speech if s[1] > rung_s] for speech in spoken]
    spoken = answered if any(answered) else spoken
    spoken = _without_clicks(spoken, options)
    starts = [speech[0][0] if speech else np.inf for speech in spoken]
    if min(starts) == np.inf:
        return None
    first = starts.index(min(starts))
    lane, confidence = _by_opening(spoken, first, direction, options)
    if abs(starts[0] - starts[1]) < options.together_s:
        confidence = min(confidence, options.together_confidence)
    return lane, confidence


def _without_clicks(spoken: Sequence[Sequence[Span]],
                    options: RoleOptions) -> list[list[Span]]:
    """The speech without what comes first, is over at once and is followed by a long silence."""
    everything = union(s for speech in spoken for s in speech)
    clicks = 0
    while (clicks + 1 < len(everything)
           and everything[clicks][1] - everything[clicks][0] < options.click_s
           and everything[clicks + 1][0] - everything[clicks][1] > options.answer_s):
        clicks += 1
    start = everything[clicks][0] if everything else 0.0
    return [[s for s in speech if s[0] >= start] for speech in spoken]


def _by_opening(spoken: Sequence[Sequence[Span]], first: int, direction: str | None,
                options: RoleOptions) -> tuple[int, float]:
    one, two = spoken[first], spoken[1 - first]
    turn = [s for s in one if not two or s[0] < two[0][0]]
    if total(turn) >= options.greeting_s:
        return first, (options.outbound_confidence if direction == 'outbound'
                       else options.greeting_confidence)
    if two and total(turn) <= options.hello_s and two[0][0] - turn[-1][1] <= options.answer_s:
        back = next((s[0] for s in one if s[0] > two[0][0]), float('inf'))
        if total(s for s in two if s[0] < back) >= options.greeting_s:
            return 1 - first, options.hello_confidence
    if direction == 'outbound':
        return 1 - first, options.outbound_confidence
    return first, (options.first_confidence if direction == 'inbound'
                   else options.unknown_direction_confidence)
