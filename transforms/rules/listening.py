"""Rules of the stage `listening`."""

from __future__ import annotations
