"""The customer's clock: what time it was where the phone rang."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from transforms.rules.scene import Scene

NO_CLOCK = 'the hour at the customer\'s place is not known'


def local_time(scene: Scene, at_s: float) -> datetime | None:
    """The local time of an instant of the recording; None without a start time or a zone."""
    zone = scene.metadata.timezone
    if zone is None or scene.call.started_at is None:
        return None
    place = _zone(zone)
    return None if place is None else datetime.fromtimestamp(
        scene.call.started_at.timestamp() + at_s, place)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # a machine without this zone
        return None
