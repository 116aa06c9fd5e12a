"""The yardstick of the pipeline: the same stages over the same calls in a plain for loop."""

from __future__ import annotations

import pickle
import sys

from pipeline.graph import way_of
from pipeline.plan import Job


def main() -> None:
    """Reads a pickled Job from standard input; the ledger says how long it took."""
    job: Job = pickle.load(sys.stdin.buffer)
    admit, *way = [load() for _, load in way_of(job.plan)]
    for ref in job.references:
        call = admit(ref)
        for stage in way:
            call = stage(call)


if __name__ == '__main__':
    main()
