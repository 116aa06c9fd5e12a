"""How what is said is delivered: how loud, and with what melody it ends.

Where the words are not known, these are the cues that tell a listening signal from an attempt to
take the floor, and a sentence that was finished from one that was cut off.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transforms.conversation import Audio, Lane
from transforms.intervals import Span, union
from transforms.levels import FRAME_S, ZERO_DBFS, Pitch, frame_dbfs, mask_of
from transforms.standard import Standard
from transforms.talk import end_evidence

FINAL_FRAMES = 6  # voiced ones: the last syllable, 0.12 s
LEAST_FRAMES = 12  # of an utterance, or it has no melody
RANGE_FRAMES = 100  # of a lane: 2 s, or its speaker's range is not known


class Loudness:
    """Tells how much louder a span is than the lane's speech in general."""

    def __init__(self, audio: Audio, lane: Lane):
        level = frame_dbfs(audio.samples[lane.channel], round(FRAME_S * audio.rate))
        self._spoken = mask_of(lane.speech, len(level)) & (level > ZERO_DBFS)
        self._power = np.where(self._spoken, 10 ** (level.astype(np.float64) / 10), 0.0)

    def __call__(self, span: Span) -> float | None:
        """In dB, of mean power while speaking; None where nothing is heard."""
        first, last = round(span[0] / FRAME_S), round(span[1] / FRAME_S)
        frames = self._spoken[first:last].sum()
        if not frames:
            return None
        usual = self._power.sum() / self._spoken.sum()
        return float(10 * np.log10(self._power[first:last].sum() / frames / usual))


def ends(lane: Lane, other: Lane, pitch: Pitch, standard: Standard) -> dict[Span, str]:
    """With what melody the lane's speech ends under the other's, as `evidence` of a speech event.

    A voice that has said what it wanted falls to the bottom of its range (final lowering; a
    turn-yielding cue in Gravano & Hirschberg 2011). Only ends with the other party speaking are
    looked at, for only there it matters; the spans of the lane's speech are those at these ends.
    """
    ranged = pitch.semitones[~np.isnan(pitch.semitones)]
    if len(ranged) < RANGE_FRAMES:
        return {}
    out = {}
    floors = union(other.speech, standard.turns.ipu_gap_s)
    for first, last in _utterances(lane.speech, standard.turns.ipu_gap_s):
        end = lane.speech[last][1]
        if not any(start < end < stop for start, stop in floors):
            continue
        at = np.searchsorted(pitch.at_s, (lane.speech[first][0], end))
        tones = pitch.semitones[at[0]:at[1]]
        tones = tones[~np.isnan(tones)]
        if len(tones) < LEAST_FRAMES:
            continue
        lower = float(np.mean(ranged < np.median(tones[-FINAL_FRAMES:])))
        out[lane.speech[last]] = end_evidence(lower)
    return out


def _utterances(speech: Sequence[Span], gap_s: float) -> list[tuple[int, int]]:
    """First and last index of each run of spans that only short pauses divide."""
    breaks = [i for i in range(1, len(speech)) if speech[i][0] - speech[i - 1][1] > gap_s]
    return list(zip([0, *breaks], [*(i - 1 for i in breaks), len(speech) - 1], strict=True)) \
        if speech else []
