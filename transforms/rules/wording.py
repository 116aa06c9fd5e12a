"""Rules of the stage `wording`."""

from __future__ import annotations
