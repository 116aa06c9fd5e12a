"""Turns: what a party says until the other takes the floor, and listening signals beside them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from statistics import fmean
from types import MappingProxyType
from typing import TypeVar

import numpy as np

from transforms.conversation import Lane
from transforms.intervals import Span, covered, union
from transforms.lexicon import Lexicon
from transforms.phrases import Matcher, matcher_of
from transforms.standard import OverlapRule, Standard
from transforms.talk import (
    FULL,
    NONE,
    LaneWords,
    Talk,
    goes_on,
    make_talk,
    run_at,
    trust_of,
)
from warehouse.records import AGENT, CALLER, Event, Turn, Words

NO_SPACES = frozenset({'ja', 'zh'})  # languages whose words are characters
_RANK = {AGENT: 0, CALLER: 1}

Value = TypeVar('Value')
Loudness = Callable[[Span], float | None]


def build_turns(agent: Lane, caller: Lane, standard: Standard, lexicon: Lexicon | Matcher, *,
                transcriber: str, transcript_trust: str,
                loudness: Mapping[str, Loudness] = MappingProxyType({}),
                ) -> tuple[tuple[Turn, ...], Words]:
    """The turns of a call in order, and its words with their turn and speaker.

    Speech is voice activity and, where the transcript is to be believed, words. A turn ends when
    the other takes the floor or after a pause longer than `turns.pause_s`; a listening signal is a
    turn of its own that ends nobody's. Words in nobody's turn (leaked in from the other party,
    heard in noise) have turn -1. Levels and pitch are not known here.

    Args:
      transcriber, transcript_trust: as in `calls`: they say how far the words can be believed.
      loudness: of each party, as for `find_signals`.
    """
    matcher = lexicon if isinstance(lexicon, Matcher) else matcher_of(lexicon)
    trust = trust_of(transcriber, transcript_trust)
    talks = [_talk(AGENT, agent, trust, standard), _talk(CALLER, caller, trust, standard)]
    signals = [find_signals(x, y, standard, matcher, trust, loudness.get(x.speaker, _unknown))
               for x, y in (talks, reversed(talks))]
    spans = _turn_spans(talks, signals, standard)
    words = _placed([agent, caller], spans, standard.turns.word_reach_s)
    return _with_text(spans, words, matcher.lexicon.language), words


def _unknown(span: Span) -> float | None:
    return None


def speech_events(agent: Lane, caller: Lane,
                  evidence: Mapping[str, Mapping[Span, str]] = MappingProxyType({}),
                  ) -> tuple[Event, ...]:
    """The `speech` events of a call: voice activity as it is, and bleed, labelled so.

    Where a party has several voices the label says whose it is: agent_1, agent_2 ...
    `evidence` is of each party's spans, where there is any.
    """
    rows = [(start, end, _RANK[speaker], speaker, label)
            for speaker, lane in ((AGENT, agent), (CALLER, caller))
            for labels, spans in (([f'{speaker}_{voice}' for voice in lane.voices]
                                   or [''] * len(lane.speech), lane.speech),
                                  (['bleed'] * len(lane.bleed), lane.bleed))
            for label, (start, end) in zip(labels, spans, strict=True)]
    return tuple(Event(i, 'speech', label, speaker, start, end,
                       evidence=evidence.get(speaker, {}).get((start, end)))
                 for i, (start, end, _, speaker, label) in enumerate(sorted(rows)))


def timed_words(words: Words, index: Sequence[int]) -> tuple[LaneWords, list[bool]]:
    """The words of these indices that have a time, sorted, and which of those were measured."""
    at = np.array(index, dtype=np.intp)
    start, end = words.arrays.start_s[at], words.arrays.end_s[at]
    at = at[~np.isnan(start + end)]
    if not len(at):
        return LaneWords(), []
    at = at[np.lexsort((at, words.arrays.end_s[at], words.arrays.start_s[at]))]
    order: list[int] = at.tolist()
    start_s, end_s = words.arrays.start_s[at].tolist(), words.arrays.end_s[at].tolist()
    lane = LaneWords(tuple(start_s), tuple(end_s), _at(words.text, order),
                     _at(words.confidence, order), tuple(order))
    return lane, [quality == 'aligned' for quality in _at(words.time_quality, order)]


def _at(column: Sequence[Value], order: Sequence[int]) -> tuple[Value, ...]:
    # Faster than a loop, but of one place it gives the value alone.
    if len(order) == 1:
        return (column[order[0]],)
    values: tuple[Value, ...] = itemgetter(*order)(column)
    return values


def find_signals(x: Talk, y: Talk, standard: Standard, matcher: Matcher, trust: str,
                 loudness: Loudness) -> list[Span]:
    """The listening signals of `x` inside the talk of `y`.

    One is short, stands alone in its lane, comes when `y` has been talking for a while, and `y`
    goes on after it. Its words, where they can be believed, are listening signals; where they
    cannot, it is no louder than the party's speech in general, and the longer it is, the quieter.

    Args:
      loudness: how much louder than the speech of `x` in general a span is, dB, where known.
    """
    rule = standard.overlaps
    gap = rule.isolation_s
    out: list[Span] = []
    for start, end in union(x.ipus, gap):
        if end - start > rule.bc_max_s or not _inside(start, end, y.ipus, rule):
            continue
        wait, spoken = goes_on(y.ipus, end, gap)
        if wait > rule.bc_pause_s or spoken < rule.bc_floor_s:
            continue
        heard = [x.words.text[i] for i in x.words.between(start, end)]
        said = trust == FULL and bool(heard)
        if said and _asked(y, start):
            continue
        if _is_signal(heard, trust, standard, matcher) and (
                said or _sounds_like_one(end - start, loudness((start, end)), rule)):
            out.append((start, end))
    return out


def _sounds_like_one(length_s: float, louder_db: float | None, rule: OverlapRule) -> bool:
    """Attempts to take the floor are longer than listening signals, and louder."""
    if louder_db is None:
        return True
    return louder_db <= rule.bc_slope_db * (rule.bc_usual_s - length_s)


def _talk(speaker: str, lane: Lane, trust: str, standard: Standard) -> Talk:
    words, aligned = (LaneWords(), []) if trust == NONE else timed_words(
        lane.words, [i for i in range(len(lane.words)) if not _leaked(lane, i)])
    return make_talk(speaker, lane.speech, words, aligned, trust, standard.turns)


def _leaked(lane: Lane, i: int) -> bool:
    start, end = lane.words.start_s[i], lane.words.end_s[i]
    return (bool(lane.bleed) and start is not None and end is not None
            and covered((start, end), lane.bleed) > covered((start, end), lane.speech))


def _inside(start: float, end: float, other: Sequence[Span], rule: OverlapRule) -> bool:
    """Whether a span lies in the other's talk, well after it began, or in a short pause of it."""
    at = bisect_right(other, (start, float('inf'))) - 1
    if at < 0:
        return False
    before = other[at]
    if start - other[run_at(other, at, rule.isolation_s)[0]][0] < rule.bc_after_s:
        return False
    after = other[at + 1] if at + 1 < len(other) else None
    return before[1] > start or (
        after is not None and after[0] - before[1] <= rule.bc_pause_s)


