import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import supervise
from pipeline.plan import Plan
from pipeline.supervise import RunFailedError, shares
from transforms.conversation import Reference, RunContext
from warehouse import landing


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Supervises fake workers over calls with these ids; returns what was told of each call."""
    monkeypatch.setattr(supervise, 'WORKER', [sys.executable, '-m', 'tests.fake_worker'])
    book = tmp_path / 'ledger'
    book.mkdir()
    plan = Plan(None, RunContext(str(tmp_path), str(book), 'r1', 'f', 'UTC'), (), None)

    def over(*call_ids, workers=1):
        references = [Reference(name, audio_uri=f'/calls/{name}.wav') for name in call_ids]
        told = []
        supervise.supervise(shares(references, workers), plan, [], told.append)
        return sorted((entry.call_id, entry.outcome) for entry in told)
    return over


def test_every_call_of_every_worker_is_told_of_once(run):
    assert run('a', 'b', 'c', 'd', workers=3) == [(name, 'landed') for name in 'abcd']


def test_a_call_that_kills_its_worker_twice_is_rejected_and_the_others_land(run, tmp_path):
    assert run('a', 'kills', 'b') == [('a', 'landed'), ('b', 'landed'), ('kills', 'rejected')]
    (reject,) = map(landing.get_reject, landing.rejects(tmp_path))
    assert (reject.step, reject.error) == ('worker', 'crashed')
    assert reject.message == ('/calls/kills.wav: the worker process died by signal 9 while this '
                              'call was in work, 2 times')
    assert '--workers' in reject.way_out


def test_two_deadly_calls_in_one_share_are_each_rejected(run):
    assert run('kills-1', 'a', 'kills-2') == [
        ('a', 'landed'), ('kills-1', 'rejected'), ('kills-2', 'rejected')]


def test_a_worker_that_dies_once_is_started_again_and_its_call_lands(run):
    assert run('stumbles', 'a') == [('a', 'landed'), ('stumbles', 'landed')]


def test_a_missing_model_stops_the_run_with_the_workers_own_words(run):
    with pytest.raises(RunFailedError, match='no model in /models'):
        run('a', 'no-model')


def test_a_call_that_a_worker_forgets_is_not_forgotten_by_the_run(run):
    with pytest.raises(RunFailedError, match='1 calls not accounted for'):
        run('a', 'forgotten')


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 5000), max_size=30), st.integers(1, 8))
def test_shares_hold_every_call_once_and_are_balanced_by_bytes(tmp_path_factory, sizes, workers):
    folder = tmp_path_factory.mktemp('calls')
    references = []
    for n, size in enumerate(sizes):
        (folder / f'{n}.wav').write_bytes(bytes(size + 1))
        references.append(Reference(str(n), audio_uri=str(folder / f'{n}.wav')))
    parts = shares(references, workers)
    assert sorted(ref.call_id for part in parts for ref in part) == sorted(
        ref.call_id for ref in references)
    loads = [sum(sizes[int(ref.call_id)] + 1 for ref in part) for part in parts]
    # Largest first to the least loaded: never further apart than the largest call.
    assert max(loads) - min(loads) <= max(sizes, default=0) + 1
