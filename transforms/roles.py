"""Roles: which lane is the agent's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, NamedTuple

from annotated_types import Ge, Gt, Interval

from transforms.conversation import Lane, Reference
from transforms.errors import CallError
from warehouse.records import Words

MANIFEST, CONFIG, PHRASES, FIRST = 'manifest', 'config', 'phrases', 'first_speaker'
CERTAIN = 1.0  # what the manifest says is not doubted


@dataclass(frozen=True)
class RoleOptions:
    """How the agent's lane is guessed where nobody says which it is.

    Attributes:
      opening_s: seconds from the call's first speech that are its opening.
      opening_margin: by how much one lane's opening score has to be above the other's.
      together_s: two parties that start within so much of each other start together.
      config_confidence: of a default agent channel, 0..1: a batch may hold swapped ones.
      phrases_confidence: of opening phrases at the least margin; 1 - (1 - this) / (1 + what
        the margin is above the least) beyond it.
      first_confidence: of "who answers is the agent" on a call known to be inbound, 0..1.
      unknown_direction_confidence: the same where the direction is not known.
      outbound_confidence: of "who is called answers first, the agent second".
      together_confidence: of any of the three where both start together.
    """

    opening_s: Annotated[float, Gt(0)]
    opening_margin: Annotated[float, Ge(0)]
    together_s: Annotated[float, Ge(0)]
    config_confidence: Annotated[float, Interval(ge=0, le=1)]
    phrases_confidence: Annotated[float, Interval(ge=0, le=1)]
    first_confidence: Annotated[float, Interval(ge=0, le=1)]
    unknown_direction_confidence: Annotated[float, Interval(ge=0, le=1)]
    outbound_confidence: Annotated[float, Interval(ge=0, le=1)]
    together_confidence: Annotated[float, Interval(ge=0, le=1)]


class Role(NamedTuple):
    """The agent's lane, an index into the lanes, None without lanes or where none speaks."""

    lane: int | None
    source: str | None  # manifest | config | phrases | first_speaker
    confidence: float | None  # 0..1


def tell_agent(lanes: Sequence[Lane], ref: Reference, default_agent_channel: int | None,
               opening: Callable[[Words], float] | None, trusted: bool,
               options: RoleOptions) -> Role:
    """Which lane is the agent's.

    In this order: what the manifest says of the channels (a pair of files is agent, caller);
    the configured default channel; who opens like an agent, where the words are to be believed;
    who speaks first. On an inbound call the agent answers and speaks first. On an outbound one
    the person called answers ("hello?") and the agent speaks second. An unknown direction is
    taken as inbound, with less confidence.

    Args:
      lanes: two, or none; ringing and announcements are not in them.
      default_agent_channel: 0-based; None if the config names none.
      opening: how much words sound like an agent's opening; 0 not at all, 1 as one clear
        opening phrase does, more for more. None where there are no phrases for the language.
      trusted: whether the words are to be believed (`transcript_trust` ok, or phrases that the
        engine is known to hear).

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
    return _by_order(lanes, ref.direction, options)


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


def _by_order(lanes: Sequence[Lane], direction: str | None, options: RoleOptions) -> Role:
    starts = [lane.speech[0][0] if lane.speech else float('inf') for lane in lanes]
    if min(starts) == float('inf'):
        return Role(None, None, None)
    first = starts.index(min(starts))
    if direction == 'outbound':
        lane, confidence = 1 - first, options.outbound_confidence
    elif direction == 'inbound':
        lane, confidence = first, options.first_confidence
    else:
        lane, confidence = first, options.unknown_direction_confidence
    if abs(starts[0] - starts[1]) < options.together_s:
        confidence = min(confidence, options.together_confidence)
    return Role(lane, FIRST, confidence)
