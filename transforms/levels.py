"""How loud a voice is, how far above its noise, and how high."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from transforms.conversation import Audio, Lane
from transforms.intervals import Span, intersect, union

FRAME_S = 0.01  # of loudness
ZERO_DBFS = -100.0  # under the noise of one bit at 16: digital zero
CLEAR_S = 0.1  # of a pause next to speech: breath and reverberation, not noise
OFFSET_LEAST = 33  # of 32768: -60 dB
PAUSE_S = 0.5  # of pauses at least, or the noise floor is not known

PITCH_RATE = 8_000  # pitch needs no more, and telephone audio has no more
PITCH_WINDOW, PITCH_HOP, PITCH_FFT = 320, 160, 512  # 40 ms every 20 ms, room for lags to 24 ms
LOWEST_HZ, HIGHEST_HZ = 65.0, 400.0  # of adults' speaking pitch
VOICED = 0.5  # normalised autocorrelation at the period from which a frame is voiced
OCTAVE = 0.9  # the shortest period this near the best one is taken: its multiples fit as well
REFERENCE_HZ = 100.0  # 0 semitones
VOICED_FRAMES = 10  # 0.2 s of voice at least, or the turn's pitch is not known
BLOCK_S = 60.0


class Pitch(NamedTuple):
    """The pitch of a lane's speech: a frame every 20 ms, its middle, semitones over 100 Hz or NaN
    where it is not voiced."""

    at_s: np.ndarray
    semitones: np.ndarray


class Voice(NamedTuple):
    """How a turn sounds. None where the turn has too little speech, or voice, to tell."""

    level_dbfs: float | None  # RMS of its speech, full scale sine = -3
    f0_st: float | None  # median pitch, semitones over 100 Hz
    f0_iqr_st: float | None  # its interquartile range


def take_out_offset(audio: Audio) -> None:
    """Centres each channel in place: a recorder's constant offset would pass for loudness.

    One that is under the noise of any line stays.
    """
    for lane in audio.samples:
        offset = round(float(lane.mean())) if lane.size else 0
        if abs(offset) < OFFSET_LEAST:
            continue
        step = round(BLOCK_S * audio.rate)
        for at in range(0, len(lane), step):
            part = lane[at:at + step]
            part[:] = np.clip(part.astype(np.int32) - offset, -32768, 32767)


def frame_dbfs(samples: np.ndarray, size: int) -> np.ndarray:
    """RMS of each `size` samples in dBFS, float32, -120 at least; the last frame may be short.

    Takes int16 or float in [-1, 1]; copies a block at a time.
    """
    scale = 32768.0 if samples.dtype == np.int16 else 1.0
    power = [np.zeros(0, np.float32)]
    step = size * max(1, round(BLOCK_S * 16_000 / size))
    for at in range(0, len(samples), step):
        part = samples[at:at + step].astype(np.float32)
        whole = part[:len(part) // size * size].reshape(-1, size)
        power.append(np.einsum('ij,ij->i', whole, whole) / size)
        rest = part[whole.size:]
        if len(rest):
            power.append(np.array([rest @ rest / len(rest)], np.float32))
    return 10 * np.log10(np.maximum(np.concatenate(power) / scale ** 2, 1e-12), dtype=np.float32)


def snr_db(audio: Audio, lane: Lane, busy: Sequence[Span] = ()) -> float | None:
    """The level of the lane's speech over the noise in its own pauses, dB.

    Args:
      busy: what is neither the lane's speech nor a pause: ringing, music, the other party of
        a mono call. Bleed is left out without being named.

    None without speech, with under 0.5 s of pauses, or with pauses of digital zero: a line that
    is gated says nothing of its noise.
    """
    level = frame_dbfs(audio.samples[lane.channel], round(FRAME_S * audio.rate))
    near = union([*lane.speech, *lane.bleed, *busy], 0.0)
    speech = level[mask_of(lane.speech, len(level))]
    taken = mask_of([(max(0.0, a - CLEAR_S), b + CLEAR_S) for a, b in near], len(level))
    pauses = level[~taken]
    pauses = pauses[pauses > ZERO_DBFS]
    if not len(speech) or len(pauses) * FRAME_S < PAUSE_S or len(pauses) * 2 < np.sum(~taken):
        return None
    noise = _mean_power(pauses)
    voice = max(_mean_power(speech) - noise, noise * 1e-3)
    return float(10 * np.log10(voice / noise))


def measure(audio: Audio, lane: Lane, turns: Sequence[Span],
            pitch: Pitch | None = None) -> list[Voice]:
    """How each turn sounds, in the order given; `turns` are sorted by start.

    Only the lane's speech inside a turn counts, so a turn may hold pauses of its own. Pitch is
    the period at which a frame of 40 ms repeats itself (autocorrelation), looked for between
    65 and 400 Hz: it is found where the telephone has cut the fundamental away too. `pitch` is
    that of the whole lane, where it is known already.
    """
    parts = [intersect([turn], lane.speech) for turn in turns]
    level = frame_dbfs(audio.samples[lane.channel], round(FRAME_S * audio.rate))
    if pitch is None:
        pitch = pitch_of(audio, lane.channel, union(span for part in parts for span in part))
    return [_voice(part, level, *pitch) for part in parts]


def mask_of(spans: Sequence[Span], frames: int) -> np.ndarray:
    """Which of `frames` frames of 10 ms have their middle in one of the spans."""
    mask = np.zeros(frames, bool)
    for start, end in spans:
        mask[max(0, round(start / FRAME_S)):max(0, round(end / FRAME_S))] = True
    return mask


def _voice(part: Sequence[Span], level: np.ndarray, at_s: np.ndarray,
           pitch: np.ndarray) -> Voice:
    frames = [level[round(a / FRAME_S):round(b / FRAME_S)] for a, b in part]
    heard = np.concatenate(frames) if frames else np.zeros(0)
    if not len(heard):
        return Voice(None, None, None)
    tones = [pitch[np.searchsorted(at_s, a):np.searchsorted(at_s, b)] for a, b in part]
    tone = np.concatenate(tones)
    tone = tone[~np.isnan(tone)]
    power = 10 * float(np.log10(_mean_power(heard)))
    if len(tone) < VOICED_FRAMES:
        return Voice(power, None, None)
    low, middle, high = np.percentile(tone, (25, 50, 75))
    return Voice(power, float(middle), float(high - low))


def pitch_of(audio: Audio, channel: int, spans: Sequence[Span]) -> Pitch:
    """The pitch inside the spans of a channel, sorted and disjoint."""
    at, found = [np.zeros(0)], [np.zeros(0)]
    for start, samples in _pieces(audio, channel, spans):
        if len(samples) < PITCH_WINDOW:
            continue
        frames = np.lib.stride_tricks.sliding_window_view(samples, PITCH_WINDOW)[::PITCH_HOP]
        at.append(start + (np.arange(len(frames)) * PITCH_HOP + PITCH_WINDOW / 2) / PITCH_RATE)
        found.append(_semitones(frames))
    return Pitch(np.concatenate(at), np.concatenate(found))


def _pieces(audio: Audio, channel: int,
            spans: Sequence[Span]) -> Iterator[tuple[float, np.ndarray]]:
    """The spans at 8 kHz, at most a block at a time, each with the instant it starts at."""
    for start, end in spans:
        while start < end:
            stop = min(end, start + BLOCK_S)
            samples = audio.window(channel, start, stop)
            if audio.rate == 2 * PITCH_RATE:
                samples = samples[:len(samples) // 2 * 2].reshape(-1, 2).mean(axis=1)
            yield start, samples
            start = stop


def _semitones(frames: np.ndarray) -> np.ndarray:
    """Pitch of each frame (frames, 320) at 8 kHz: semitones over 100 Hz, NaN if not voiced."""
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(frames, PITCH_FFT)
    power = spectrum.real ** 2 + spectrum.imag ** 2
    shortest, longest = int(PITCH_RATE / HIGHEST_HZ), int(PITCH_RATE / LOWEST_HZ)
    same = np.fft.irfft(power, PITCH_FFT)[:, :longest + 2]
    # A lag compares fewer samples the longer it is: each side's energy makes up for it.
    energy = np.cumsum(frames.astype(np.float64) ** 2, axis=1)
    lags = np.arange(1, longest + 2)
    head = energy[:, PITCH_WINDOW - 1 - lags]
    tail = energy[:, -1:] - energy[:, lags - 1]
    fit = np.zeros(same.shape)
    fit[:, 1:] = same[:, 1:] / np.sqrt(np.maximum(head * tail, 1e-9))
    before, here = fit[:, shortest - 1:longest], fit[:, shortest:longest + 1]
    after = fit[:, shortest + 1:longest + 2]
    bend = before - 2 * here + after
    # The top of a parabola: a high voice's period falls between two lags.
    peak = (here >= before) & (here >= after) & (bend < 0)
    bend = np.where(peak, bend, -1.0)
    height = np.where(peak, here - (before - after) ** 2 / (8 * bend), 0.0)
    best = height.max(axis=1, keepdims=True)
    lag = np.argmax(height >= OCTAVE * best, axis=1)
    rows = np.arange(len(fit))
    shift = np.clip((before - after)[rows, lag] / (2 * bend[rows, lag]), -0.5, 0.5)
    tone = 12 * np.log2(PITCH_RATE / (shortest + lag + shift) / REFERENCE_HZ)
    return np.where(best[:, 0] >= VOICED, tone, np.nan)


def _mean_power(dbfs: np.ndarray) -> float:
    return float(np.mean(10 ** (dbfs.astype(np.float64) / 10)))
