"""Overlaps: both parties speak at once. Most of it is courtesy or timing, some is interruption.

The classes follow Gravano & Hirschberg 2011 and Schegloff 2000: backchannel, terminal, choral,
completion and dual_start are cooperative; overlap_complete took a floor that was free;
interruption_taken, interruption_failed and contested are interruptions; brief is too short to
tell; bleed is no speech at all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log10
from typing import NamedTuple

from transforms.intervals import Span, intersect
from transforms.standard import OverlapRule
from transforms.talk import FULL, NONE, Talk, goes_on, run_at
from transforms.tokens import FILLERS, distance, tokens_of
from warehouse.records import Turn

INTERRUPTIONS = frozenset({'interruption_taken', 'interruption_failed', 'contested'})
_FULL_STOP = re.compile('[.?!。？！]\0')  # at the end of a word, of words with \0 after each
_SAME_S = 0.11  # a word may reach so far beyond the voice activity that it ends
_STALLS = FILLERS - {'just', 'please', 'sir', "ma'am", 'madam', 'now', 'very'}


class Overlap(NamedTuple):
    """One stretch of both speaking. `speaker` came in on the other; `label` is its class."""

    label: str
    speaker: str
    start_s: float
    end_s: float
    confidence: float
    evidence: str


class Voices:
    """What the voices tell of who was cut off, where no words do."""

    def __init__(self, ends: Mapping[str, Mapping[float, float]], turns: Sequence[Turn]):
        """Args:
          ends: of each party, the share of its pitch that lies under the end of an utterance, by
            the instant of that end, where it was measured.
          turns: with their levels.
        """
        self._ends = ends
        self._turns = {who: [turn for turn in turns if turn.speaker == who
                             and not turn.is_backchannel and turn.level_dbfs is not None]
                       for who in ends}
        self._usual = {who: _mean_dbfs(own) for who, own in self._turns.items() if own}

    def had_finished(self, y: str, end_s: float, x: str, start_s: float,
                     rule: OverlapRule) -> bool:
        """Whether Y, who stopped at `end_s`, was at its end; X came in at `start_s`.

        Y's voice had fallen, and X was no louder than usual: who takes the floor speaks up.
        """
        lower = min(((abs(at - end_s), share) for at, share in self._ends.get(y, {}).items()
                     if abs(at - end_s) <= _SAME_S), default=None)
        return lower is not None and (
            lower[1] + rule.final_per_db * self._louder_db(x, start_s) <= rule.final_pitch)

    def _louder_db(self, who: str, at_s: float) -> float:
        level = [turn.level_dbfs for turn in self._turns.get(who, ())
                 if turn.start_s <= at_s <= turn.end_s and turn.level_dbfs is not None]
        return level[0] - self._usual[who] if level else 0.0


def _mean_dbfs(turns: Sequence[Turn]) -> float:
    """The mean power of some turns, by their length."""
    seconds = sum(turn.end_s - turn.start_s for turn in turns)
    power = sum((turn.end_s - turn.start_s) * 10 ** ((turn.level_dbfs or 0.0) / 10)
                for turn in turns)
    return 10 * log10(max(power / max(seconds, 1e-9), 1e-12))


class _Episode(NamedTuple):
    """X came in on Y: their utterances, and the seconds in which both spoke."""

    x: Talk
    y: Talk
    x_at: int  # of X's first utterance in it
    y_at: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class _Scene:
    rule: OverlapRule
    signals: Mapping[str, frozenset[int]]  # which utterances of each party are listening signals
    floors: Mapping[str, Sequence[Span]]  # the other ones: a listening signal holds no floor
    voices: Voices
    trust: str
    punctuated: bool
    lanes: float  # confidence in the lanes


def find_overlaps(agent: Talk, caller: Talk, signals: Mapping[str, Sequence[Span]],
                  voices: Voices, rule: OverlapRule, *, trust: str,
                  diarized: bool) -> tuple[Overlap, ...]:
    """Every stretch of `min_event_s` or more in which both speak, each with exactly one class.

    Without words to believe, whoever stopped is taken to have been cut off, unless the voices tell
    that the sentence was at its end, at a confidence of at most `assumed_confidence`.

    Args:
      signals: each party's listening signals, as its turns say.
      voices: how the parties sound.
      trust: how far the words can be believed (`transforms.talk`).
      diarized: the lanes were told apart in one channel, where overlap is half guessed.
    """
    punctuated = trust != NONE and any(
        _FULL_STOP.search('\0'.join((*talk.words.text, ''))) for talk in (agent, caller))
    at = {talk.speaker: _inside(talk.ipus, signals.get(talk.speaker, ()))
          for talk in (agent, caller)}
    floors = {talk.speaker: [ipu for i, ipu in enumerate(talk.ipus) if i not in at[talk.speaker]]
              for talk in (agent, caller)}
    scene = _Scene(rule, at, floors, voices, trust, punctuated,
                   rule.diarized_confidence if diarized else 1.0)
    return tuple(_judged(episode, scene) for episode in _episodes(agent, caller, scene))


def bleed_overlaps(agent: Talk, caller: Talk, bleed: Mapping[str, Sequence[Span]],
                   rule: OverlapRule) -> tuple[Overlap, ...]:
    """Where a lane held nothing but the other party's voice while that party spoke."""
    return tuple(
        Overlap('bleed', speaker, start, end, 1.0, 'the other party leaking into this lane')
        for speaker, other in ((agent.speaker, caller), (caller.speaker, agent))
        for start, end in intersect(bleed.get(speaker, ()), other.speech)
        if end - start >= rule.min_event_s)


