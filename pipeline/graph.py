"""The graph: a call's way from its reference to its landing file, top to bottom."""

from __future__ import annotations

from functools import partial

import apache_beam as beam

from pipeline.plan import Plan
from transforms import stages
from transforms.conversation import Reference
from transforms.steps import Bury, Step


def process(root: beam.Pipeline, references: list[Reference], plan: Plan) -> beam.PCollection:
    """Takes every call to its landing file, or to the rejects with the step that failed.

    The Reshuffle spreads references, never audio, over the workers of a distributed runner; all
    behind it is one fused chain, so a worker holds one call at a time.
    """
    chosen, context = plan.settings, plan.context
    bury = Bury(context.warehouse, context.run_id, context.ledger)

    def step(name, load):  # type: ignore[no-untyped-def]
        return Step(name, load, bury)

    return (
        root
        | 'Calls' >> beam.Create(references, reshuffle=False)
        | 'Spread' >> beam.Reshuffle()
        | step('admit', partial(stages.admit, context))
        | step('decode', partial(stages.decoding, chosen.decode))
        | step('tones', partial(stages.listening, chosen.sounds))
        | step('lanes', partial(stages.parting, chosen.vad, chosen.lanes, chosen.diarize))
        | step('transcribe', partial(stages.transcribing, chosen.transcribe))
        | step('roles', partial(stages.casting, chosen.roles, chosen.agent_channel,
                                plan.lexicon))
        | step('redact', partial(stages.redacting, chosen.redact))
        | step('turns', partial(stages.taking_turns, plan.standards[0], plan.lexicon))
        | step('assess', partial(stages.judging, plan.standards, plan.lexicon, context))
        | step('land', partial(stages.landing_call, context))
    )
