"""Windows: stretches of one lane's speech laid end to end, as Whisper is given them.

Whisper hears 30 seconds at a time, however little of it is speech, and makes up what it does not
hear: a lone "okay" among 29 seconds of nothing costs as much as ten sentences and is heard worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from transforms.conversation import Audio
from transforms.intervals import Span
from transforms.transcribe.segments import Word, at_16_khz


class Window(NamedTuple):
    """Stretches of a channel, in order of time, each with the pads it is heard with."""

    channel: int
    stretches: tuple[Span, ...]

    @property
    def duration_s(self) -> float:
        return sum(end - start for start, end in self.stretches)

    def samples(self, audio: Audio) -> np.ndarray:
        """What is heard: float32 at 16 kHz, the stretches one after the other."""
        return np.concatenate([at_16_khz(audio.window(self.channel, *span), audio.rate)
                               for span in self.stretches])

    def parts(self) -> list[Span]:
        """Where each stretch lies in the window."""
        at, out = 0.0, []
        for start, end in self.stretches:
            out.append((at, at + end - start))
            at = out[-1][1]
        return out


def windows_of(stretches: Mapping[int, Sequence[Span]], longest_s: float) -> list[Window]:
    """Every channel's stretches in windows of at most `longest_s`, or of one stretch.

    In order of time within a channel; no window holds two channels.
    """
    out: list[Window] = []
    for channel, spans in stretches.items():
        held: list[Span] = []
        length_s = 0.0
        for span in spans:
            if held and length_s + span[1] - span[0] > longest_s:
                out.append(Window(channel, tuple(held)))
                held, length_s = [], 0.0
            held.append(span)
            length_s += span[1] - span[0]
        if held:
            out.append(Window(channel, tuple(held)))
    return out


def by_stretch(words: Sequence[Word], window: Window) -> list[list[Word]]:
    """The words of each stretch, their times moved from the window to the recording.

    A word belongs to the stretch that its middle lies in, and is cut to it; one without times to
    that of the word before it.
    """
    parts = window.parts()
    out: list[list[Word]] = [[] for _ in parts]
    last = 0
    for word in words:
        if word.start_s is None or word.end_s is None:
            out[last].append(word)
            continue
        middle = (word.start_s + word.end_s) / 2
        last = max((n for n, part in enumerate(parts) if part[0] <= middle), default=0)
        (low, high), shift = parts[last], window.stretches[last][0] - parts[last][0]
        start = min(max(word.start_s, low), high)
        out[last].append(word._replace(start_s=start + shift,
                                       end_s=min(max(word.end_s, start), high) + shift))
    return out
