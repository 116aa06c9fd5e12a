"""The yardstick of the pipeline: the same stages over the same calls in a plain for loop."""

from __future__ import annotations

import pickle
import sys

from pipeline.plan import Job
from transforms import stages


def main() -> None:
    """Reads a pickled Job from standard input; the ledger says how long it took."""
    job: Job = pickle.load(sys.stdin.buffer)
    plan = job.plan
    chosen, context = plan.settings, plan.context
    way = [
        stages.decoding(chosen.decode), stages.listening(chosen.sounds),
        stages.parting(chosen.vad, chosen.lanes, chosen.diarize),
        stages.transcribing(chosen.transcribe),
        stages.casting(chosen.roles, chosen.agent_channel, plan.lexicon),
        stages.redacting(chosen.redact),
        stages.taking_turns(plan.standards[0], plan.lexicon),
        stages.judging(plan.standards, plan.lexicon, context), stages.landing_call(context),
    ]
    admit = stages.admit(context)
    for ref in job.references:
        call = admit(ref)
        for stage in way:
            call = stage(call)


if __name__ == '__main__':
    main()
