"""Bench part `rescore`: how fast stored calls are judged again, and in how much memory.

The warehouse is made without audio: 200 distinct calls of 60 turns (the sentences of
tests/phrase_scenes.py, a tenth of the words misheard), judged once; their rows are then written
again and again under new ids, 2000 calls a day. The standard is the default one.

Four figures: `reused`, where one weight and the threshold of one rule are changed, and the
findings of all other rules are taken over; `threshold`, where a threshold of a section of the
standard is changed, and those of the rules that cannot read it are; `rules`, where one is changed
that nearly every rule may read, so that every rule is decided anew; `phrases`, where calls are
measured anew as well.

    python -m tests.bench.rescore [--calls 20000]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.signatures import signatures
from pipeline.standards import load_phrasebook, load_standard
from tests.calls_for_tests import call_of, perceived_of
from tests.phrase_scenes import scene
from tests.standard_for_tests import english
from tests.stored_calls import judged_by
from transforms.standard import Standard
from warehouse import landing, staging, tables
from warehouse import signatures as signed
from warehouse.commit import at_versions, changing, make_visible, next_catalog
from warehouse.deriving import write_derived
from warehouse.records import Result
from warehouse.rewrite import Writer, swap_in

CALLS, TEMPLATES, A_DAY, WORKERS = 20_000, 200, 2000, 2
FIRST = date(2026, 1, 1)
NAMES = ('calls', *landing.NESTED)
ONE_RULE = 'rules: {opening-greeting: {weight: 5}, listening-no-dead-air: {per_min: 0.4}}\n'
THRESHOLD = 'closing: {cluster_end_s: 9.0}\n'
EVERY_RULE = 'closing: {cut_s: 2.0}\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--calls', type=int, default=CALLS)
    with tempfile.TemporaryDirectory(prefix='etiquette-bench-') as folder:
        print(json.dumps(measured(Path(folder), parser.parse_args().calls), indent=2))


def measured(folder: Path, calls: int = CALLS) -> dict[str, Any]:
    """Calls a second and peak memory of each path at `calls`, and at a quarter of them."""
    rules = sum(rule.on and rule.decide is not None for rule in load_standard('default').rules)
    return {'turns': 60, 'rules': rules, 'workers': WORKERS, 'templates': TEMPLATES, 'sizes': {
        str(number): _of_size(folder / str(number), number) for number in (calls // 4, calls)}}


def _of_size(folder: Path, calls: int) -> dict[str, Any]:
    folder.mkdir()
    standard = standard_of(folder, 'stored')
    words = make_warehouse(folder / 'w', load_standard(str(standard)), calls)
    found = {'words_a_call': words,
             'reused': _timed(folder, standard_of(folder, 'reused', ONE_RULE)),
             'threshold': _timed(folder, standard_of(folder, 'threshold', THRESHOLD)),
             'rules': _timed(folder, standard_of(folder, 'rules', EVERY_RULE)),
             'phrases': _timed(folder, standard_of(folder, 'stored'), '--full')}
    subprocess.run(['rm', '-r', str(folder / 'w')], check=True)
    return found


def _timed(folder: Path, standard: Path, *flags: str) -> dict[str, Any]:
    """One rescore in a process of its own, and what it and its workers took."""
    code = ('import resource, sys; from pipeline.cli import run_command\n'
            "if __name__ == '__main__':\n"
            ' assert run_command(sys.argv[1:]) == 0\n'
            ' print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n')
    script = folder / 'rescoring.py'
    script.write_text(code)
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [sys.executable, str(script), 'rescore', '--warehouse', str(folder / 'w'), '--standard',
         str(standard), '--workers', str(WORKERS), '--json', *flags], text=True, check=True,
        stdout=subprocess.PIPE, env={**os.environ, 'PYTHONPATH': str(Path.cwd())})
    wall_s = time.monotonic() - began  # from the start of the process to its end
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told, driver = done.stdout.splitlines()
    row = json.loads(told)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return {'calls_per_s': round(row['calls_published'] / wall_s),
            'cpu_ms_per_call': round(1000 * cpu / row['calls_published'], 2),
            'worker_ms_per_call': round(1000 * row['work_s'] / row['calls_published'], 2),
            'measured': row['calls_measured'], 'reused': row['calls_reused'],
            'driver_peak_mb': int(driver), 'most_peak_mb': round(row['peak_rss_mb'])}


def standard_of(folder: Path, file: str, lines: str = '') -> Path:
    """The default standard, with some lines of its own."""
    path = folder / f'{file}.yaml'
    path.write_text(f'extends: default\nname: default\n{lines}', encoding='utf-8')
    return path


def make_warehouse(root: Path, standard: Standard, calls: int) -> float:
    """A warehouse of so many calls. Returns the words a call."""
    results = [template(number, standard) for number in range(TEMPLATES)]
    rows = staging.spread(pa.concat_tables([landing.as_table(one) for one in results]))
    with changing(root, 'making') as opened, staging.scratch(opened.root) as folder:
        now = next_catalog(opened, 'default', 'UTC')
        days = [FIRST + timedelta(days=n) for n in range(-(-calls // A_DAY))]
        written = []
        for n, day in enumerate(days):
            writers = {name: Writer(folder, name, day) for name in NAMES}
            for copy in range(min(A_DAY, calls - n * A_DAY) // TEMPLATES):
                for name, writer in writers.items():
                    writer.write(_renamed(rows[name], f'{n:04}-{copy:03}-'))
            written += [file for writer in writers.values() if (file := writer.close())]
        for name in NAMES:
            version = swap_in(opened.root, name, [w for w in written if w.name == name], days)
            now = at_versions(now, **{name: version})
        now = write_derived(opened.root, now, days)
        signed.record(opened.root, {
            standard.version: signatures(standard, load_phrasebook('en'))})
        make_visible(opened, now)
    assert tables.folder(root, 'words').exists()
    return sum(len(one.words) for one in results) / TEMPLATES


def _renamed(rows: pa.Table, prefix: str) -> pa.Table:
    ids = pa.compute.binary_join_element_wise(prefix, rows['call_id'], '')
    return rows.set_column(rows.schema.get_field_index('call_id'), 'call_id', ids)


def template(number: int, standard: Standard) -> Result:
    """A call of 60 turns, said at three words a second with pauses, overlaps and a hold."""
    told = scene(english(), number, 'test')
    said, at = [], 6.0
    texts: dict[int, list[str]] = {}
    for text, turn in zip(told.words.text, told.words.turn, strict=True):
        texts.setdefault(turn, []).append(text)
    for turn, words in sorted(texts.items()):
        end = at + 0.33 * len(words)
        said.append((told.turns[turn].speaker, at, end, ' '.join(words)))
        at = end + (-0.5, 0.3, 0.6, 1.5, 3.0)[(number + turn) % 5]
    call = replace(
        call_of(end + 1.0, call_id=f'{number:03}', agent_id=f'a{number % 40}',
                queue=f'q{number % 4}'),
        started_at=datetime(2026, 1, 1, 9, tzinfo=timezone.utc), fingerprint='f', run_id='bench')
    turns, words, speech = perceived_of(said, call, standard)
    return judged_by((call, turns, words, speech), [standard])


if __name__ == '__main__':
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    main()
