"""What is heard in a recording besides conversation: ringing, tones, hold music, digital zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.bands import band_power, fingerprint
from transforms.beeps import BeepOptions, find_beeping, strongest_lines
from transforms.beeps import Voices as Ear
from transforms.conversation import Audio, Sound
from transforms.intervals import Span, covered, subtract, union
from transforms.ivr import IvrOptions
from transforms.music import (
    MusicOptions,
    join_features,
    lines_of,
    music_features,
    segment_frames,
)
from transforms.played import Channel, find_music, same_beside
from transforms.references import Mark, MatchOptions, ReferenceFile, find_references
from transforms.spectrum import SpectrumOptions, power_blocks, runs
from transforms.tones import PROGRESS, ToneOptions, find_tones, tone_features
from transforms.vad import Vad

FRAME_S = 0.02  # resolution of digital zero
WARNINGS = 3  # record-warning beeps of a call that has them, at least
FAINT = 1e-9  # power of a band under which all is alike


@dataclass(frozen=True)
class ZeroOptions:
    """When silence is a parked call, not a quiet line.

    Attributes:
      max_sample: largest magnitude of a sample, and largest swing about any constant, that count
        as zero (int16): 8 is the A-law code for silence.
      min_s: shortest stretch of zero in all channels that is a hold.
      silence_min_s: shortest other silence that is looked at.
      others: so many other silences that are zero show that this is how silence is stored;
      other_share: largest share of those other silences, 0..1, that may be zero too: above, zero
        is how this recording stores silence and tells nothing.
      quiet_db: a frame is silent up to this far above the recording's quietest tenth.
    """

    max_sample: Annotated[int, Ge(0)]
    min_s: Annotated[float, Gt(0)]
    silence_min_s: Annotated[float, Gt(0)]
    others: Annotated[int, Ge(1)]
    other_share: Annotated[float, Interval(ge=0, le=1)]
    quiet_db: Annotated[float, Ge(0)]


@dataclass(frozen=True)
class SoundOptions:
    """Settings of all detectors.

    Attributes:
      spectrum: how the audio is cut into frames.
      tones: ringing, busy, beeps.
      music: hold music.
      beeps: beeps in a silent line.
      zero: digital zero.
      ivr: recorded prompts before the answer.
      references: recordings that the site's phone system plays.
      matching: when one of them is heard.
      same_share: sounds of one kind in several channels that share at least this much of the
        longer one are one sound, heard in all of them.
    """

    spectrum: SpectrumOptions
    tones: ToneOptions
    music: MusicOptions
    beeps: BeepOptions
    zero: ZeroOptions
    ivr: IvrOptions
    references: tuple[ReferenceFile, ...]
    matching: MatchOptions
    same_share: Annotated[float, Interval(gt=0, le=1)]


def hear_sounds(audio: Audio, options: SoundOptions,
                load_vad: Callable[[], Vad] | None = None,
                references: Sequence[Mark] = ()) -> tuple[Sound, ...]:
    """The recording's rings, tones, music, announcements and digital zero, in order of start.

    A ring (`ring/ringback`, or `ringback_partial` where the recording began inside it) is one
    Sound each. Whether it belongs to this call or to a transfer, and whether music is a hold, is
    for others to decide. What is heard in all channels at once is reported once, channel None.

    Args:
      load_vad: gives the ear for speech, the same one each time; called only where something
        may be music or speech. None: only music that is sure without is found, and speech
        inside it is taken for part of it.
      references: those of the options, loaded.
    """
    found: list[Sound] = []
    signals = [_tones(audio, channel, options) for channel in range(audio.channels)]
    warnings = _warnings([tone for tones, _ in signals for tone in tones])
    for channel, (tones, heard) in enumerate(signals):
        ear = _ear(audio, load_vad)
        heard = replace(heard, voices=partial(ear, channel) if ear else None,
                        tones=union([*heard.tones, *warnings]))
        others = [other for _, other in signals if other.channel != channel]
        found += _with_music(tones, heard, others, references, options)
    if audio.channels > 1:
        found = _once(found, lambda s: _weight(s, signals[s.channel or 0][1], options.spectrum),
                      options.same_share)
    found = [_leaked(sound, [heard for _, heard in signals], options) for sound in found]
    taken = union((s.start_s, s.end_s) for s in found
                  if s.kind in ('hold', 'ring') or s.label in PROGRESS)
    channels = [heard for _, heard in signals]
    found += find_beeping(audio, [heard.lines_heard for heard in channels],
                          [heard.levels for heard in channels], taken, _ear(audio, load_vad),
                          options.spectrum, options.beeps)
    found += find_zero(audio, options.zero)
    return tuple(sorted(found, key=lambda s: (s.start_s, s.end_s, s.kind, s.channel or 0)))


def _tones(audio: Audio, channel: int, options: SoundOptions) -> tuple[list[Sound], Channel]:
    """A channel's tones, and what is left of its spectra to find music in."""
    spectrum = options.spectrum
    tone_rows, music_rows, band_rows, line_rows = [], [], [], []
    for power in power_blocks(audio.samples[channel], audio.rate, spectrum, segment_frames()):
        tone_rows.append(tone_features(power, spectrum))
        music_rows.append(music_features(power, spectrum, options.music))
        band_rows.append(band_power(power, spectrum))
        line_rows.append(strongest_lines(power, spectrum))
    features = np.concatenate(tone_rows)
    tones = find_tones(audio, channel, features, spectrum, options.tones)
    signals = [(tone.start_s, tone.end_s) for tone in tones
               if tone.label in (*PROGRESS, 'dtmf')]
    bands = np.concatenate(band_rows)
    return tones, Channel(
        channel, lines_of(join_features(music_rows), signals, spectrum, options.music),
        features[:, 0], 10.0 * np.log10(bands + FAINT), fingerprint(bands, spectrum),
        np.concatenate(line_rows), signals, None)


