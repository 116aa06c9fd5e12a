"""Rules of the stage `outbound`."""

from __future__ import annotations
