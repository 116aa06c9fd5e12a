"""The graph: a call's way from its reference to its landing file, top to bottom."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.plan import Plan
from transforms import stages
from transforms.conversation import Reference

if TYPE_CHECKING:
    import apache_beam as beam

Load = Callable[[], Any]


def way_of(plan: Plan) -> tuple[tuple[str, Load], ...]:
    """The steps of a call's way in order: their names, and what makes their stages on a worker."""
    chosen, context, phrasebook = plan.settings, plan.context, plan.phrasebook
    return (
        ('admit', partial(stages.admit, context)),
        ('decode', partial(stages.decoding, chosen.decode, context)),
        ('tones', partial(stages.listening, chosen.sounds, chosen.lanes.bleed, chosen.vad,
                          chosen.decode)),
        ('lanes', partial(stages.parting, chosen.vad, chosen.lanes, chosen.diarize)),
        ('transcribe', partial(stages.transcribing, chosen.transcribe,
                               phrasebook.lexicons[phrasebook.default])),
        ('roles', partial(stages.casting, chosen.roles, chosen.agent_channel, phrasebook)),
        ('redact', partial(stages.redacting, chosen.redact)),
        ('turns', partial(stages.taking_turns, plan.standards[0], phrasebook)),
        ('assess', partial(stages.judging, plan.standards, phrasebook, context)),
        ('land', partial(stages.landing_call, context)),
    )


def process(root: beam.Pipeline, references: list[Reference], plan: Plan) -> beam.PCollection:
    """Takes every call to its landing file, or to the rejects with the step that failed.

    The Reshuffle spreads references, never audio, over the workers of a distributed runner; all
    behind it is one fused chain, so a worker holds one call at a time.
    """
    import apache_beam as beam  # 2 s, and only those who run the graph need it

    from transforms.steps import Bury, Step

    context = plan.context
    bury = Bury(context.warehouse, context.run_id, context.ledger)
    calls = (root
             | 'Calls' >> beam.Create(references, reshuffle=False)
             | 'Spread' >> beam.Reshuffle())
    for name, load in way_of(plan):
        calls = calls | Step(name, load, bury)
    return calls
