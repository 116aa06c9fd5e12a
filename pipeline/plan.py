"""What a run has decided before it starts: frozen values that the workers are handed."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.settings import Settings
from transforms.conversation import Reference, RunContext
from transforms.phrasebook import Phrasebook
from transforms.standard import Standard


@dataclass(frozen=True)
class Plan:
    """All that a worker must know, so that no worker reads a settings file."""

    settings: Settings
    context: RunContext
    standards: tuple[Standard, ...]  # the first is the one whose events are stored
    phrasebook: Phrasebook


@dataclass(frozen=True)
class Job:
    """What one worker has to do. `beam_flags` go to Beam as they are."""

    references: list[Reference]
    plan: Plan
    beam_flags: list[str]
