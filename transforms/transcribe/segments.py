"""Cutting speech into stretches for an engine, and putting its words back where they were said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from transforms.conversation import Audio, Lane
from transforms.intervals import Span, covered, union
from transforms.transcribe.seam import TranscribeOptions
from warehouse.records import Words

RATE = 16_000  # what engines hear
ALIGNED, INTERPOLATED, UNTIMED = 'aligned', 'interpolated', 'none'  # time_quality
UNSPACED = ('ja', 'zh')  # written without spaces: one word per character, as WhisperX has it
CUT_FRAME_S = 0.02  # a speech span that is too long is cut in its quietest so long
BREATH_S = 0.25  # voice activity pauses this long inside a word (a closure) and its neighbour


class Word(NamedTuple):
    """A word as an engine gives it; times in seconds of the recording."""

    start_s: float | None
    end_s: float | None
    text: str
    confidence: float | None
    quality: str  # aligned | interpolated | none


def stretches(audio: Audio, channel: int, speech: Sequence[Span],
              options: TranscribeOptions) -> list[Span]:
    """What an engine is to hear: speech with near spans joined, long ones cut, padded.

    Sorted and disjoint, inside the audio, each at most `max_segment_s` (and two pads) long. A pad
    takes at most half of what lies between two stretches.
    """
    joined: list[Span] = []
    for span in speech:
        for start, end in _cut(audio, channel, span, options.max_segment_s):
            near = joined and start - joined[-1][1] < options.join_gap_s
            if near and end - joined[-1][0] <= options.max_segment_s:
                joined[-1] = (joined[-1][0], end)
            else:
                joined.append((start, end))
    gaps = [2 * joined[0][0] if joined else 0.0,
            *(b[0] - a[1] for a, b in pairwise(joined)),
            2 * (audio.duration_s - joined[-1][1]) if joined else 0.0]
    pads = [min(options.pad_s, max(0.0, gap) / 2) for gap in gaps]
    return [(start - before, end + after) for (start, end), before, after
            in zip(joined, pads, pads[1:], strict=False)]


def _cut(audio: Audio, channel: int, span: Span, max_s: float) -> list[Span]:
    """The span in parts of at most `max_s`, cut where it is quietest."""
    out = []
    start, end = span
    while end - start > max_s:
        search_from = start + 2 * max_s / 3
        samples = audio.window(channel, search_from, start + max_s)
        frame = max(1, int(CUT_FRAME_S * audio.rate))
        frames = samples[:len(samples) // frame * frame].reshape(-1, frame)
        quietest = int(np.argmin((frames ** 2).sum(axis=1))) if len(frames) else 0
        at = search_from + (quietest + 0.5) * CUT_FRAME_S
        out.append((start, at))
        start = at
    return [*out, (start, end)]


def at_16_khz(samples: np.ndarray, rate: int) -> np.ndarray:
    """The samples at 16 kHz, float32."""
    if rate == RATE:
        return samples
    from scipy.signal import resample_poly
    return np.asarray(resample_poly(samples, RATE, rate), np.float32)


def hear_lanes(lanes: Sequence[Lane], slack_s: float,
               hear: Callable[[int, list[Span]], list[Word]]) -> tuple[Words, ...]:
    """The words of each lane.

    Args:
      slack_s: a word reaches at most so far beyond the voice activity it lies in.
      hear: gives the words of a channel, in order, from the speech spans it is handed.
    """
    return by_lane(lanes, slack_s, {channel: hear(channel, speech) for channel, speech
                                    in speech_by_channel(lanes).items()})


def speech_by_channel(lanes: Sequence[Lane]) -> dict[int, list[Span]]:
    """The speech of each channel that has any; lanes of one channel (mono) are taken together."""
    spans: dict[int, list[Span]] = defaultdict(list)
    for lane in lanes:
        spans[lane.channel] += lane.speech
    return {channel: union(speech) for channel, speech in spans.items() if speech}


def by_lane(lanes: Sequence[Lane], slack_s: float,
            heard: Mapping[int, Sequence[Word]]) -> tuple[Words, ...]:
    """The words of each lane, out of those of each channel, clipped to the lane's speech."""
    words: dict[int, list[Word]] = {}
    for channel in {lane.channel for lane in lanes}:
        indices = [index for index, lane in enumerate(lanes) if lane.channel == channel]
        shares = share_out(heard.get(channel, ()), [lanes[index] for index in indices])
        words.update(zip(indices, shares, strict=True))
    return tuple(to_words(clip_words(words[index], lane.speech, slack_s))
                 for index, lane in enumerate(lanes))


