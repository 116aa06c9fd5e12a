"""Guards: what Whisper makes up where nobody speaks is not taken for words.

On sounds that are not speech large-v3 says something in 40 % of cases (Baranski 2025), most often a
line of the subtitles that it learnt on. So speech that is hardly louder than its lane's noise is
not shown to it, and what it says is dropped where the text and the model's own doubt agree.
Courtesies are what calls end with, so no guard goes by them: a "thank you" is only ever dropped
where two of Whisper's own doubts agree that nobody spoke.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from transforms.conversation import Audio
from transforms.intervals import Span, intersect, total, union
from transforms.levels import CLEAR_S, FRAME_S, PAUSE_S, ZERO_DBFS, frame_dbfs, mask_of
from transforms.transcribe.seam import GuardOptions
from transforms.transcribe.segments import UNSPACED, Word

LOOP_WORDS = 8  # longest group of words that is looked for in a row
LOOP_LETTERS = 20  # the same where a word is a character
RATE_WORDS = 5  # of fewer words the rate says nothing


class Said(NamedTuple):
    """What was heard in one stretch of speech, and what Whisper thought of its whole window."""

    words: tuple[Word, ...]
    speech_s: float
    avg_logprob: float
    no_speech_prob: float


class Gate(NamedTuple):
    """How loud speech has to be in a channel to be transcribed, dBFS."""

    level: np.ndarray  # of each 10 ms
    least_dbfs: float

    def faint(self, speech: Sequence[Span]) -> str:
        """Why this speech is not worth hearing; '' where it is."""
        level = self.level[mask_of(speech, len(self.level))]
        if not len(level):
            return ''
        loud = 10 * float(np.log10(np.mean(10 ** (level.astype(np.float64) / 10))))
        if loud >= self.least_dbfs:
            return ''
        return f'speech of {loud:.0f} dBFS, {self.least_dbfs:.0f} is heard'


def gate_of(audio: Audio, channel: int, speech: Sequence[Span], options: GuardOptions) -> Gate:
    """The gate of a channel: over the noise of its pauses, where it has any that are not gated.

    Args:
      speech: all that is spoken in the channel, sorted and disjoint.
    """
    level = frame_dbfs(audio.samples[channel], round(FRAME_S * audio.rate))
    near = [(max(0.0, start - CLEAR_S), end + CLEAR_S) for start, end in speech]
    pauses = level[~mask_of(near, len(level))]
    pauses = pauses[pauses > ZERO_DBFS]
    if len(pauses) * FRAME_S < PAUSE_S:
        return Gate(level, options.min_dbfs)
    # The median of a pause: a ring or a knock in it is no noise floor.
    return Gate(level, max(options.min_dbfs, float(np.median(pauses)) + options.min_snr_db))


def doubt(said: Said, language: str, options: GuardOptions) -> str:
    """Why what was said is taken for made up; '' where it is believed."""
    text = _join([word.text for word in said.words], language)
    score = _median_score(said)
    figures = (f'no speech at {said.no_speech_prob:.2f}, '
               f'mean log probability {said.avg_logprob:.2f}'
               + ('' if score is None else f', median word score {score:.2f}'))
    doubts = (said.no_speech_prob >= options.no_speech, said.avg_logprob < options.avg_logprob,
              score is not None and score < options.word_score)
    if sum(doubts) >= 2:
        return figures
    rate = len(said.words) / max(said.speech_s, 0.1)
    limit = options.max_rate_unspaced if language in UNSPACED else options.max_rate
    too_fast = len(said.words) >= RATE_WORDS and rate > limit
    known = known_phrase(text, options.phrases.get(language, ()))
    if known and (too_fast or any(doubts) or said.avg_logprob < options.doubt_logprob
                  or (score is not None and score < options.doubt_score)):
        return f'only `{known}`, {figures}'
    if too_fast:
        return f'{rate:.1f} words a second'
    ratio = compression_ratio(text)
    if ratio > options.compression_ratio:
        return f'a loop: compressed {ratio:.1f} times'
    return ''


def _median_score(said: Said) -> float | None:
    scores = [word.confidence for word in said.words if word.confidence is not None]
    return statistics.median(scores) if scores else None


def known_phrase(text: str, phrases: Sequence[str]) -> str:
    """The first of the phrases that a text is made of, with nothing left; '' where it is not."""
    rest, first = _letters(text), ''
    # The longest first: "thanks for watching" is not "thanks" and something else.
    by_length = sorted(((_letters(phrase), phrase) for phrase in phrases), key=lambda p: -len(p[0]))
    while rest:
        found = next(((bare, phrase) for bare, phrase in by_length
                      if bare and rest.startswith(bare)), None)
        if found is None:
            return ''
        first = first or found[1]
        rest = '' if found[1].endswith('*') else rest[len(found[0]):]
    return first


def compression_ratio(text: str) -> float:
    """How far a text can be compressed, as Whisper measures it: 1 to 2 of speech."""
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def without_loops(texts: Sequence[str], language: str, options: GuardOptions) -> list[int]:
    """The places of the words that are left when what stands too often in a row is said once.

    Figures are left as they are.
    """
    bare = [_letters(text) for text in texts]
    longest = LOOP_LETTERS if language in UNSPACED else LOOP_WORDS
    keep: list[int] = []
    at = 0
    while at < len(bare):
        size, times = _loop_at(bare, at, longest, options.max_repeats)
        keep += range(at, at + size)
        at += size * times
    return keep


def _loop_at(bare: Sequence[str], at: int, longest: int, most: int) -> tuple[int, int]:
    """How many words the loop that begins here repeats, and how often; (1, 1) for none."""
    for size in range(1, min(longest, (len(bare) - at) // (most + 1)) + 1):
        group = bare[at:at + size]
        if all(not word or word.isdigit() for word in group):
            continue
        times = 1
        while bare[at + size * times:at + size * (times + 1)] == group:
            times += 1
        if times > most:
            return size, times
    return 1, 1


def dropped_s(dropped: Sequence[Span], speech: Sequence[Span]) -> float:
    """How many seconds of speech lie in the spans that were dropped."""
    return total(intersect(union(dropped), speech))


def _letters(text: str) -> str:
    """What compares equal however it is written: letters and figures, in lower case."""
    return re.sub(r'[\W_]+', '', unicodedata.normalize('NFKC', text).casefold())


def _join(texts: Sequence[str], language: str) -> str:
    return ('' if language in UNSPACED else ' ').join(texts)
