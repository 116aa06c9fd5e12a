import dataclasses
import sys

import pytest

from pipeline import supervise
from pipeline.failed import RunFailedError
from pipeline.limits import LimitOptions, most_s
from pipeline.plan import Plan
from pipeline.settings import load_settings
from pipeline.supervise import largest_first
from tests.conftest import QUICK
from transforms.conversation import Reference, RunContext
from warehouse import landing

LIMITS = LimitOptions(call_times_real_time=0.1, call_least_s=60.0, start_up_s=60.0, memory_mb=0)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Supervises fake workers over calls with these ids; returns what was told of each call."""
    monkeypatch.setattr(supervise, 'WORKER', [sys.executable, '-m', 'tests.fake_worker'])
    book = tmp_path / 'ledger'
    book.mkdir()

    def over(*call_ids, workers=1, **limits):
        settings = dataclasses.replace(load_settings(str(QUICK)),
                                       limits=dataclasses.replace(LIMITS, **limits))
        context = RunContext(str(tmp_path), str(book), 'r1', 'f', 'UTC', claims=True)
        plan = Plan(settings, context, (), None)
        references = [Reference(name, audio_uri=f'/calls/{name}.wav') for name in call_ids]
        told = []
        supervise.supervise(references, workers, plan, [], told.append)
        return sorted((entry.call_id, entry.outcome) for entry in told)
    return over


def test_every_call_of_every_worker_is_told_of_once(run):
    assert run('a', 'b', 'c', 'd', workers=3) == [(name, 'landed') for name in 'abcd']


def test_a_call_that_kills_its_worker_twice_is_rejected_and_the_others_land(run, tmp_path):
    assert run('a', 'kills', 'b') == [('a', 'landed'), ('b', 'landed'), ('kills', 'rejected')]
    reject = the_reject(tmp_path)
    assert (reject.step, reject.error) == ('worker', 'crashed')
    assert reject.message == ('/calls/kills.wav: the worker process died by signal 9 while this '
                              'call was in work, 2 times')
    assert '--workers' in reject.way_out


@pytest.mark.parametrize('workers', [1, 2])
def test_two_deadly_calls_are_each_rejected_and_take_nobody_with_them(run, workers):
    assert run('kills-1', 'a', 'kills-2', workers=workers) == [
        ('a', 'landed'), ('kills-1', 'rejected'), ('kills-2', 'rejected')]


def test_a_worker_that_dies_once_is_started_again_and_its_call_lands(run):
    assert run('stumbles', 'a') == [('a', 'landed'), ('stumbles', 'landed')]


def test_a_call_whose_worker_died_before_it_could_write_that_down_lands(run):
    assert run('a', 'dropped', 'b', workers=2) == [(name, 'landed') for name in
                                                   ('a', 'b', 'dropped')]


def test_a_missing_model_stops_the_run_with_the_workers_own_words(run):
    with pytest.raises(RunFailedError, match='no model in /models'):
        run('a', 'no-model')


def test_a_call_that_a_worker_forgets_is_not_forgotten_by_the_run(run):
    with pytest.raises(RunFailedError, match='1 calls are not accounted for'):
        run('a', 'forgotten')


def the_reject(tmp_path):
    (reject,) = map(landing.get_reject, landing.rejects(tmp_path))
    return reject


def test_a_call_in_which_the_worker_hangs_is_rejected_and_the_others_land(run, tmp_path):
    assert run('a', 'hangs', 'b', call_least_s=3.0) == [
        ('a', 'landed'), ('b', 'landed'), ('hangs', 'rejected')]
    reject = the_reject(tmp_path)
    assert (reject.step, reject.error) == ('worker', 'timed_out')
    assert reject.message == ('/calls/hangs.wav: stopped after 3 s of work on a recording that was '
                              'not yet decoded')
    assert 'limits.call_least_s' in reject.way_out


def test_a_long_call_may_take_longer_than_a_short_one(run, tmp_path):
    told = run('decodes-90-takes-2s', 'decodes-10-takes-2s', call_least_s=1.0)
    assert told == [('decodes-10-takes-2s', 'rejected'), ('decodes-90-takes-2s', 'landed')]
    assert 'of work on 10 s of audio' in the_reject(tmp_path).message


def test_a_call_is_not_stopped_where_the_limit_is_off():
    assert most_s(LIMITS, 3600.0) == 360.0
    assert most_s(LIMITS, 1.0) == 60.0
    assert most_s(dataclasses.replace(LIMITS, call_times_real_time=0), 1.0) == float('inf')


def test_a_call_that_fills_the_memory_is_rejected_and_the_others_land(run, tmp_path):
    assert run('a', 'allocates', 'b', memory_mb=400) == [
        ('a', 'landed'), ('allocates', 'rejected'), ('b', 'landed')]
    reject = the_reject(tmp_path)
    assert (reject.step, reject.error) == ('worker', 'out_of_memory')
    assert 'limits.memory_mb is 400' in reject.message


def test_a_call_is_not_rejected_for_the_memory_that_an_earlier_one_left_behind(run):
    assert run('leaves-much', 'takes-some', memory_mb=400) == [
        ('leaves-much', 'landed'), ('takes-some', 'landed')]


def test_a_worker_that_does_not_come_to_take_up_a_call_fails_the_run(run):
    with pytest.raises(RunFailedError, match=r'limits\.start_up_s = 0\.2'):
        run('loads-for-ever', start_up_s=0.2)


def test_the_longest_calls_are_taken_up_first(tmp_path):
    sizes = {'small.wav': 10, 'large.wav': 1000, 'middle.wav': 100, 'lossy.mp3': 90}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(bytes(size))
    references = [Reference(name, audio_uri=str(tmp_path / name)) for name in sizes]
    remote = Reference('remote', audio_uri='gs://calls/one.wav')
    assert [ref.call_id for ref in largest_first([remote, *references])] == [
        'large.wav', 'lossy.mp3', 'middle.wav', 'small.wav', 'remote']
