"""Lanes: the two parties of a call apart, each with when it speaks.

Two channels are two lanes. A mono call, or one whose channels carry the same, is diarized.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Interval

from transforms.bleed import BleedOptions, correlation, split
from transforms.conversation import Audio, Lane, Sound
from transforms.diarize import Diarizer, SpeakerSpan
from transforms.intervals import Span, covered, intersect, subtract, total, union
from transforms.levels import FRAME_S, frame_dbfs, mask_of, snr_db
from transforms.vad import Vad

NOT_SPEECH = ('ring', 'tone', 'hold', 'ivr')  # kinds of Sound that are nobody's speech
QUIETEST_DBFS = -80.0  # a frame's loudness is compared down to here
LOUD_DB = 30.0  # under the loudest: where the channels are compared


@dataclass(frozen=True)
class LaneOptions:
    """How lanes are told from each other.

    Attributes:
      same_correlation: loudness correlation of two channels, 0..1, from which, with
      same_db: at most so much between their levels, both carry the same (definitions 2.2).
      bleed: when a lane's speech is the other party leaking in.
      min_speech_s: mono: shorter speech of a party is dropped.
    """

    same_correlation: Annotated[float, Interval(gt=0, le=1)]
    same_db: Annotated[float, Ge(0)]
    bleed: BleedOptions
    min_speech_s: Annotated[float, Ge(0)]


@dataclass(frozen=True)
class LaneResult:
    """Two lanes, or none in a silent mono recording (then the rest is None too)."""

    lanes: tuple[Lane, ...]
    lane_source: str | None  # channel | diarized
    diarizer: str | None


def find_lanes(audio: Audio, sounds: Sequence[Sound], options: LaneOptions, vad: Vad,
               load_diarizer: Callable[[], Diarizer]) -> LaneResult:
    """The call's two lanes with their speech, bleed and signal-to-noise ratio.

    Args:
      sounds: what is no speech: ringing, tones, hold music, announcements. They are cut from
        the channel they were heard in.
      load_diarizer: gives the diarizer, the same one each time; called only where it is needed.
    """
    cut = [_cut(sounds, channel) for channel in range(audio.channels)]
    if audio.channels > 1 and not _same(audio, union(cut[0] + cut[1]), options):
        lanes = tuple(Lane(channel, vad.spans(audio.samples[channel], audio.rate, cut[channel]))
                      for channel in (0, 1))
        lanes = _without_bleed(audio, lanes, options.bleed)
        return LaneResult(
            tuple(replace(lane, snr_db=snr_db(audio, lane, cut[lane.channel])) for lane in lanes),
            'channel', None)
    return _diarized(audio, union(c for channel in cut for c in channel), options, vad,
                     load_diarizer)


def _cut(sounds: Sequence[Sound], channel: int) -> list[Span]:
    return union((s.start_s, s.end_s) for s in sounds
                 if s.kind in NOT_SPEECH and s.channel in (None, channel))


def _same(audio: Audio, cut: Sequence[Span], options: LaneOptions) -> bool:
    """Whether both channels carry the same audio. Two silent channels do not."""
    one, two = (_loudness(audio, channel) for channel in (0, 1))
    louder = np.where(mask_of(cut, len(one)), QUIETEST_DBFS, np.maximum(one, two))
    sounding = louder[louder > QUIETEST_DBFS]
    if not len(sounding):
        return False
    # Voices that come and go together would be alike over silence and speech, not over speech.
    loud = louder > max(QUIETEST_DBFS, float(np.percentile(sounding, 95)) - LOUD_DB)
    one, two = one[loud], two[loud]
    level = [10 * np.log10(np.mean(10 ** (lane.astype(np.float64) / 10))) for lane in (one, two)]
    return bool(abs(level[0] - level[1]) <= options.same_db
                and correlation(one, two) >= options.same_correlation)


def _without_bleed(audio: Audio, lanes: tuple[Lane, ...],
                   options: BleedOptions) -> tuple[Lane, ...]:
    loudness = [_loudness(audio, lane.channel) for lane in lanes]
    out = []
    for i, lane in enumerate(lanes):
        speech, leaks = split(lane.speech, lanes[1 - i].speech, loudness[i], loudness[1 - i],
                              options)
        out.append(replace(lane, speech=speech, bleed=leaks))
    return tuple(out)


def _diarized(audio: Audio, cut: Sequence[Span], options: LaneOptions, vad: Vad,
              load_diarizer: Callable[[], Diarizer]) -> LaneResult:
    heard = vad.spans(audio.samples[0], audio.rate, cut)
    if not heard:
        return LaneResult((), None, None)
    diarizer = load_diarizer()
    kept = subtract([(0.0, audio.duration_s)], cut)
    samples = [audio.window(0, *span) for span in kept]
    found = _put_back(diarizer(np.concatenate(samples), audio.rate), kept)
    lanes = []
    for spans in two_parties(found):
        # The detector is the better judge of whether, the diarizer of who.
        speech = [s for s in intersect(spans, heard) if s[1] - s[0] >= options.min_speech_s]
        lanes.append(Lane(0, tuple(speech)))
    return LaneResult(
        tuple(replace(lane, snr_db=snr_db(audio, lane, [*cut, *heard])) for lane in lanes),
        'diarized', diarizer.name)


def _put_back(found: Sequence[SpeakerSpan], kept: Sequence[Span]) -> list[SpeakerSpan]:
    """Spans of the kept pieces joined end to end, at their times in the recording."""
    out: list[SpeakerSpan] = []
    at = 0.0
    for start, end in kept:
        for label, a, b in found:
            a, b = max(a, at), min(b, at + end - start)
            if a < b:
                out.append((label, a - at + start, b - at + start))
        at += end - start
    return out


def two_parties(found: Sequence[SpeakerSpan]) -> tuple[list[Span], list[Span]]:
    """The voices as two lanes, the one that speaks first in front; an empty one where needed.

    The two that speak most are the parties. A further one (a second agent after a transfer)
    speaks for the party that says the least from its first word to its last: who took over
    from whom.
    """
    voices: dict[str, list[Span]] = defaultdict(list)
    for label, start, end in found:
        voices[label].append((start, end))
    by_length = sorted((union(spans) for spans in voices.values()), key=lambda s: (-total(s), s))
    parties = [*by_length[:2], [], []][:2]
    for extra in by_length[2:]:
        reach = (extra[0][0], extra[-1][1])
        said = [covered(reach, party) for party in parties]
        quieter = said.index(min(said))
        parties[quieter] = union([*parties[quieter], *extra])
    first, second = sorted(parties, key=lambda spans: spans[0] if spans else (np.inf, np.inf))
    return first, second


def _loudness(audio: Audio, channel: int) -> np.ndarray:
    level = frame_dbfs(audio.samples[channel], round(FRAME_S * audio.rate))
    return np.maximum(level, QUIETEST_DBFS)
