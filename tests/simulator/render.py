"""Plays a script: clean lanes first, then what a line and a recorder do to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import butter, resample_poly, sosfilt

from tests.simulator import codecs
from tests.simulator.bank import RATE, samples_of, voices
from tests.simulator.script import AGENT, CALLER, IVR, Script, Utterance
from tests.simulator.sounds import music, noise, ring_samples
from tests.simulator.truth import Truth, truth_of
from transforms.conversation import Audio

CLIP_RMS = 0.1
BEFORE_S, AFTER_S = 0.1, 0.15  # of what sounds, with a line that is silent in pauses
FRAME_S = 0.02  # of a packet


@dataclass(frozen=True, eq=False)
class Call:
    """A rendered call. `audio` is what is heard of the `files` (suffix, bytes): one, or GSM's pair.
    """

    script: Script
    audio: Audio
    truth: Truth
    files: tuple[tuple[str, bytes], ...]

    def write(self, folder: Path | str, name: str | None = None, *, transcript: bool = False,
              jitter_s: float = 0.0, tell_agent: bool = True) -> dict[str, str]:
        """Writes the recording; gives its row for a manifest in the same folder.

        Args:
          transcript: writes the true words beside it, as WhisperX JSON with speakers.
          jitter_s: standard deviation of the error of its word times.
          tell_agent: the row names the agent's channel.
        """
        folder, call_id = Path(folder), name or f'sim-{self.script.seed}'
        row = {'call_id': call_id, 'direction': str(self.script.knobs.direction), 'language': 'en'}
        keys = ['audio_uri']
        if len(self.files) == 2:
            keys = ['agent_audio_uri', 'caller_audio_uri']
            keys = keys[::-1] if self.truth.agent_channel == 1 else keys
        elif tell_agent and self.truth.agent_channel is not None:
            row['agent_channel'] = str(self.truth.agent_channel)
        for key, (suffix, data) in zip(keys, self.files, strict=True):
            row[key] = f'{call_id}{key.removesuffix("audio_uri").replace("_", "")}{suffix}'
            (folder / row[key]).write_bytes(data)
        if transcript:
            row['transcript_uri'] = f'{call_id}.json'
            said = json.dumps(self.whisperx(jitter_s), indent=1)
            (folder / row['transcript_uri']).write_text(said + '\n')
        return row

    def whisperx(self, jitter_s: float = 0.0) -> dict[str, Any]:
        """The true words in the shape of WhisperX's JSON, their times off by about `jitter_s`."""
        rng = np.random.default_rng([self.script.seed, 4])
        segments = []
        for turn in self.truth.turns:
            words = []
            for start, end, text in self.truth.words[turn.speaker]:
                if start >= turn.start_s - 1e-6 and end <= turn.end_s + 1e-6:
                    first, last = np.array([start, end]) + jitter_s * rng.normal(size=2)
                    first = max(0.0, float(first))
                    words.append({'word': text, 'start': round(first, 3),
                                  'end': round(max(first + 0.02, float(last)), 3),
                                  'score': 0.9, 'speaker': turn.speaker})
            segments.append({'start': round(turn.start_s, 3), 'end': round(turn.end_s, 3),
                             'text': turn.text, 'speaker': turn.speaker, 'words': words})
        return {'segments': segments, 'language': 'en'}


def render(script: Script) -> Call:
    """The call as recorded, with its truth."""
    knobs, rng = script.knobs, np.random.default_rng([script.seed, 3])
    lanes = leaked(clean_lanes(script), script)
    lanes = lined(lanes, script, rng)
    channels = laid_out(lanes, str(knobs.layout))
    rate = int(knobs.sample_rate or RATE)
    if rate == 8000:
        channels = resample_poly(channels, 1, 2, axis=1)
    narrow = knobs.codec in ('pcm_mulaw', 'gsm')
    if narrow:  # the telephone band below; resampling bounds it above
        channels = sosfilt(butter(2, 250, 'highpass', fs=rate, output='sos'), channels, axis=1)
    channels = lossy(channels, script, rate, rng)
    dead = np.all(channels == 0, axis=1)
    channels = channels + np.where(dead, 0.0, float(knobs.dc_offset or 0.0))[:, None]
    samples = np.clip(np.round(channels * 32767), -32768, 32767).astype(np.int16)
    files = codecs.encode(str(knobs.codec), samples, rate)
    heard = samples if knobs.codec == 'pcm_s16le' else codecs.decode(files, rate, samples.shape[1])
    return Call(script, Audio(heard, rate), truth_of(script), tuple(files))


