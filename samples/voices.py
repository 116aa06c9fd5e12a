"""Synthetic speakers: flite's 16 kHz voices, with the time of each word."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from sounds import RATE

# duration_stretch of each voice: the pace at which it sounds least hurried.
VOICES = {'slt': 1.1, 'rms': 1.1, 'awb': 1.1, 'kal16': 1.0}
FADE_S = 0.008
AUDIBLE_DB = 38.0  # below the loudest frame: lower than any phone, above the voice's own hiss
FRAME = 80  # 5 ms


@dataclass(frozen=True, eq=False)
class Speech:
    """An utterance at RMS 1.0, from its first to its last audible sample.

    `words` are (text, start_s, end_s), the synthesizer's own phone times summed up by word.
    """

    samples: np.ndarray
    words: tuple[tuple[str, float, float], ...]

    @property
    def duration_s(self) -> float:
        return len(self.samples) / RATE


def speak(voice: str, text: str, keep_words: int | None = None) -> Speech:
    """The voice saying the text; with `keep_words` it breaks off after that many words.

    The break is made in the finished sentence, so that it has the melody of one that was cut.
    Raises ValueError where the synthesizer's phones cannot be told apart by word (reword then).
    """
    samples, ends = _synthesize(voice, text)
    words = _word_times(voice, text, ends)
    if keep_words is not None:
        words = words[:keep_words]
        samples = samples[:round(words[-1][2] * RATE)]
    first, last = _audible(samples)
    samples = _faded(samples[first:last])
    offset, length = first / RATE, (last - first) / RATE
    timed = tuple((word, max(0.0, start - offset), min(length, end - offset))
                  for word, start, end in words)
    return Speech(samples / np.sqrt(np.mean(samples ** 2)), timed)


def _synthesize(voice: str, text: str) -> tuple[np.ndarray, list[tuple[str, float]]]:
    """Samples, and (phone, end_s) of each phone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'speech.wav'
        printed = subprocess.run(
            ['flite', '-voice', voice, '--setf', f'duration_stretch={VOICES[voice]}', '-psdur',
             '-t', text, '-o', str(path)], check=True, capture_output=True, text=True).stdout
        with wave.open(str(path)) as file:
            if file.getframerate() != RATE:
                raise ValueError(f'voice {voice} speaks at {file.getframerate()} Hz, not {RATE}')
            samples = np.frombuffer(file.readframes(file.getnframes()), '<i2') / 32768.0
    phones = [item.split(':') for item in printed.split()]
    return samples, [(phone, float(end)) for phone, end in phones]


@cache
def _phone_count(voice: str, word: str) -> int:
    return sum(phone != 'pau' for phone, _ in _synthesize(voice, word)[1])


def _word_times(voice: str, text: str,
                phones: list[tuple[str, float]]) -> list[tuple[str, float, float]]:
    starts = [0.0, *(end for _, end in phones)]
    spoken = [(starts[i], end) for i, (phone, end) in enumerate(phones) if phone != 'pau']
    words, at = [], 0
    for word in text.split():
        count = _phone_count(voice, word)
        words.append((word, spoken[at][0], spoken[min(at + count, len(spoken)) - 1][1]))
        at += count
    if at != len(spoken):
        raise ValueError(f'{voice} says {text!r} in {len(spoken)} phones, its words in {at}')
    return words


def _audible(samples: np.ndarray) -> tuple[int, int]:
    frames = samples[:len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    level = np.sqrt(np.mean(frames ** 2, axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (-AUDIBLE_DB / 20))
    return int(loud[0]) * FRAME, (int(loud[-1]) + 1) * FRAME


def _faded(samples: np.ndarray) -> np.ndarray:
    ramp = np.linspace(0.0, 1.0, round(FADE_S * RATE))
    out = samples.copy()
    out[:len(ramp)] *= ramp
    out[-len(ramp):] *= ramp[::-1]
    return out
