"""The same calls again: what is skipped, what is stale, what is done once more."""

import json

import pytest

from tests.conftest import QUICK, SAMPLES, etiquette, rows
from tests.copying import copy_of

CALLS = ('silent.flac', 'es-starts-in-ring.wav')  # of two channels: nothing to diarize


@pytest.fixture(scope='module')
def batch(tmp_path_factory):
    folder = tmp_path_factory.mktemp('calls')
    for name in CALLS:
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    (folder / 'other.yaml').write_text(f'extends: {QUICK}\nvad: {{threshold: 0.6}}\n')
    (folder / 'm.csv').write_text(
        'call_id,audio_uri,started_at,agent_id\n'
        f's,{CALLS[0]},2026-03-02T10:00:00Z,\x1b[2Ja1\np,{CALLS[1]},2026-03-02T11:00:00Z,[bold]a2\n')
    return folder


@pytest.fixture(scope='module')
def heard(batch, tmp_path_factory):
    root = tmp_path_factory.mktemp('rerun') / 'warehouse'
    first = run(batch, root)
    assert (first['calls_in'], first['calls_published']) == (2, 2)
    return root


@pytest.fixture
def warehouse(heard, tmp_path):
    return copy_of(heard, tmp_path / 'warehouse')


def run(batch, root, *flags, config=QUICK):
    ran = etiquette('run', batch / 'm.csv', '--config', config, '--warehouse', root, '--json',
                    *flags)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def counts(root):
    return rows(root, ' UNION ALL '.join(
        f"SELECT '{table}' AS name, count(*) AS n FROM {table}"
        for table in ('calls', 'turns', 'words', 'events', 'findings', 'kpis')))


def test_force_does_every_call_again_and_doubles_nothing(batch, warehouse):
    before = counts(warehouse)
    again = run(batch, warehouse, '--force')
    assert (again['calls_published'], again['calls_skipped']) == (2, 0)
    assert counts(warehouse) == before


def test_calls_heard_with_other_settings_are_named_stale_and_redone_only_when_asked(
        batch, warehouse):
    other = batch / 'other.yaml'
    left = run(batch, warehouse, config=other)
    assert (left['calls_skipped'], left['calls_stale'], left['calls_published']) == (2, 2, 0)
    redone = run(batch, warehouse, '--stale', config=other)
    assert (redone['calls_published'], redone['calls_stale']) == (2, 0)
    assert run(batch, warehouse, config=other)['calls_stale'] == 0


def test_a_call_whose_audio_was_replaced_is_done_again(batch, warehouse):
    path = batch / CALLS[0]
    whole = path.read_bytes()
    path.write_bytes((SAMPLES / 'uk-quick-turns.flac').read_bytes())
    try:
        again = run(batch, warehouse)
        assert (again['calls_published'], again['calls_skipped']) == (1, 1)
    finally:
        path.write_bytes(whole)


def test_what_landed_in_a_run_that_never_published_is_recovered(batch, tmp_path, monkeypatch):
    from pipeline import run as running
    from pipeline.beam_flags import beam_flags
    from pipeline.settings import load_settings
    from pipeline.sources import read_batch

    settings = load_settings(str(QUICK))
    references = read_batch(str(batch / 'm.csv'), settings.source)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(running, 'publish', killed)
        running.run_batch(references, settings, tmp_path, command='test',
                          beam_flags=beam_flags([], []))
    recovered = run(batch, tmp_path)
    assert (recovered['calls_published'], recovered['calls_recovered']) == (2, 2)
    assert recovered['work_s'] == 0


def test_hostile_names_do_nothing_on_the_terminal(warehouse):
    shown = etiquette('sql', 'SELECT call_id, agent_id FROM kpis', '--warehouse', warehouse).out
    assert '\x1b' not in shown
    assert '[2Ja1' in shown and '[bold]a2' in shown
    assert '\x1b' not in etiquette('call', 's', '--warehouse', warehouse).out
