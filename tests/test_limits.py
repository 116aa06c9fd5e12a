"""A real run in which one call never ends: it is stopped, accounted for, and can be tried again."""

import dataclasses
import shutil
import sys

import pytest

from pipeline import supervise
from pipeline.beam_flags import beam_flags
from pipeline.retry import rejected_batch
from pipeline.run import run_batch
from pipeline.settings import load_settings
from pipeline.sources import read_batch
from tests.conftest import QUICK, SAMPLES, rows


@pytest.fixture
def settings():
    settings = load_settings(str(QUICK))
    return dataclasses.replace(settings, limits=dataclasses.replace(
        settings.limits, call_times_real_time=0.1, call_least_s=8.0))


def test_a_call_that_hangs_is_rejected_in_time_and_retry_takes_it_up_again(
        settings, tmp_path, monkeypatch):
    for name in ('silent.flac', 'uk-quick-turns.flac'):
        shutil.copy(SAMPLES / name, tmp_path / name)
    root, folder = tmp_path / 'warehouse', tmp_path
    monkeypatch.setenv('OMP_NUM_THREADS', '1')

    def run(batch, again=False):
        outcome = run_batch(batch, settings, root, command='test', again=again,
                            beam_flags=beam_flags([], []))
        run = outcome.run
        assert run.calls_in == run.calls_published + run.calls_skipped + run.calls_rejected
        return run.calls_published, run.calls_skipped, run.calls_rejected

    with monkeypatch.context() as patched:
        patched.setattr(supervise, 'WORKER', [sys.executable, '-m', 'tests.hanging_worker'])
        assert run(read_batch(str(folder), settings.source)) == (1, 0, 1)
    (told,) = rows(root, 'SELECT error, message FROM rejects')
    assert told['error'] == 'timed_out'
    assert 'of work on 10 s of audio' in told['message']
    assert run(read_batch(str(folder), settings.source)) == (0, 2, 0)
    assert run(rejected_batch(root, settings.source), again=True) == (1, 0, 0)
    assert rows(root, 'SELECT * FROM rejects') == []
