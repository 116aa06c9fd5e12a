"""One party's talk, ready to be judged: speech, utterances and words side by side.

Voice activity says when somebody spoke, words say what. Made alike from the lanes as they were
heard and from the stored rows, so that a call judged again is judged the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transforms.intervals import Span, subtract, union
from transforms.standard import TurnRule

FULL = 'full'  # what the words say and what they do not say can be believed
PRESENCE = 'presence'  # what was heard was said, but much goes unheard and lacks punctuation
NONE = 'none'

_LOWER = 'of its pitch lies under its end'

_UNHEARD = frozenset({'pocketsphinx'})  # engines that call wrong words certain


def trust_of(transcriber: str, transcript_trust: str) -> str:
    """How far a call's words can be believed: FULL, PRESENCE or NONE.

    Args:
      transcriber: the engine's name, as in `calls`.
      transcript_trust: ok, low or none, as in `calls`.
    """
    if transcript_trust != 'ok':
        return NONE
    return PRESENCE if transcriber in _UNHEARD else FULL


def end_evidence(lower: float) -> str:
    """`evidence` of a speech event: the share of its speaker's pitch that lies under its end."""
    return f'{lower:.0%} {_LOWER}'


def end_of(evidence: str | None) -> float | None:
    """The share that `end_evidence` told."""
    head, found, _ = (evidence or '').partition(f'% {_LOWER}')
    return int(head) / 100 if found else None


@dataclass(frozen=True)
class LaneWords:
    """The timed words of one party, sorted by start. `index` is the place in the call's words."""

    start_s: tuple[float, ...] = ()
    end_s: tuple[float, ...] = ()
    text: tuple[str, ...] = ()
    score: tuple[float | None, ...] = ()
    index: tuple[int, ...] = ()

    def between(self, start_s: float, end_s: float) -> range:
        """The places of the words whose middle lies in a span."""
        low = bisect_left(self.start_s, start_s - 2.0)
        high = bisect_right(self.start_s, end_s)
        inside = [i for i in range(low, high)
                  if start_s <= (self.start_s[i] + self.end_s[i]) / 2 <= end_s]
        return range(inside[0], inside[-1] + 1) if inside else range(0)


@dataclass(frozen=True)
class Talk:
    """One party's talk.

    Attributes:
      speaker: agent or caller.
      speech: when it spoke, sorted and disjoint.
      ipus: utterances: speech with the shortest pauses bridged.
      words: its timed words; none where they cannot be believed.
    """

    speaker: str
    speech: tuple[Span, ...]
    ipus: tuple[Span, ...]
    words: LaneWords

    def without(self, spans: Sequence[Span], rule: TurnRule) -> Talk:
        """The same party outside some spans (holds, ringing, announcements)."""
        if not spans:
            return self
        speech = subtract(self.speech, spans)
        return Talk(self.speaker, tuple(speech), tuple(union(speech, rule.ipu_gap_s)), self.words)


def make_talk(speaker: str, voice: Sequence[Span], words: LaneWords, aligned: Sequence[bool],
              trust: str, rule: TurnRule) -> Talk:
    """Joins voice activity and, where they are fully believed, words.

    Args:
      voice: voice activity, sorted and disjoint.
      aligned: per word whether its time was measured; others never make speech.
    """
    spans = list(voice)
    if trust == FULL:
        spans += _words_as_speech(words, aligned, voice, rule)
    speech = union(spans)
    return Talk(speaker, tuple(speech), tuple(union(speech, rule.ipu_gap_s)), words)


def _words_as_speech(words: LaneWords, aligned: Sequence[bool], voice: Sequence[Span],
                     rule: TurnRule) -> list[Span]:
    """What words add to voice activity: aligners stretch words, engines hear some in noise."""
    out: list[Span] = []
    begins, ends = np.array([(-np.inf, -np.inf), *voice]).T
    # The last voice activity that begins by the word's start; most words lie inside it.
    last = np.searchsorted(begins, words.start_s, side='right') - 1
    outside = np.array(aligned, dtype=np.bool_) & (ends[last] < words.end_s)
    for n in np.flatnonzero(outside).tolist():
        start, end, score, at = words.start_s[n], words.end_s[n], words.score[n], int(last[n]) - 1
        near = [(max(start, low - rule.word_slack_s), min(end, high + rule.word_slack_s))
                for low, high in voice[max(0, at):at + 3] if low < end and start < high]
        if not near and score is not None and score >= rule.word_score:
            near = [(start, end)]
        out += near
    return out


def run_at(spans: Sequence[Span], index: int, gap_s: float) -> tuple[int, int]:
    """First and last index of the run of spans around one, pauses shorter than `gap_s`."""
    first = last = index
    while first > 0 and spans[first][0] - spans[first - 1][1] < gap_s:
        first -= 1
    while last + 1 < len(spans) and spans[last + 1][0] - spans[last][1] < gap_s:
        last += 1
    return first, last


def goes_on(spans: Sequence[Span], at_s: float, gap_s: float) -> tuple[float, float]:
    """How a party goes on after an instant: (silence before it speaks, seconds it then speaks).

    The silence is 0 where it is speaking and infinite where it speaks no more; pauses shorter
    than `gap_s` do not end the speaking.
    """
    index = bisect_right(spans, (at_s, float('inf'))) - 1
    if index < 0 or spans[index][1] <= at_s:
        index += 1
    if index >= len(spans):
        return float('inf'), 0.0
    last = run_at(spans, index, gap_s)[1]
    spoken = sum(end - max(start, at_s) for start, end in spans[index:last + 1])
    return max(0.0, spans[index][0] - at_s), spoken
