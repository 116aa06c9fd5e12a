"""Rules of the stage `voice`."""

from __future__ import annotations
