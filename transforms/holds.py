"""Holds: when the caller was parked, by the phone system, hold music, or the agent's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transforms.intervals import Span, covered, intersect, subtract, total, union
from transforms.metadata import Metadata
from transforms.phrases import Match
from transforms.standard import HoldRule
from transforms.talk import Talk
from warehouse.records import AGENT, Event, Turn

SOURCES = {'metadata': 'metadata', 'music': 'audio', 'beeps': 'audio', 'zero': 'audio',
           'announced': 'words'}
PLAYED = ('music', 'beeps', 'zero')  # of two joined, the first in this order names the hold


@dataclass(frozen=True)
class Hold:
    """One hold. `label` is metadata, music, beeps, zero or announced; `speaker` in whose lane it
    sounds, None for both or neither."""

    label: str
    start_s: float
    end_s: float
    confidence: float | None
    evidence: str | None
    speaker: str | None = None


def heard_holds(heard: Sequence[Event], announced: Sequence[Span], agent: Talk, caller: Talk,
                ivr: Sequence[Span], answer_s: float | None, rule: HoldRule) -> tuple[Hold, ...]:
    """The holds by ear, in order and disjoint: music, beeps and digital silence after the answer,
    in which the agent does not speak, and announced silence that holds none of them.

    Args:
      heard: hold events as heard: labels music, beeps and zero.
      announced: what `announced_silences` found.
      agent, caller: their talk, announcements excluded.
      ivr: announcements; one between two pieces of music joins them.
    """
    sounding = [] if answer_s is None else _sounding(heard, agent, caller, ivr, answer_s, rule)
    spans = [(hold.start_s, hold.end_s) for hold in sounding]
    silent = [Hold('announced', start, end, 0.8, 'announced by the agent')
              for start, end in announced
              if end - start >= rule.announced_min_s and not intersect([(start, end)], spans)]
    return tuple(sorted([*sounding, *silent], key=lambda hold: hold.start_s))


def told_holds(metadata: Metadata, heard: Sequence[Hold], duration_s: float) -> tuple[Hold, ...]:
    """The holds that the phone system names, in order and disjoint, each with what was heard."""
    given = [(max(0.0, start), min(end, duration_s)) for start, end in metadata.holds
             if start is not None and end is not None]
    out: list[Span] = []
    for start, end in sorted(span for span in given if span[0] < span[1]):
        if out and start < out[-1][1]:  # two of its legs tell of one wait
            out[-1] = out[-1][0], max(end, out[-1][1])
        else:
            out.append((start, end))
    return tuple(Hold('metadata', *span, 1.0, _compared(span, heard)) for span in out)


def _compared(given: Span, by_ear: Sequence[Hold]) -> str:
    """What was heard where the phone system says that the caller was parked."""
    heard = [hold for hold in by_ear if hold.label in PLAYED
             and hold.start_s < given[1] and hold.end_s > given[0]]
    if not heard:
        return 'the phone system says so; not heard'
    spans = ', '.join(f'{h.label} from {h.start_s:.1f} to {h.end_s:.1f} s' for h in heard)
    known = total([(h.start_s, h.end_s) for h in heard])
    return f'the phone system says so; heard as {spans} ({known - (given[1] - given[0]):+.1f} s)'


def announced_silences(turns: Sequence[Turn], matches: Sequence[Match], agent: Talk, caller: Talk,
                       duration_s: float, rule: HoldRule, floor_s: float) -> tuple[Span, ...]:
    """The silences that the agent announced, however short.

    One begins at the end of the last word before it: the agent's, or the caller's answer where
    that ends within `announced_after_s` of the agent's turn. It ends at the agent's next sound,
    or where the caller takes the floor (speaks for `floor_s` or more).
    """
    said = {match.first_word for match in matches
            if match.category in rule.announced_by and match.speaker == AGENT}
    if not said:
        return ()
    ends = [match.start_s for match in matches if match.first_word in said]
    out: list[Span] = []
    for turn in turns:
        if turn.speaker != AGENT or turn.is_backchannel \
                or not any(turn.start_s <= at <= turn.end_s for at in ends):
            continue
        # A pause inside the turn may be the wait: agents go on in the same breath after 3 s.
        after = max(at for at in ends if turn.start_s <= at <= turn.end_s)
        span = _wait_after(after, turn.end_s, agent, caller, duration_s, rule, floor_s)
        if span and (not out or span[0] >= out[-1][1]):
            out.append(span)
    return tuple(out)


def _wait_after(said_s: float, turn_end_s: float, agent: Talk, caller: Talk, duration_s: float,
                rule: HoldRule, floor_s: float) -> Span | None:
    spoken = [(low, high) for low, high in agent.speech if said_s <= high <= turn_end_s]
    if not spoken:
        return None
    # What is taken for speech between the last word and the next may be the line's noise.
    worded = [span for span in spoken if agent.words.between(*span)]
    start = (worded or spoken)[-1][1]
    if worded:
        start = min(start, agent.words.end_s[agent.words.between(*worded[-1])[-1]])
    until = next((low for low, high in agent.ipus if low >= start and (
        agent.words.between(low, high) or high - low >= (
            rule.unworded_min_s if worded else rule.sound_min_s))), duration_s)
    limit = start + rule.announced_after_s
    for low, high in caller.ipus:
        if high <= start or low >= until:
            continue
        if high <= limit:
            start = high
        elif low <= start or high - low >= floor_s:
            until = low
            break
    return (start, until) if until > start else None


def _sounding(heard: Sequence[Event], agent: Talk, caller: Talk, ivr: Sequence[Span],
              answer_s: float, rule: HoldRule) -> list[Hold]:
    """Music, beeps and digital silence as holds: without the agent's speech, pieces joined."""
    speaking = [ipu for ipu in agent.ipus if ipu[1] - ipu[0] >= rule.agent_min_s]
    parked = _parked(heard, union([*agent.speech, *caller.speech]), ivr, rule)
    pieces = [Hold(event.label, start, end, event.confidence, event.evidence, event.speaker)
              for event in sorted(parked, key=lambda event: event.start_s)
              for start, end in subtract([(max(event.start_s, answer_s), event.end_s)], speaking)
              if end - start >= rule.agent_min_s]
    out: list[Hold] = []
    for piece in pieces:
        if out and _one_wait(out[-1], piece, speaking, ivr, rule):
            out[-1] = _both(out[-1], piece)
        else:
            out.append(piece)
    return [hold for hold in out
            if hold.label != 'zero' or hold.end_s - hold.start_s >= rule.zero_min_s]


