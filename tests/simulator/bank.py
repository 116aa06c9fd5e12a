"""The voice bank: recorded utterances with the times of their words. See bank/NOTICE."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

BANK = Path(__file__).resolve().parent / 'bank'
RATE = 16000


@dataclass(frozen=True)
class Clip:
    """An utterance, from its first to its last audible sample at RMS 0.1 of full scale.

    `words` are (start_s, end_s, text) from the start of the clip; `at_s` is where it begins in the
    voice's file.
    """

    voice: str
    kind: str
    text: str
    at_s: float
    duration_s: float
    words: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True)
class Voice:
    """A speaker; `roles` are what it may be: agent, caller, ivr."""

    name: str
    gender: str
    roles: tuple[str, ...]
    clips: tuple[Clip, ...]

    def of_kind(self, *kinds: str) -> tuple[Clip, ...]:
        """Its clips of these kinds, never none: KeyError."""
        found = tuple(clip for clip in self.clips if clip.kind in kinds)
        if not found:
            raise KeyError(f'{self.name} says nothing of kind {kinds}')
        return found


@cache
def voices() -> dict[str, Voice]:
    """All voices by name."""
    out = {}
    for entry in json.loads((BANK / 'bank.json').read_text()):
        clips = tuple(
            Clip(entry['voice'], row['kind'], row['text'], row['start_s'],
                 row['end_s'] - row['start_s'],
                 tuple((start, end, word) for word, (start, end)
                       in zip(row['text'].split(), row['words'], strict=True)))
            for row in entry['clips'])
        out[entry['voice']] = Voice(entry['voice'], entry['gender'], tuple(entry['roles']), clips)
    return out


def samples_of(clip: Clip) -> np.ndarray:
    """The clip's samples, float32 at 16 kHz."""
    first = round(clip.at_s * RATE)
    return _file(clip.voice)[first:first + round(clip.duration_s * RATE)].astype(np.float32) / 32768


@cache
def _file(voice: str) -> np.ndarray:
    return decode(BANK / f'{voice}.ogg')


def decode(path: Path) -> np.ndarray:
    """A recording as int16 at 16 kHz, mixed to one channel."""
    import av
    with av.open(str(path)) as file:
        resampler = av.AudioResampler('s16', 'mono', RATE)
        frames = [piece.to_ndarray().ravel() for frame in file.decode(audio=0)
                  for piece in resampler.resample(frame)]
        frames += [piece.to_ndarray().ravel() for piece in resampler.resample(None)]
    return np.concatenate(frames)
