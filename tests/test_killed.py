"""kill -9 at any moment, then the same command: the tables of an undisturbed run."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from pipeline import supervise
from pipeline.beam_flags import beam_flags
from pipeline.run import run_batch
from pipeline.settings import load_settings
from pipeline.sources import read_batch
from tests.conftest import QUICK, SAMPLES, environment, etiquette, rows

TABLES = ('calls', 'turns', 'words', 'events', 'findings', 'kpis', 'rule_day', 'rejects')
SAME = "COLUMNS(lambda c: c <> 'run_id' AND NOT ends_with(c, '_at') OR c = 'started_at')"
CALLS = ('us-in-order.flac', 'announced-hold.flac', 'silent.flac')


@pytest.fixture(scope='module')
def batch(tmp_path_factory):
    """Six short calls and one that is no audio."""
    folder = tmp_path_factory.mktemp('calls')
    names = [f'{n}-{name}' for name in CALLS for n in range(2)]
    for name in names:
        shutil.copy(SAMPLES / name[2:], folder / name)
    (folder / 'broken.wav').write_text('not audio')
    rows = [f'{name},{name},2026-03-0{n + 1}T10:00:00Z' for n, name in enumerate(names)]
    manifest = folder / 'm.csv'
    manifest.write_text('\n'.join(['call_id,audio_uri,started_at', *rows,
                                   'broken.wav,broken.wav,']) + '\n')
    return manifest


def tables(root):
    return {table: rows(root, f'SELECT {SAME} FROM {table} ORDER BY ALL') for table in TABLES}


@pytest.fixture(scope='module')
def undisturbed(batch, tmp_path_factory):
    root = tmp_path_factory.mktemp('undisturbed') / 'warehouse'
    began = time.monotonic()
    assert etiquette('run', batch, '--config', QUICK, '--warehouse', root).code == 1
    return tables(root), time.monotonic() - began


@pytest.mark.parametrize('seed', [
    0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_a_run_that_was_killed_twice_ends_in_the_tables_of_an_undisturbed_one(
        batch, undisturbed, tmp_path, seed):
    expected, took = undisturbed
    root, moments = tmp_path / 'warehouse', random.Random(seed)
    command = ('run', batch, '--config', QUICK, '--workers', '2', '--warehouse', root)
    for _ in range(2):
        run = subprocess.Popen([sys.executable, '-m', 'pipeline', *map(str, command)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=environment())
        time.sleep(moments.uniform(0.2, 1.0) * took)
        run.send_signal(signal.SIGKILL)
        run.wait()
    last = etiquette(*command)
    assert last.code in (0, 1), last.err
    assert tables(root) == expected


def test_workers_end_when_their_supervisor_is_killed(batch, tmp_path):
    root = tmp_path / 'warehouse'
    run = subprocess.Popen(
        [sys.executable, '-m', 'pipeline', 'run', str(batch), '--config', str(QUICK),
         '--workers', '2', '--warehouse', str(root)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    workers = wait_for(lambda: children(run.pid) if len(children(run.pid)) == 2 else None)
    run.kill()
    run.wait()
    assert wait_for(lambda: not any(alive(pid) for pid in workers))


def test_a_worker_killed_from_inside_a_step_hangs_and_fails_nothing(batch, tmp_path, monkeypatch):
    monkeypatch.setattr(supervise, 'WORKER', [sys.executable, '-m', 'tests.dying_worker'])
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    settings = load_settings(str(QUICK))
    outcome = run_batch(read_batch(str(batch), settings.source), settings, tmp_path,
                        command='test', beam_flags=beam_flags([], []))
    run = outcome.run
    assert (run.calls_in, run.calls_published, run.calls_rejected) == (7, 4, 3)
    told = {row['source_uri'].rpartition('/')[2]: row['error']
            for row in rows(tmp_path, 'SELECT * FROM rejects')}
    assert told['0-silent.flac'] == told['1-silent.flac'] == 'crashed'
    assert told['broken.wav'] == 'CallError'


def wait_for(what, timeout_s=60):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError('it did not come to that in time')


def children(pid):
    import psutil
    return [child.pid for child in psutil.Process(pid).children()]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