def _warnings(tones: Sequence[Sound]) -> list[Span]:
    """The beeps that tell the parties all through a call that it is recorded; in both lanes, so
    that one which music drowns in one is heard in the other."""
    beeps = union([(tone.start_s, tone.end_s) for tone in tones if tone.label == 'record_beep'])
    return beeps if len(beeps) >= WARNINGS else []


def _with_music(tones: Sequence[Sound], heard: Channel, others: Sequence[Channel],
                references: Sequence[Mark], options: SoundOptions) -> list[Sound]:
    known = find_references(heard.marks, heard.levels, heard.channel, references,
                            options.spectrum, options.matching)
    music = known + _beside(find_music(heard, others, options.spectrum, options.music), known,
                            options.music.min_s)
    playing = [(piece.start_s, piece.end_s + 1.0) for piece in music if piece.kind == 'hold']
    # a note of a tune is as pure as a beep
    return [*music, *(tone for tone in tones if tone.label in PROGRESS
                      or not covered((tone.start_s, tone.end_s), playing))]


def _beside(music: Sequence[Sound], known: Sequence[Sound], min_s: float) -> list[Sound]:
    """What was heard as music or an announcement and is none of the references."""
    spans = union([(s.start_s, s.end_s) for s in known])
    out = []
    for sound in music:
        whole = (sound.start_s, sound.end_s)
        out += [replace(sound, start_s=start, end_s=end)
                for start, end in subtract([whole], spans)
                if (start, end) == whole or end - start >= min_s]
    return out


def _ear(audio: Audio, load_vad: Callable[[], Vad] | None) -> Ear | None:
    """Tells the speech of a channel between two instants."""
    if load_vad is None:
        return None

    def ear(channel: int, start_s: float, end_s: float) -> list[Span]:
        first, last = max(0, round(start_s * audio.rate)), round(end_s * audio.rate)
        spans = load_vad().spans(audio.samples[channel, first:last], audio.rate)
        return [(first / audio.rate + a, first / audio.rate + b) for a, b in spans]

    return ear


