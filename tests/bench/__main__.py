"""The bench: how right the figures are, how fast, in how much memory.

    make bench                                  everything: about an hour on 2 cores
    make bench RECORDINGS=DIR                   and real recordings of your own
    python -m tests.bench --only accuracy       one part; the others stay as they were measured

Writes bench/results.json and the page bench/README.md with its plots. Peaks and ratios are taken
within a run; figures of speed are medians over runs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

PARTS = ('accuracy', 'phrases', 'speed', 'acoustic', 'mono', 'memory', 'rescore', 'recordings',
         'million', 'soak')


def main() -> None:
    parser = argparse.ArgumentParser(prog='make bench', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--work', type=float, default=30.0, help='least seconds of work')
    parser.add_argument('--calls', type=int, default=20_000, help='stored calls to judge again')
    parser.add_argument('--million', type=int, default=1_000_000, metavar='N',
                        help='calls of the warehouse that is asked and published into')
    parser.add_argument('--minutes', type=float, default=5.0, help='of the soak test')
    parser.add_argument('--recordings', help='a folder of real recordings to process as well')
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS, help='parts to measure')
    args = parser.parse_args()
    os.environ['OMP_NUM_THREADS'] = '1'
    from tests.bench import page
    page.FOLDER.mkdir(exist_ok=True)
    results = json.loads(page.RESULTS.read_text()) if page.RESULTS.exists() else {}
    results['machine'] = {'architecture': platform.machine(), 'cores': os.cpu_count(),
                          'python': platform.python_version()}
    for part in args.only:
        results[part] = measured(part, args)
        print(json.dumps({part: results[part]}, indent=2), flush=True)
        page.RESULTS.write_text(json.dumps(results, indent=2) + '\n')
    page.main()


def measured(part: str, args: argparse.Namespace) -> object:
    """The figures of one part of the bench."""
    from tests.bench import million, rescore, soak, timing
    from tests.bench.accuracy import accuracy
    from tests.bench.phrases import phrases
    from tests.bench.recordings import recordings
    with tempfile.TemporaryDirectory(prefix='etiquette-bench-') as name:
        folder = Path(name)
        if part == 'accuracy':
            with ProcessPoolExecutor(os.cpu_count(),
                                     multiprocessing.get_context('spawn')) as pool:
                return accuracy(pool)
        if part == 'phrases':
            return phrases()
        if part == 'speed':
            return timing.speed(folder, args.runs, args.work)
        if part == 'acoustic':
            return timing.acoustic_speed(folder, args.runs)
        if part == 'mono':
            return timing.mono_speed(folder, args.runs)
        if part == 'rescore':
            return rescore.measured(folder, args.calls)
        if part == 'million':
            return million.measured(folder, args.million)
        if part == 'soak':
            return soak.soak(folder / 'w', args.minutes * 60)
        if part == 'memory':
            return timing.memory(folder)
        return recordings(folder, args.recordings)


if __name__ == '__main__':
    main()
