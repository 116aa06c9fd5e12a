"""Lanes: the two parties of a call apart, each with when it speaks.

Two channels are two lanes. A mono call, or one whose channels carry the same, is diarized.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.bleed import QUIETEST_DBFS, BleedOptions, smooth, split
from transforms.conversation import Audio, Lane, Leak, Sound
from transforms.diarize import Diarizer, SpeakerSpan
from transforms.intervals import Span, covered, intersect, subtract, total, union
from transforms.levels import FRAME_S, frame_dbfs, mask_of, snr_db
from transforms.played import HEARD_ONCE
from transforms.strangers import (
    Ear,
    StrangerOptions,
    opening_prompt,
    parties_of,
    talk_among,
    without,
)
from transforms.vad import Vad

NOT_SPEECH = ('ring', 'tone', 'hold', 'ivr')  # kinds of Sound that are nobody's speech
SURE = 1.0  # of a prompt that the phone system tells of
VOICE = 0.8  # sure of one that is told by its voice
LOUD_DB = 30.0  # under the loudest: where the channels are compared
SMOOTH_S = 0.1  # of loudness, when they are
LOUDER_DB = 0.2  # less between two channels that carry the same is their codec's


@dataclass(frozen=True)
class LaneOptions:
    """How lanes are told from each other.

    Attributes:
      same_correlation: loudness correlation of two channels, 0..1, from which, with
      same_db: at most so much between their levels, both carry the same (definitions 2.2),
      same_lag_s: one of them up to so much later.
      dead_share: of the other channel's speech, 0..1, up to which a channel may be a dead one
        beside a mix of both parties: the other one is diarized, and is that if it has two voices.
      handover_s: of speech before a ring, from which it is a transfer's: one voice more.
      bleed: when a lane's speech is the other party leaking in.
      min_speech_s: mono: shorter speech of a party is dropped.
      strangers: when a voice is a party's.
    """

    same_correlation: Annotated[float, Interval(gt=0, le=1)]
    same_db: Annotated[float, Ge(0)]
    same_lag_s: Annotated[float, Ge(0)]
    dead_share: Annotated[float, Interval(ge=0, lt=1)]
    handover_s: Annotated[float, Gt(0)]
    bleed: BleedOptions
    min_speech_s: Annotated[float, Ge(0)]
    strangers: StrangerOptions


@dataclass(frozen=True)
class LaneResult:
    """Two lanes, or none in a silent mono recording (then the source and diarizer are None).

    `sounds` are those that were given, with the prompts of a mono call set right by voice.
    """

    lanes: tuple[Lane, ...]
    lane_source: str | None  # channel | diarized
    diarizer: str | None
    sounds: tuple[Sound, ...] = ()


def find_lanes(audio: Audio, sounds: Sequence[Sound], options: LaneOptions, vad: Vad,
               load_diarizer: Callable[[], Diarizer], transfers: int = 0,
               load_ear: Callable[[], Ear] | None = None,
               leaks: Sequence[Leak | None] = (None, None)) -> LaneResult:
    """The call's two lanes with their speech, bleed and signal-to-noise ratio.

    Args:
      sounds: what is no speech: ringing, tones, hold music, announcements. They are cut from
        the channel they were heard in.
      load_diarizer: gives the diarizer, the same one each time; called only where it is needed.
      transfers: how often the call is known to have been transferred, to a further agent.
      load_ear: gives what tells voices, the same one each time; called only for a mono call, and
        for one with an announcement in it that was heard once. None: prompts are believed.
      leaks: what was taken out of each of two channels (`transforms.leak`).
    """
    sounds = tuple(sounds)
    cut = [not_speech([s for s in sounds if s.channel in (None, channel)])
           for channel in range(audio.channels)]

    def diarized(channel: int) -> LaneResult:
        found = _diarized(audio, channel, sounds, options, vad, load_diarizer, transfers)
        if load_ear is None or not all(lane.speech for lane in found.lanes[:2] or (Lane(0),)):
            return found
        talk, prompt = _by_voice(audio, found, vad, load_ear(), options.strangers)
        if talk:
            kept = tuple(sound for sound in sounds if sound not in talk)
            found = _diarized(audio, channel, kept, options, vad, load_diarizer, transfers)
        return found if prompt is None else _without_prompt(found, prompt, audio)

    if audio.channels == 1:
        return diarized(0)
    if _same(audio, union(c for channel in cut for c in channel), options):
        return diarized(_louder(audio))
    lanes = tuple(Lane(channel, vad.spans(audio.samples[channel], audio.rate, cut[channel]))
                  for channel in (0, 1))
    once = [s for s in sounds if s.kind == 'ivr' and s.confidence == HEARD_ONCE]
    if once and load_ear is not None:
        talk = _party_returns(audio, lanes, once, vad, load_ear(), options.strangers)
        if talk:
            kept = [sound for sound in sounds if sound not in talk]
            return find_lanes(audio, kept, options, vad, load_diarizer, transfers, load_ear, leaks)
    lanes = _without_bleed(audio, lanes, leaks, options.bleed)
    spoken = [total(lane.speech) for lane in lanes]
    if min(spoken) <= options.dead_share * max(spoken) > 0:
        mono = diarized(spoken.index(max(spoken)))
        if all(lane.speech for lane in mono.lanes):
            return mono  # a mix of both parties beside a dead channel
    return LaneResult(
        tuple(replace(lane, snr_db=snr_db(audio, lane, cut[lane.channel])) for lane in lanes),
        'channel', None, sounds)


def not_speech(sounds: Iterable[Sound]) -> list[Span]:
    """When there are sounds that are nobody's speech."""
    return union((s.start_s, s.end_s) for s in sounds if s.kind in NOT_SPEECH)