def _episodes(agent: Talk, caller: Talk, scene: _Scene) -> list[_Episode]:
    """Overlaps of utterances, those joined that only a breath of one party divides."""
    pairs = _pairs(agent.ipus, caller.ipus, scene.rule.min_event_s)
    out: list[_Episode] = []
    last = (-1, -1, False)
    for start, end, i, j in pairs:
        signal = _is_signal(agent, i, scene) or _is_signal(caller, j, scene)
        # One shares its utterance with the pair before; the other paused for a breath.
        breath = (j == last[1] and _pause(agent, last[0], i) < scene.rule.isolation_s) or (
            i == last[0] and _pause(caller, last[1], j) < scene.rule.isolation_s)
        if out and breath and not signal and not last[2]:
            before = out[-1]
            out[-1] = _Episode(before.x, before.y, before.x_at, before.y_at, before.start_s, end)
        else:
            out.append(_episode(agent, caller, i, j, start, end, scene))
        last = (i, j, signal)
    return out


def _pause(talk: Talk, before: int, after: int) -> float:
    if before < 0 or after != before + 1:
        return float('inf')
    return talk.ipus[after][0] - talk.ipus[before][1]


def _pairs(a: Sequence[Span], b: Sequence[Span],
           min_s: float) -> list[tuple[float, float, int, int]]:
    """Where an utterance of each lane overlap: (start, end, index in a, index in b)."""
    out = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if end - start >= min_s:
            out.append((start, end, i, j))
        if a[i][1] < b[j][1]:
            i += 1
        else:
            j += 1
    return out


def _episode(agent: Talk, caller: Talk, i: int, j: int, start: float, end: float,
             scene: _Scene) -> _Episode:
    """Who came in: the one with the listening signal, else the one who started later.

    A breath does not end a party's talk: who began in it came in on that party.
    """
    starts = _began(agent, i, scene.rule), _began(caller, j, scene.rule)
    agent_came = starts[0] > starts[1] or (
        starts[0] == starts[1] and agent.ipus[i][1] <= caller.ipus[j][1])
    if _is_signal(agent, i, scene) != _is_signal(caller, j, scene):
        agent_came = _is_signal(agent, i, scene)
    if agent_came:
        return _Episode(agent, caller, i, j, start, end)
    return _Episode(caller, agent, j, i, start, end)


def _began(talk: Talk, at: int, rule: OverlapRule) -> float:
    return talk.ipus[run_at(talk.ipus, at, rule.breath_s)[0]][0]


def _inside(ipus: Sequence[Span], signals: Sequence[Span]) -> frozenset[int]:
    """The indices of the utterances whose middle lies in one of the spans."""
    starts = [start for start, _ in ipus]
    return frozenset(
        i for low, high in signals
        for i in range(max(0, bisect_left(starts, low) - 1), bisect_right(starts, high))
        if low <= (ipus[i][0] + ipus[i][1]) / 2 <= high)


def _is_signal(talk: Talk, index: int, scene: _Scene) -> bool:
    return index in scene.signals[talk.speaker]


def _judged(episode: _Episode, scene: _Scene) -> Overlap:
    label, evidence, most = _class_of(episode, scene)
    length = episode.end_s - episode.start_s
    confidence = scene.lanes * min(1.0, 0.5 + length / scene.rule.long_ovl_s)
    if label in ('backchannel', 'terminal', 'brief'):
        confidence = scene.lanes
    scores = [score for i in episode.x.words.between(episode.start_s, episode.end_s)
              if (score := episode.x.words.score[i]) is not None]
    if scores and label not in ('terminal', 'brief', 'dual_start'):
        confidence *= 0.5 + 0.5 * sum(scores) / len(scores)
    return Overlap(label, episode.x.speaker, episode.start_s, episode.end_s,
                   round(min(confidence, most), 3), f'{length:.2f} s: {evidence}')


