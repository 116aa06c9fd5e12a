"""Real recordings: what the default settings make of them, and of two lanes mixed into one.

A two-channel recording is its own reference: voice activity on each clean lane, with settings that
do not depend on the project's, says who spoke when; the mix must be told apart again.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.settings import load_settings
from pipeline.sources import read_batch
from tests.bench.accuracy.mono import error_rate, parties
from tests.bench.ears import QUICK, hear
from tests.bench.timing import workers
from transforms.conversation import Audio, Reference
from transforms.decode import decode
from warehouse.records import AGENT, CALLER

VAD_RATE = 8000


def recordings(folder: Path, name: str | None) -> dict[str, Any] | str:
    """Figures of the recordings in a folder; why there are none where none is given."""
    if name is None:
        return 'skipped: no RECORDINGS=DIR given'
    settings = load_settings(None)
    batch = read_batch(name, settings.source)
    done = workers(list(batch.references), settings, folder, 1)
    lanes = {}
    for ref in batch.references:
        audio = decode(ref, settings.decode).audio
        if audio.channels == 2:
            lanes[Path(ref.source_uri).name] = {
                **_two_lanes(audio, ref),
                'mono_times_real_time': _mono_speed(_mixed(audio), audio.rate, folder)}
    return {'calls': done.landed, 'rejected': done.rejected, 'audio_s': round(done.audio_s, 1),
            'times_real_time': round(done.audio_s / done.work_s, 1), 'lanes': lanes}


def _two_lanes(audio: Audio, ref: Reference) -> dict[str, Any]:
    kpis = hear(audio, ref, str(QUICK)).kpis[0]
    mixed = Audio(_mixed(audio), audio.rate)
    mono = parties(hear(mixed, Reference('mixed', audio_uri='mixed'), str(QUICK)))
    true = {AGENT: reference_speech(audio, 0), CALLER: reference_speech(audio, 1)}
    return {'der': round(error_rate(true, mono, audio.duration_s), 4),
            'agent_interruptions': kpis.agent_interruptions,
            'caller_interruptions': kpis.caller_interruptions,
            'ring_count': kpis.ring_count, 'hold_count': kpis.hold_count}


def _mono_speed(mixed: np.ndarray, rate: int, folder: Path) -> float:
    """How fast two workers tell the mix apart, a copy of it each, in seconds of audio a second."""
    path = folder / 'mixed.wav'
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(mixed.tobytes())
    calls = [Reference(f'mixed-{n}', audio_uri=str(path)) for n in range(2)]
    done = workers(calls, load_settings(str(QUICK)), folder, 2)
    return round(done.audio_s / done.work_s, 1)


def _mixed(audio: Audio) -> np.ndarray:
    return np.round(audio.samples.astype(np.float32).mean(axis=0)).astype(np.int16)[None]


def reference_speech(audio: Audio, channel: int) -> list[tuple[float, float]]:
    """Silero's own spans of a lane: threshold 0.5, speech and silence of 0.1 s at least, no pad."""
    import torch
    from scipy.signal import resample_poly
    from silero_vad import get_speech_timestamps, load_silero_vad
    samples = resample_poly(audio.window(channel), VAD_RATE, audio.rate).astype(np.float32)
    found = get_speech_timestamps(
        torch.from_numpy(samples), load_silero_vad(onnx=True), sampling_rate=VAD_RATE,
        threshold=0.5, min_speech_duration_ms=100, min_silence_duration_ms=100, speech_pad_ms=0)
    return [(span['start'] / VAD_RATE, span['end'] / VAD_RATE) for span in found]