def _same(audio: Audio, cut: Sequence[Span], options: LaneOptions) -> bool:
    """Whether both channels carry the same audio. Two silent channels do not."""
    # Smoothed, or half a frame between them makes them differ.
    one, two = (10 * np.log10(smooth(_loudness(audio, channel), SMOOTH_S)) for channel in (0, 1))
    kept = ~mask_of(cut, len(one))
    reach = round(options.same_lag_s / FRAME_S)
    # By half frames: an edge between two frames is in both.
    return any(_alike(one[kept], (np.roll(two, lag // 2) + np.roll(two, -(-lag // 2)))[kept] / 2,
                      options) for lag in sorted(range(-2 * reach, 2 * reach + 1), key=abs))


def _alike(one: np.ndarray, two: np.ndarray, options: LaneOptions) -> bool:
    louder = np.maximum(one, two)
    sounding = louder[louder > QUIETEST_DBFS]
    if not len(sounding):
        return False
    # Voices that come and go together would be alike over silence and speech, not over speech.
    loud = louder > max(QUIETEST_DBFS, float(np.percentile(sounding, 95)) - LOUD_DB)
    one, two = one[loud], two[loud]
    level = [10 * np.log10(np.mean(10 ** (lane.astype(np.float64) / 10))) for lane in (one, two)]
    return bool(abs(level[0] - level[1]) <= options.same_db
                and correlation(one, two) >= options.same_correlation)


def correlation(one: np.ndarray, two: np.ndarray) -> float:
    """Pearson's, 0 where either does not move."""
    one, two = one - one.mean(), two - two.mean()
    scale = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / scale if scale > 1e-6 else 0.0


def _louder(audio: Audio) -> int:
    """The channel to hear of two that carry the same: the first, if the other is no louder."""
    power = [np.mean(10 ** (_loudness(audio, channel).astype(np.float64) / 10))
             for channel in (0, 1)]
    return int(power[1] > power[0] * 10 ** (LOUDER_DB / 10))


def _without_bleed(audio: Audio, lanes: tuple[Lane, ...], leaks: Sequence[Leak | None],
                   options: BleedOptions) -> tuple[Lane, ...]:
    out = []
    for lane, other, leak in zip(lanes, reversed(lanes), leaks, strict=True):
        if leak:
            speech, bleed = split(lane.speech, other.speech, _loudness(audio, lane.channel), leak,
                                  options)
            lane = replace(lane, speech=speech, bleed=bleed)
        out.append(lane)
    return tuple(out)


def _diarized(audio: Audio, channel: int, sounds: tuple[Sound, ...], options: LaneOptions,
              vad: Vad, load_diarizer: Callable[[], Diarizer], transfers: int) -> LaneResult:
    cut = not_speech(sounds)
    heard = vad.spans(audio.samples[channel], audio.rate, cut)
    if not heard:
        return LaneResult((), None, None, sounds)
    diarizer = load_diarizer()
    kept = subtract([(0.0, audio.duration_s)], cut)
    more = max(transfers, len(handovers(sounds, heard, options.handover_s)))
    found = _put_back(diarizer(_joined(audio, channel, kept), audio.rate, more), kept)
    lanes = []
    for voices in two_parties(found):
        spans = union(span for voice in voices for span in voice)
        # The detector is the better judge of whether, the diarizer of who.
        speech = [s for s in intersect(spans, heard) if s[1] - s[0] >= options.min_speech_s]
        lanes.append(Lane(channel, tuple(speech), voices=_voices(speech, voices)))
    return LaneResult(
        tuple(replace(lane, snr_db=snr_db(audio, lane, [*cut, *heard])) for lane in lanes),
        'diarized', diarizer.name, sounds)


def _by_voice(audio: Audio, found: LaneResult, vad: Vad, ear: Ear,
              options: StrangerOptions) -> tuple[list[Sound], Span | None]:
    """The prompts that are talk, and when a prompt was taken for talk."""
    parties = parties_of(audio, found.lanes, ear, options)
    doubtful = [sound for sound in found.sounds if sound.kind == 'ivr'
                and sound.confidence < SURE]
    return (talk_among(doubtful, audio, parties, vad, ear, options),
            opening_prompt(parties, options))


def _party_returns(audio: Audio, lanes: Sequence[Lane], once: Sequence[Sound], vad: Vad, ear: Ear,
                   options: StrangerOptions) -> list[Sound]:
    """Those of the announcements between music that the party of their channel says: an agent
    who looks in on a parked caller, and is not answered."""
    out = []
    for lane in lanes:
        own = [sound for sound in once if sound.channel == lane.channel]
        if own and lane.speech:
            party = parties_of(audio, (lane, Lane(lane.channel)), ear, options)
            out += talk_among(own, audio, party, vad, ear, options)
    return out


def _without_prompt(found: LaneResult, prompt: Span, audio: Audio) -> LaneResult:
    heard = Sound('ivr', 'announcement', 0 if audio.channels == 1 else None, *prompt, VOICE,
                  'a voice at the opening that is not heard again')
    sounds = sorted([*found.sounds, heard], key=lambda sound: (sound.start_s, sound.end_s))
    return replace(found, lanes=without(found.lanes, prompt), sounds=tuple(sounds))


def _voices(speech: Sequence[Span], voices: Sequence[Sequence[Span]]) -> tuple[int, ...]:
    """Which of a party's voices each span is, from 1 on; empty where the party has one."""
    if len(voices) < 2:
        return ()
    said = [[covered(span, voice) for voice in voices] for span in speech]
    return tuple(1 + each.index(max(each)) for each in said)


def handovers(sounds: Sequence[Sound], speech: Sequence[Span], least_s: float) -> list[float]:
    """When it rang after somebody spoke: a call that went to somebody else.

    Args:
      least_s: seconds of speech between two groups of rings, or they are one.
    """
    out, since = [], 0.0
    for start, end in union((s.start_s, s.end_s) for s in sounds if s.kind == 'ring'):
        if covered((since, start), speech) >= least_s:
            out.append(start)
        since = end
    return out


def _joined(audio: Audio, channel: int, kept: Sequence[Span]) -> np.ndarray:
    """The pieces of a channel end to end, int16; the channel itself where nothing was cut."""
    lane = audio.samples[channel]
    if len(kept) == 1 and kept[0] == (0.0, audio.duration_s):
        return lane
    ends = [(round(start * audio.rate), round(end * audio.rate)) for start, end in kept]
    return np.concatenate([lane[start:end] for start, end in ends])


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


def two_parties(found: Sequence[SpeakerSpan]) -> tuple[list[list[Span]], list[list[Span]]]:
    """The voices of the two parties, the party that speaks first in front; none where needed.

    The two that speak most are the parties. A further one (a second agent after a transfer)
    speaks for the party that says the least from its first word to its last: who took over
    from whom. A party's voices are in order of their first word.
    """
    voices: dict[str, list[Span]] = defaultdict(list)
    for label, start, end in found:
        voices[label].append((start, end))
    by_length = sorted((union(spans) for spans in voices.values()), key=lambda s: (-total(s), s))
    parties = [[voice] for voice in by_length[:2]]
    parties += [[] for _ in range(2 - len(parties))]
    for extra in by_length[2:]:
        reach = (extra[0][0], extra[-1][1])
        said = [covered(reach, union(span for voice in party for span in voice))
                for party in parties]
        parties[said.index(min(said))].append(extra)
    for party in parties:
        party.sort()
    first, second = sorted(parties, key=lambda party: party[0][0] if party else (np.inf, np.inf))
    return first, second


def _loudness(audio: Audio, channel: int) -> np.ndarray:
    return np.maximum(frame_dbfs(audio.samples[channel], round(FRAME_S * audio.rate)),
                      QUIETEST_DBFS)
