"""Which countries ring how: facts that name a ringing tone, and never decide that it is one.

From ITU-T E.180 supplement 2, ITU Operational Bulletin 781 and the tone tables that public
telephone exchanges are set up with today. A country that sends two kinds has two rows; where
many share a row's tone, what is told is the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

LONGEST_PAUSE_S = 6.5  # between two rings: no country below pauses for more than 5 s
_DOUBLE = (.4, .2, .4, 2)


@dataclass(frozen=True)
class Ringback:
    """A national ringing tone: its lines, Hz, and its cadence, seconds: on, off, on, off ..."""

    country: str
    hz: tuple[float, ...]
    cadence: tuple[float, ...]


RINGBACK = (
    Ringback('US', (440, 480), (2, 4)),
    Ringback('Canada', (440, 480), (2, 4)),
    Ringback('US', (440, 480), (1, 3)),
    Ringback('Korea', (440, 480), (1, 2)),
    Ringback('Taiwan', (440, 480), (1, 2)),
    Ringback('UK', (400, 450), _DOUBLE),
    Ringback('New Zealand', (400, 450), _DOUBLE),
    Ringback('Hong Kong', (440, 480), (.4, .2, .4, 3)),
    Ringback('Singapore', (401, 449), _DOUBLE),
    Ringback('India', (375, 425), _DOUBLE),
    Ringback('India', (375, 400, 425), _DOUBLE),
    Ringback('Australia', (413, 438), _DOUBLE),
    Ringback('Australia', (383, 417), _DOUBLE),
    Ringback('South Africa', (367, 400, 433), _DOUBLE),
    Ringback('Malaysia', (425,), _DOUBLE),
    Ringback('Japan', (384, 416), (1, 2)),
    Ringback('Japan', (384, 400, 416), (1, 2)),
    Ringback('Japan', (385, 400, 415), (1, 2)),
    Ringback('China', (450,), (1, 4)),
    Ringback('Indonesia', (425,), (1, 4)),
    Ringback('Germany', (425,), (1, 4)),
    Ringback('Italy', (425,), (1, 4)),
    Ringback('Netherlands', (425,), (1, 4)),
    Ringback('Switzerland', (425,), (1, 4)),
    Ringback('Norway', (425,), (1, 4)),
    Ringback('Finland', (425,), (1, 4)),
    Ringback('Denmark', (425,), (1, 4)),
    Ringback('Poland', (425,), (1, 4)),
    Ringback('Czechia', (425,), (1, 4)),
    Ringback('Brazil', (425,), (1, 4)),
    Ringback('Mexico', (425,), (1, 4)),
    Ringback('Belgium', (425,), (1, 3)),
    Ringback('Sweden', (425,), (1, 5)),
    Ringback('Portugal', (425,), (1, 5)),
    Ringback('Thailand', (400,), (1, 4)),
    Ringback('Thailand', (420,), (1, 5)),
    Ringback('Austria', (420,), (1, 5)),
    Ringback('Philippines', (425, 480), (1, 4)),
    Ringback('France', (440,), (1.5, 3.5)),
    Ringback('Spain', (425,), (1.5, 3)),
    Ringback('Hungary', (425,), (1.25, 3.75)),
    Ringback('Turkey', (450,), (2, 4)),
    Ringback('Israel', (400, 440), (1, 3)),
    Ringback('Saudi Arabia', (425,), (1.2, 4.6)),
    Ringback('Egypt', (375, 475), (2, 1)),
    Ringback('Russia', (425,), (.8, 3.2)),
)


def is_known(hz: Sequence[float], within_hz: float) -> bool:
    """Whether some country rings with these lines (lowest first)."""
    return any(_near(ringback.hz, hz, within_hz) for ringback in RINGBACK)


def ringing_in(hz: Sequence[float], cadence: Sequence[float], within_hz: float,
               same_time: Callable[[float, float], bool]) -> tuple[str, ...]:
    """The countries that ring so.

    Args:
      hz: the lines, lowest first; each may be `within_hz` off.
      cadence: seconds on, off, on, off; the last off may be missing where nothing followed.
      same_time: whether two durations are the same.
    """
    return tuple(dict.fromkeys(
        r.country for r in RINGBACK
        if _near(r.hz, hz, within_hz) and len(r.cadence) - len(cadence) in (0, 1)
        and all(same_time(a, b) for a, b in zip(r.cadence, cadence, strict=False))))


def _near(one: Sequence[float], other: Sequence[float], within_hz: float) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= within_hz for a, b in zip(one, other, strict=True))
