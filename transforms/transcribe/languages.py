"""Languages: which one a call is in, where its manifest does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from transforms.conversation import Audio
from transforms.intervals import Span
from transforms.levels import FRAME_S, frame_dbfs, mask_of
from transforms.transcribe.seam import DetectOptions
from transforms.transcribe.windows import Window

WINDOW_S = 30.0  # all that Whisper looks at


class Told(NamedTuple):
    """The likeliest language, and its mean probability over the windows."""

    language: str
    probability: float
    evidence: str


def detection_windows(audio: Audio, stretches: Mapping[int, Sequence[Span]],
                      count: int) -> list[Window]:
    """The loudest and longest speech of all channels, in windows of up to 30 s, by time within.

    A channel's stretches are weighed by their energy: length and loudness both speak for them.
    Channels take turns, so that both parties are heard where both speak.
    """
    queues = [_windows(audio, channel, spans) for channel, spans in stretches.items()]
    rounds = [queue[n] for n in range(count) for queue in queues if n < len(queue)]
    return rounds[:count]


def _windows(audio: Audio, channel: int, spans: Sequence[Span]) -> list[Window]:
    level = frame_dbfs(audio.samples[channel], round(FRAME_S * audio.rate))
    power = 10 ** (level.astype(np.float64) / 10)
    rest = sorted(spans, key=lambda span: -float(power[mask_of([span], len(power))].sum()))
    out: list[list[Span]] = []
    length_s = WINDOW_S
    for span in rest:
        if length_s + span[1] - span[0] > WINDOW_S:
            out.append([])
            length_s = 0.0
        out[-1].append(span)
        length_s += span[1] - span[0]
    return [Window(channel, tuple(sorted(window))) for window in out]


def tell_language(heard: Sequence[Mapping[str, float]], options: DetectOptions) -> Told | None:
    """The language by the probabilities summed over windows; None where nothing was heard.

    Only the languages of the options are looked at, but the probability is that among all that
    the model knows: a call in another language is told with little.
    """
    if not heard or not options.languages:
        return None
    mean = {language: sum(window.get(language, 0.0) for window in heard) / len(heard)
            for language in options.languages}
    ranked = sorted(mean, key=lambda language: -mean[language])
    evidence = ', '.join(f'{language} {mean[language]:.2f}' for language in ranked[:3])
    return Told(ranked[0], mean[ranked[0]], f'{evidence} over {len(heard)} windows of speech')
