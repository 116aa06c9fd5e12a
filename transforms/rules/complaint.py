"""Rules of the stage `complaint`."""

from __future__ import annotations
