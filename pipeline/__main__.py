"""`python -m pipeline` and the console script `etiquette`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    # Before anything imports pyannote: it reports each file's duration to a server by default.
    os.environ.setdefault('PYANNOTE_METRICS_ENABLED', '0')
    from pipeline.cli import run_command
    try:
        sys.exit(run_command(sys.argv[1:]))
    except BrokenPipeError:  # `etiquette sql ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == '__main__':
    main()