def _parked(heard: Sequence[Event], talk: Sequence[Span], ivr: Sequence[Span],
            rule: HoldRule) -> list[Event]:
    """The sounds but music that the conversation goes on over: a radio in the background."""
    out = [event for event in heard if event.label != 'music']
    chain: list[Event] = []
    for event in [*sorted((e for e in heard if e.label == 'music'), key=lambda e: (
            e.speaker or '', e.start_s)), None]:
        if chain and (event is None or event.speaker != chain[-1].speaker
                      or event.start_s - chain[-1].end_s > rule.background_gap_s):
            span = (chain[0].start_s, max(e.end_s for e in chain))
            talked = covered(span, subtract(talk, union(ivr)))
            if talked <= rule.background_share * (span[1] - span[0]):
                out += chain
            chain = []
        if event is not None:
            chain.append(event)
    return out


def _one_wait(before: Hold, after: Hold, speaking: Sequence[Span], ivr: Sequence[Span],
              rule: HoldRule) -> bool:
    between = [(before.end_s, after.start_s)]
    if before.end_s >= after.start_s:
        return True
    return total(subtract(between, ivr)) < rule.join_gap_s and not intersect(between, speaking)


def _both(before: Hold, after: Hold) -> Hold:
    known = [c for c in (before.confidence, after.confidence) if c is not None]
    return Hold(min(before.label, after.label, key=PLAYED.index),
                before.start_s, max(before.end_s, after.end_s), min(known, default=None),
                'pieces joined', before.speaker if before.speaker == after.speaker else None)