def _weight(sound: Sound, heard: Channel, spectrum: SpectrumOptions) -> float:
    """By which one sound in several channels is told: how loud it is where it is played, for a
    leak has lost its soft beginning, else how sure."""
    if sound.kind not in ('hold', 'ivr'):
        return sound.confidence
    part = heard.levels[round(sound.start_s / spectrum.hop_s):round(sound.end_s / spectrum.hop_s)]
    return float(np.mean(part)) if len(part) else 0.0


def _once(sounds: Sequence[Sound], weight: Callable[[Sound], float],
          same_share: float) -> list[Sound]:
    """The sounds, with what several channels hold at the same time merged into the weightiest."""
    kept: list[Sound] = []
    for sound in sorted(sounds, key=lambda s: (-weight(s), s.channel or 0, s.start_s)):
        span = (sound.start_s, sound.end_s)
        for i, other in enumerate(kept):
            longer = max(sound.end_s - sound.start_s, other.end_s - other.start_s)
            if (other.kind == sound.kind and other.channel != sound.channel
                    and covered(span, [(other.start_s, other.end_s)]) >= same_share * longer):
                kept[i] = replace(other, channel=None)
                break
        else:
            kept.append(sound)
    return kept


def _leaked(sound: Sound, channels: Sequence[Channel], options: SoundOptions) -> Sound:
    """Music of one channel as that of all where it leaks into the others."""
    if sound.channel is None or sound.kind not in ('hold', 'ivr') or len(channels) == 1:
        return sound
    span, own = (sound.start_s, sound.end_s), channels[sound.channel]
    everywhere = all(same_beside(own, other, span, options.spectrum, options.music.prompts)
                     for other in channels if other is not own)
    return replace(sound, channel=None) if everywhere else sound


def find_zero(audio: Audio, options: ZeroOptions) -> list[Sound]:
    """Stretches where every channel is digital zero (or constant), none at either end."""
    hop = round(FRAME_S * audio.rate)
    count = audio.samples.shape[1] // hop
    zero, level = np.ones(count, bool), np.zeros(count)
    for channel in audio.samples:
        frames = channel[:count * hop].reshape(count, hop)
        high, low = frames.max(axis=1, initial=-32768), frames.min(axis=1, initial=32767)
        # wide enough that full scale does not overflow
        swing = high.astype(np.float64) - low
        # GSM makes two codes of one constant
        zero &= (swing <= options.max_sample) | (
            (high <= options.max_sample) & (low >= -options.max_sample))
        level = np.maximum(level, swing)
    long, short_zero, shorts = [], 0, 0
    for first, last in runs(zero):
        if first == 0 or last == count:
            continue
        if (last - first) * FRAME_S >= options.min_s:
            long.append((first, last))
        elif (last - first) * FRAME_S >= options.silence_min_s:
            short_zero += last - first
            shorts += 1
    silent = short_zero + _quiet(level, zero, options)
    if not long or shorts >= options.others or short_zero > options.other_share * silent:
        return []
    return [Sound('hold', 'zero', None, first * FRAME_S, last * FRAME_S, 0.9,
                  f'all channels digital zero for {(last - first) * FRAME_S:.1f} s')
            for first, last in long]


def _quiet(level: np.ndarray, zero: np.ndarray, options: ZeroOptions) -> int:
    """Frames in silences that are not digital zero."""
    sounding = level[~zero]
    if not len(sounding):
        return 0
    limit = float(np.quantile(sounding, 0.1)) * 10 ** (options.quiet_db / 20)
    return sum(last - first for first, last in runs(~zero & (level <= limit))
               if (last - first) * FRAME_S >= options.silence_min_s)
