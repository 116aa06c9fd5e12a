"""Rules of the stage `hold`."""

from __future__ import annotations

from transforms.rules.scene import Scene, Wait


def elements_of(scene: Scene, wait: Wait) -> list[tuple[float, float | None]]:
    """The elements of `hold_score` of one wait: weight, and score (None: not known)."""
    return []
