"""Rules of the stage `transfer`."""

from __future__ import annotations
