"""A script while it is being written: who spoke last, until when, and what was said already."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.simulator.bank import Clip, voices
from tests.simulator.script import (
    AGENT,
    CALLER,
    IVR,
    Hold,
    Knobs,
    Overlap,
    Ringing,
    Tone,
    Utterance,
)

Span = tuple[float, float]


def between(draw: Callable[[], float], low: float, high: float) -> float:
    """The first of up to 50 draws within the bounds: the distribution is cut off, not clamped."""
    for _ in range(50):
        if low <= (value := draw()) <= high:
            return value
    return (low + high) / 2


class Draft:
    """The call as far as it is written. `now_s` is where the last sound of the talk ends."""

    def __init__(self, knobs: Knobs, rng: np.random.Generator):
        self.knobs = knobs
        self.rng = rng
        self.voice = {AGENT: str(knobs.agent_voice), CALLER: str(knobs.caller_voice)}
        self.now_s = 0.0
        self.floor: str | None = None  # who spoke last
        self.utterances: list[Utterance] = []
        self.rings: list[Ringing] = []
        self.holds: list[Hold] = []
        self.tones: list[Tone] = []
        self.overlaps: list[Overlap] = []
        self.dead_air: list[Span] = []
        self.zeros: list[Span] = []
        self.ring_level_db = 0.0
        self._said: set[tuple[str, int]] = set()

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def lognormal(self, median: float, sigma: float, low: float, high: float) -> float:
        """Log-normal of this median within bounds."""
        return between(lambda: float(median * np.exp(sigma * self.rng.normal())), low, high)

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def choose(self, weights: dict[str, float]) -> str:
        names = list(weights)
        p = np.array([weights[name] for name in names])
        return names[int(self.rng.choice(len(names), p=p / p.sum()))]

    def pick(self, who: str, *kinds: str, least_s: float = 0.0) -> int:
        """A clip of the speaker's voice, one not said yet where there is one.

        One of `least_s` or more, else the longest.
        """
        clips = voices()[self.voice[who]].clips
        fit = [i for i, clip in enumerate(clips) if clip.kind in kinds]
        if not fit:
            raise KeyError(f'{self.voice[who]} says nothing of kind {kinds}')
        long = [i for i in fit if clips[i].duration_s >= least_s]
        fit = long or [max(fit, key=lambda i: clips[i].duration_s)]
        new = [i for i in fit if (self.voice[who], i) not in self._said] or fit
        chosen = new[int(self.rng.integers(len(new)))]
        self._said.add((self.voice[who], chosen))
        return chosen

    def clip(self, who: str, index: int) -> Clip:
        return voices()[self.voice[who]].clips[index]

    def say(self, who: str, index: int, start_s: float, keep_s: float | None = None, *,
            gain_db: float = 0.0, signal: bool = False, lane: str | None = None) -> Utterance:
        """Adds an utterance, broken off after `keep_s`, and moves `now_s`."""
        clip = self.clip(who, index)
        whole = keep_s is None or keep_s >= clip.duration_s
        keep = clip.duration_s if keep_s is None or whole else keep_s
        decay = 0.0 if whole else min(self.uniform(0.02, 0.08), clip.duration_s - keep)
        out = Utterance(who, lane or who, self.voice[who], index, start_s, keep, decay, gain_db,
                        signal)
        self.utterances.append(out)
        self.now_s = max(self.now_s, out.end_s)
        return out

    def gap(self) -> float:
        """Silence at an ordinary change of speaker: median 0.2 s, three quarters below 0.4 s."""
        return self.lognormal(0.2, 0.9, 0.02, 2.4)

    def turn(self, who: str, *kinds: str, after_s: float | None = None,
             least_s: float = 0.0) -> Utterance:
        """A whole clip after what was said last, `after_s` later or at an ordinary gap."""
        index = self.pick(who, *kinds, least_s=least_s)
        start = self.now_s + (self.gap() if after_s is None else after_s)
        self.floor = who
        return self.say(who, index, start)

    def overlap(self, label: str, who: str, start_s: float, end_s: float) -> None:
        if end_s > start_s:
            self.overlaps.append(Overlap(label, who, start_s, end_s))

    def announce(self, lane: str, start_s: float, *kinds: str) -> Utterance:
        """A recorded prompt."""
        self.floor = IVR
        return self.say(IVR, self.pick(IVR, *kinds), start_s, lane=lane)


def other(who: str) -> str:
    return CALLER if who == AGENT else AGENT