def _is_signal(heard: list[str], trust: str, standard: Standard, matcher: Matcher) -> bool:
    rule = standard.overlaps
    if matcher.lexicon.language in NO_SPACES:
        few = sum(map(len, heard)) <= rule.bc_max_chars
    else:
        few = len(heard) <= rule.bc_max_words
    return few and (trust != FULL or not heard or matcher.is_signal(heard))


def _asked(y: Talk, before_s: float) -> bool:
    """Whether the other had just asked a question: then "yes" is an answer."""
    at = bisect_right(y.words.end_s, before_s) - 1
    speaking = any(start <= before_s < end for start, end in y.ipus)
    return at >= 0 and not speaking and y.words.text[at].rstrip('"\'').endswith(('?', '？'))


def _turn_spans(talks: list[Talk], signals: list[list[Span]], standard: Standard) -> list[Turn]:
    """The turns of both, numbered, without text."""
    floors = [[ipu for ipu in talk.ipus if not covered(ipu, own)]
              for talk, own in zip(talks, signals, strict=True)]
    rows = [(start, end, _RANK[talk.speaker], True)
            for talk, own in zip(talks, signals, strict=True) for start, end in own]
    for talk, own, other in ((talks[0], floors[0], floors[1]), (talks[1], floors[1], floors[0])):
        rows += [(start, end, _RANK[talk.speaker], False)
                 for start, end in _joined(own, other, standard)]
    return [Turn(i, (AGENT, CALLER)[rank], signal, start, end)
            for i, (start, end, rank, signal) in enumerate(sorted(rows))]