def clean_lanes(script: Script) -> np.ndarray:
    """What both parties and the switch send, full scale 1, shape (2, frames) at 16 kHz."""
    knobs = script.knobs
    out = np.zeros((2, round(script.duration_s * RATE)), np.float32)
    speech = np.zeros_like(out)
    for utterance in script.utterances:
        if utterance.speaker != IVR:
            put(speech, utterance.lane, utterance.start_s, played(utterance), level(script))
    speech = overdriven(speech, float(knobs.clip_db or 0.0))
    for hold in script.holds:
        if hold.kind not in ('silence', 'zero', 'beeps'):
            sound = music(hold.kind, hold.end_s - hold.start_s, hold.seed)
            duck(sound, hold.start_s, script.utterances)
            put(out, hold.lane, hold.start_s, sound * 10 ** (hold.level_db / 20), level(script))
    for utterance in script.utterances:
        if utterance.speaker == IVR:
            put(out, utterance.lane, utterance.start_s, played(utterance), level(script))
    for ring in script.rings:
        heard = ring_samples(ring.country, ring.end_s - ring.onset_s, max(0.0, -ring.onset_s))
        put(out, ring.lane, max(0.0, ring.onset_s), heard, ring_level(script))
    for tone in script.tones:
        length = np.arange(round((tone.end_s - tone.start_s) * RATE)) / RATE
        sines = np.sin(2 * np.pi * np.outer(tone.hz, length)).sum(axis=0)
        edge = np.minimum(1.0, np.arange(len(length)) / (0.003 * RATE))
        put(out, tone.lane, tone.start_s, 0.7 * sines * edge * edge[::-1], level(script))
    return out + speech


def level(script: Script) -> np.ndarray:
    """RMS of speech in each lane, full scale 1."""
    return np.array([10 ** (float(db or 0.0) / 20) for db in
                     (script.knobs.agent_dbfs, script.knobs.caller_dbfs)])


def ring_level(script: Script) -> np.ndarray:
    over, snr = script.knobs.ring_over_noise_db, float(script.knobs.snr_db or 0.0)
    db = script.ring_level_db if over is None or np.isinf(snr) else over - snr
    return level(script) * 10 ** (db / 20)


def put(out: np.ndarray, lane: str, start_s: float, samples: np.ndarray,
        gains: np.ndarray) -> None:
    """Adds a sound to the lane, or to both."""
    at = round(start_s * RATE)
    samples = samples[:out.shape[1] - at]
    for index, name in enumerate((AGENT, CALLER)):
        if lane in (name, 'both'):
            out[index, at:at + len(samples)] += (samples * gains[index]).astype(np.float32)


def played(utterance: Utterance) -> np.ndarray:
    """The clip or what is said of it, RMS 1 over the whole clip."""
    clip = voices()[utterance.voice].clips[utterance.clip]
    samples = samples_of(clip) * (10 ** (utterance.gain_db / 20) / CLIP_RMS)
    keep, decay = round(utterance.keep_s * RATE), round(utterance.decay_s * RATE)
    if keep >= len(samples):
        return samples
    out = samples[:keep + decay].copy()
    out[keep:] *= np.linspace(1.0, 0.0, len(out) - keep) ** 2
    return out


def duck(sound: np.ndarray, start_s: float, utterances: Iterable[Utterance]) -> None:
    """Stops the music for announcements, with fades of 0.2 s."""
    fade = round(0.2 * RATE)
    for utterance in utterances:
        first = round((utterance.start_s - 0.3 - start_s) * RATE)
        last = round((utterance.end_s + 0.3 - start_s) * RATE)
        if utterance.speaker == IVR and first > fade and last < len(sound) - fade:
            sound[first - fade:first] *= np.linspace(1, 0, fade)
            sound[first:last] = 0.0
            sound[last:last + fade] *= np.linspace(0, 1, fade)


