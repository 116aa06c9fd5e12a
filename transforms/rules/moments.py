"""Moments of a call that rules judge: waits, and replies that are due."""

from __future__ import annotations

from typing import NamedTuple

from warehouse.records import Turn


class Wait(NamedTuple):
    """The caller is made to wait. `is_soft`: on an open line, silence that was announced."""

    start_s: float
    end_s: float
    label: str  # metadata, music, zero or announced
    is_soft: bool
    confidence: float | None

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


class Reply(NamedTuple):
    """The floor was the agent's to take: the caller's turn, and the agent's next sound."""

    turn: Turn
    start_s: float  # the end of the caller's turn
    end_s: float  # the agent's next sound, the next wait, or the end
    gap_s: float
