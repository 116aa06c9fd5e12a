"""A worker process: runs the graph over its share of the batch on a Beam runner.

It is started by `pipeline.supervise`, which writes the job to its standard input and keeps that
pipe open: when the supervisor is gone the pipe closes and the worker ends at once, so that a
killed run leaves nobody behind who writes.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import threading
import traceback

from pipeline.plan import Job

FAILED = 70  # EX_SOFTWARE: the graph itself failed; starting it again would not help


def main() -> None:
    """Reads a pickled `Job` from standard input and runs it. Exit code 70: the run must stop."""
    job: Job = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_the_supervisor, daemon=True).start()
    # Beam and pyannote say much at INFO, and a recording's name must not reach their loggers.
    logging.basicConfig(level=logging.ERROR)
    try:
        run(job)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(FAILED)
    # Native libraries' exit handlers (torch, grpc) take a second and can abort; all is on disk.
    os._exit(0)


def run(job: Job) -> None:
    """Runs the graph over the references and waits for its end."""
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline.graph import process

    options = PipelineOptions(job.beam_flags, save_main_session=False)
    with beam.Pipeline(options=options) as root:
        process(root, job.references, job.plan)


def _end_with_the_supervisor() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == '__main__':
    main()