def _joined(own: Sequence[Span], other: Sequence[Span], standard: Standard) -> list[Span]:
    """A party's utterances joined into turns, unless the other had the floor between them."""
    out: list[Span] = []
    for start, end in own:
        if out and start - out[-1][1] <= standard.turns.pause_s \
                and not _floor_between(out[-1][1], start, other, standard.overlaps.edge_s):
            out[-1] = (out[-1][0], end)
        else:
            out.append((start, end))
    return out


def _floor_between(end: float, start: float, other: Sequence[Span], edge_s: float) -> bool:
    at = max(0, bisect_right(other, (end, float('-inf'))) - 1)
    inside = 0.0
    while at < len(other) and other[at][0] < start:
        low, high = other[at]
        if end <= low and high <= start:
            return True
        inside += max(0.0, min(high, start) - max(low, end))
        at += 1
    return inside > edge_s


def _placed(lanes: list[Lane], turns: list[Turn], reach_s: float) -> Words:
    """The words of both lanes in order of time, each with its turn and speaker."""
    rows: list[tuple[float, float, int, int, int]] = []  # start, end, rank, word, turn
    for rank, lane in enumerate(lanes):
        own = [turn for turn in turns if _RANK[turn.speaker] == rank]
        starts = [turn.start_s for turn in own]
        last = (0.0, 0.0, -1)
        for i, (start, end) in enumerate(zip(lane.words.start_s, lane.words.end_s, strict=True)):
            if start is not None and end is not None:
                turn = -1 if _leaked(lane, i) else _turn_of(start, end, own, starts, reach_s)
                last = (start, end, turn)
            rows.append((last[0], last[1], rank, i, last[2]))
    rows.sort()
    columns: dict[str, tuple] = {
        name: tuple(getattr(lanes[rank].words, name)[i] for _, _, rank, i, _ in rows)
        for name in ('start_s', 'end_s', 'text', 'confidence', 'time_quality')}
    return Words(**columns, turn=tuple(turn for *_, turn in rows),
                 speaker=tuple((AGENT, CALLER)[rank] for _, _, rank, _, _ in rows))


def _turn_of(start: float, end: float, own: Sequence[Turn], starts: Sequence[float],
             reach_s: float) -> int:
    middle = (start + end) / 2
    at = bisect_right(starts, middle) - 1
    if at >= 0 and middle <= own[at].end_s:
        return own[at].turn
    after = starts[at + 1] - end if at + 1 < len(own) else reach_s + 1
    before = start - own[at].end_s if at >= 0 else reach_s + 1
    if min(before, after) > reach_s:
        return -1
    return own[at].turn if before <= after else own[at + 1].turn


def _with_text(turns: list[Turn], words: Words, language: str) -> tuple[Turn, ...]:
    of_turn: dict[int, list[int]] = {}
    for i, number in enumerate(words.turn):
        of_turn.setdefault(number, []).append(i)
    glue = '' if language in NO_SPACES else ' '
    out = []
    for turn in turns:
        at = of_turn.get(turn.turn, [])
        scores = [score for i in at if (score := words.confidence[i]) is not None]
        out.append(turn._replace(text=glue.join(words.text[i] for i in at), word_count=len(at),
                                 confidence=fmean(scores) if scores else None))
    return tuple(out)
