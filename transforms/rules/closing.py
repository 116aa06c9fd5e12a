"""Rules of the stage `closing`."""

from __future__ import annotations