def _class_of(episode: _Episode, scene: _Scene) -> tuple[str, str, float]:
    """The class, why, and the most it can be believed."""
    rule, x, y = scene.rule, episode.x, episode.y
    x_start, y_start = x.ipus[episode.x_at][0], y.ipus[episode.y_at][0]
    assumed = 1.0 if scene.trust == FULL else rule.assumed_confidence
    if _is_signal(x, episode.x_at, scene):
        return 'backchannel', f'the {y.speaker} went on', assumed
    if _dual_start(episode, rule):
        return 'dual_start', f'both began within {abs(x_start - y_start):.2f} s', 1.0
    y_end = y.ipus[run_at(y.ipus, episode.y_at, rule.isolation_s)[1]][1]
    if y_end - episode.start_s <= rule.terminal_s or _last_words(episode, y_end, scene):
        return 'terminal', f'the {y.speaker} was ending', 1.0
    if scene.trust == FULL:
        if _choral(episode, rule):
            return 'choral', 'both said the same', 1.0
        if _completion(episode, rule):
            return 'completion', f'the {y.speaker} was at a loss for words', 1.0
    return _floor(episode, y_end, scene)


def _dual_start(episode: _Episode, rule: OverlapRule) -> bool:
    """Both began after silence together, or one came back from a breath the other began in."""
    x, y = episode.x, episode.y
    x_start, y_start = x.ipus[episode.x_at][0], y.ipus[episode.y_at][0]
    before = x.ipus[episode.x_at - 1][1] if episode.x_at else float('-inf')
    if before < y_start < x_start < before + rule.isolation_s:
        return True
    quiet = min(y_start, x_start) - max(
        before, y.ipus[episode.y_at - 1][1] if episode.y_at else float('-inf'))
    return abs(x_start - y_start) < rule.edge_s and quiet >= rule.silence_before_s


def _last_words(episode: _Episode, y_end: float, scene: _Scene) -> bool:
    """Whether Y was at the last words of a sentence. Only punctuation tells that it was one."""
    if scene.trust != FULL or not scene.punctuated or not _complete(episode.y, y_end):
        return False
    words = episode.y.words
    left = [i for i in words.between(episode.start_s, y_end)
            if words.start_s[i] >= episode.start_s]
    return len(left) <= scene.rule.terminal_words


def _complete(y: Talk, end_s: float) -> bool:
    """Whether the last word up to an instant ends a sentence."""
    at = bisect_left(y.words.start_s, end_s) - 1
    last = y.words.text[at].rstrip('"\'') if at >= 0 else ''
    return last.endswith(('.', '?', '!', '。', '？', '！')) and not last.endswith('..')


def _choral(episode: _Episode, rule: OverlapRule) -> bool:
    said = [[token for i in talk.words.between(episode.start_s, episode.end_s)
             for token in tokens_of(talk.words.text[i])] for talk in (episode.x, episode.y)]
    longest = max(map(len, said))
    return min(map(len, said)) >= 2 and distance(*said) <= rule.choral_distance * longest


def _completion(episode: _Episode, rule: OverlapRule) -> bool:
    x, y = episode.x, episode.y
    first, last = run_at(x.ipus, episode.x_at, rule.isolation_s)
    offered = len(x.words.between(x.ipus[first][0], x.ipus[last][1]))
    last = bisect_right(y.words.end_s, episode.start_s + rule.edge_s) - 1
    if not 0 < offered <= rule.completion_max_words or last < 0:
        return False
    stalled = any(token in _STALLS for token in tokens_of(y.words.text[last]))
    return stalled or episode.start_s - y.words.end_s[last] >= rule.stall_s


def _floor(episode: _Episode, y_end: float, scene: _Scene) -> tuple[str, str, float]:
    """Who kept the floor after both spoke."""
    rule, x, y = scene.rule, episode.x, episode.y
    length = episode.end_s - episode.start_s
    x_wait, x_spoken = goes_on(scene.floors[x.speaker], episode.end_s, rule.isolation_s)
    y_wait, _ = goes_on(scene.floors[y.speaker], episode.end_s, rule.isolation_s)
    most = rule.assumed_confidence if scene.trust == NONE else 1.0
    if length < rule.min_ovl_s:
        return 'brief', 'too short to tell', most
    if y_wait >= rule.hold_floor_s and x_wait < rule.isolation_s \
            and x_spoken >= rule.hold_floor_s:
        told = scene.trust == FULL and scene.punctuated
        if told:
            done, why, most = _complete(y, y_end), 'finished the sentence', 1.0
        else:
            done = scene.voices.had_finished(y.speaker, y_end, x.speaker, episode.start_s, rule)
            why, most = 'ended as one who had finished', rule.assumed_confidence
        if not done:
            return ('interruption_taken', f'the {y.speaker} stopped, the {x.speaker} went on', most)
        if length <= rule.complete_s:
            return 'overlap_complete', f'the {y.speaker} {why}', most
        return 'contested', f'both talked on until the {y.speaker} {why}', most
    short = 'brief' if length <= rule.complete_s else 'contested'
    if x_wait >= rule.hold_floor_s:
        if y_wait >= rule.hold_floor_s:
            return short, 'both stopped', most
        return 'interruption_failed', f'the {x.speaker} gave up, the {y.speaker} went on', most
    if y_wait >= rule.hold_floor_s:
        return short, f'the {x.speaker} said little more', most
    return 'contested', 'both kept talking', most