def share_out(words: Iterable[Word], lanes: Sequence[Lane]) -> list[list[Word]]:
    """Each word to the lane whose speech covers it most; to the nearest where none does.

    A word without times goes where the word before it went.
    """
    shares: list[list[Word]] = [[] for _ in lanes]
    last = 0
    for word in words:
        if len(lanes) > 1 and word.start_s is not None and word.end_s is not None:
            last = _lane_of((word.start_s, word.end_s), lanes)
        shares[last].append(word)
    return shares


def _lane_of(span: Span, lanes: Sequence[Lane]) -> int:
    def nearness(index: int) -> tuple[float, float]:
        speech = lanes[index].speech
        away = min((max(start - span[1], span[0] - end) for start, end in speech),
                   default=float('inf'))
        return covered(span, speech), -away
    return max(range(len(lanes)), key=nearness)


def clip_words(words: Sequence[Word], speech: Sequence[Span], slack_s: float) -> list[Word]:
    """The words with no end later than the voice activity they lie in, and `slack_s`.

    A word that begins before the voice activity begins at most `slack_s` before it. One that lies
    in none keeps its times.
    """
    activity = union(speech, join_gap_s=BREATH_S)
    out, first = [], 0
    for word in words:
        start, end = word.start_s, word.end_s
        if start is not None and end is not None:
            while first < len(activity) and activity[first][1] + slack_s < start:
                first += 1
            if first < len(activity) and activity[first][0] < end:
                begins, ends = activity[first]
                start = max(start, begins - slack_s)
                word = word._replace(start_s=start, end_s=max(start, min(end, ends + slack_s)))
        out.append(word)
    return out


def fill_times(words: Sequence[Word], span: Span) -> list[Word]:
    """The words with those that have no times spread between their neighbours, by letters.

    Args:
      span: where all of them were said; it bounds the first and the last.
    """
    out = list(words)
    at = 0
    while at < len(out):
        if out[at].start_s is not None and out[at].end_s is not None:
            at += 1
            continue
        stop = at
        while stop < len(out) and (out[stop].start_s is None or out[stop].end_s is None):
            stop += 1
        start = (out[at - 1].end_s if at else None) or span[0]
        end = (out[stop].start_s if stop < len(out) else None) or span[1]
        out[at:stop] = spread(out[at:stop], (start, max(start, end)))
        at = stop
    return out


def spread(words: Sequence[Word], span: Span) -> list[Word]:
    """The words one after the other over the whole span, each as long as it has letters."""
    lengths = [max(1, len(word.text)) for word in words]
    unit = (span[1] - span[0]) / max(1, sum(lengths))
    edges = [span[0] + unit * letters for letters in accumulate(lengths, initial=0)]
    return [word._replace(start_s=start, end_s=end, quality=INTERPOLATED)
            for word, start, end in zip(words, edges, edges[1:], strict=False)]


def spoken_parts(text: str, language: str) -> list[tuple[str, str]]:
    """The words of a text, each as written and with nothing but what is spoken of it.

    Punctuation that stands alone is written with the word before it. Japanese and Chinese have a
    word per character.
    """
    pieces = list(text.replace(' ', '')) if language in UNSPACED else text.split()
    pairs: list[tuple[str, str]] = []
    for piece in pieces:
        bare = ''.join(letter for letter in piece if letter.isalnum() or letter in "'’")
        bare = bare.replace('’', "'").strip("'")
        if bare:
            pairs.append((piece, bare))
        elif pairs:
            pairs[-1] = (pairs[-1][0] + piece, pairs[-1][1])
    return pairs


def by_character(word: Word) -> list[Word]:
    """A word of several characters as a word per character, its time shared out."""
    pairs = spoken_parts(word.text, UNSPACED[0])
    if len(pairs) < 2 or word.start_s is None or word.end_s is None:
        return [word]
    return spread([word._replace(text=text) for text, _ in pairs], (word.start_s, word.end_s))


def to_words(words: Sequence[Word]) -> Words:
    """As columns, in order of time, times to the millisecond.

    A word without a time is sorted with the last word before it that has one.
    """
    keys: list[float] = []
    for word in words:
        before = keys[-1] if keys else 0.0
        keys.append(before if word.start_s is None else word.start_s)
    order = sorted(range(len(words)), key=keys.__getitem__)
    words = [words[index] for index in order]
    return Words(
        start_s=tuple(_rounded(word.start_s) for word in words),
        end_s=tuple(_rounded(word.end_s) for word in words),
        text=tuple(word.text for word in words),
        confidence=tuple(word.confidence for word in words),
        time_quality=tuple(word.quality for word in words),
        turn=(-1,) * len(words),
        speaker=('',) * len(words))


def _rounded(time_s: float | None) -> float | None:
    return None if time_s is None else round(time_s, 3)