def overdriven(speech: np.ndarray, clip_db: float) -> np.ndarray:
    """Each lane's peaks cut off so far below the highest: a handset too loud for its converter."""
    if not clip_db:
        return speech
    ceiling = np.abs(speech).max(axis=1, keepdims=True) * 10 ** (-clip_db / 20)
    return np.clip(speech, -ceiling, ceiling)


def leaked(lanes: np.ndarray, script: Script) -> np.ndarray:
    """Each lane with the other in it, weaker, later and duller."""
    bleed = float(script.knobs.bleed_db if script.knobs.bleed_db is not None else -np.inf)
    if np.isinf(bleed):
        return lanes
    delay = round(float(script.knobs.bleed_delay_s or 0.0) * RATE)
    later = np.pad(lanes, ((0, 0), (delay, 0)))[:, :lanes.shape[1]]
    return lanes + np.float32(10 ** (bleed / 20)) * later[::-1]


def lined(lanes: np.ndarray, script: Script, rng: np.random.Generator) -> np.ndarray:
    """The lanes with their noise, or silence in pauses."""
    knobs, count = script.knobs, lanes.shape[1]
    snr = float(knobs.snr_db if knobs.snr_db is not None else np.inf)
    floor = 10 ** (rng.uniform(-68, -58) / 20)
    speakers = sorted({u.voice for u in script.utterances if u.speaker != IVR})
    babble = tuple(samples_of(clip) for voice in speakers
                   for clip in voices()[voice].of_kind('agent', 'caller')[:4]) \
        if knobs.noise == 'babble' and not np.isinf(snr) else ()
    out = lanes.copy()
    for index, lane in enumerate((AGENT, CALLER)):
        if not np.isinf(snr):
            gain = level(script)[index] * 10 ** (-snr / 20)
            out[index] += gain * noise(str(knobs.noise), count, rng, babble)
        if knobs.pauses != 'noise':
            gate = sounding(script, lane, count)
            out[index] *= gate
            if knobs.pauses == 'comfort_noise':
                out[index] += (1 - gate) * floor * rng.standard_normal(count, np.float32)
    for start, end in script.zeros:
        out[:, round(start * RATE):round(end * RATE)] = 0.0
    return out


def sounding(script: Script, lane: str, count: int) -> np.ndarray:
    """1 where something is sent in the lane, 0 in its pauses, with edges of 5 ms."""
    spans = [(item.start_s, item.end_s)
             for items in (script.utterances, script.holds, script.tones)
             for item in items if item.lane in (lane, 'both')]
    spans += [(ring.onset_s, ring.end_s) for ring in script.rings if ring.lane in (lane, 'both')]
    gate = np.zeros(count, np.float32)
    for start, end in spans:
        gate[max(0, round((start - BEFORE_S) * RATE)):round((end + AFTER_S) * RATE)] = 1.0
    edge = RATE // 200
    total = np.concatenate([[0.0], np.cumsum(np.pad(gate, (edge // 2, edge - edge // 2 - 1)))])
    return ((total[edge:] - total[:-edge]) / edge).astype(np.float32)


def laid_out(lanes: np.ndarray, layout: str) -> np.ndarray:
    """Lanes as the channels of a recording."""
    mix = lanes.sum(axis=0, keepdims=True)
    nothing = np.zeros_like(mix)
    return {'two_channel': lambda: lanes, 'swapped': lambda: lanes[::-1], 'mono': lambda: mix,
            'duplicated': lambda: np.concatenate([mix, mix]),
            'dead_channel': lambda: np.concatenate([mix, nothing]),
            'one_way': lambda: np.concatenate([lanes[:1], nothing])}[layout]()


def lossy(channels: np.ndarray, script: Script, rate: int,
          rng: np.random.Generator) -> np.ndarray:
    """Lost packets, of each channel its own, zeroed or filled with the one before."""
    share, frame = float(script.knobs.loss or 0.0), round(FRAME_S * rate)
    if not share:
        return channels
    out = channels.copy()
    for channel in out:
        for n in np.flatnonzero(rng.random(len(channel) // frame) < share):
            at = int(n) * frame
            channel[at:at + frame] = (channel[at - frame:at].copy()
                                      if script.knobs.loss_kind == 'repeat' and n else 0.0)
    return out
