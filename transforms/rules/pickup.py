"""Rules of the stage `pickup`."""

from __future__ import annotations
