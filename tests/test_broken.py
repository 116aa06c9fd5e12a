"""Every broken file and row gets its own clear reject, and the rest of the batch goes on."""

import json

import pytest

from tests.conftest import QUICK, SAMPLES, etiquette, rows

BROKEN = SAMPLES / 'broken'
EXPECTED = json.loads((BROKEN / 'expected.json').read_text())['rejects']


@pytest.fixture(scope='module')
def broken_run(tmp_path_factory):
    root = tmp_path_factory.mktemp('broken') / 'warehouse'
    return root, etiquette('run', BROKEN / 'manifest.csv', '--config', QUICK, '--warehouse', root)


@pytest.fixture(scope='module')
def rejects(broken_run):
    return {row['row']: row for row in rows(broken_run[0], 'SELECT * FROM rejects')}


def test_the_good_calls_are_published_and_the_exit_code_says_that_some_were_not(broken_run):
    root, ran = broken_run
    assert ran.code == 1
    (run,) = rows(root, 'SELECT * FROM runs')
    assert run['calls_in'] == (run['calls_published'] + run['calls_skipped']
                               + run['calls_rejected'])
    assert run['calls_rejected'] == len(EXPECTED)
    assert len(rows(root, 'SELECT * FROM calls')) == run['calls_published'] > 0
    assert f'{run["calls_rejected"]} rejected' in ran.out


@pytest.mark.parametrize('row', sorted(EXPECTED, key=int))
def test_a_reject_names_the_file_the_step_the_cause_and_the_way_out(rejects, row):
    reject, expected = rejects[int(row)], EXPECTED[row]
    assert reject['step'] == expected['step']
    assert expected.get('field') in (None, reject['field'])
    assert reject['message'] and reject['way_out'].endswith('.')
    assert reject['source_uri'].rpartition('/')[2] in reject['message'] or \
        f'row {row}' in reject['message']


def test_unknown_columns_are_named_in_a_warning(broken_run):
    assert 'unknown column' in broken_run[1].out + broken_run[1].err


def test_calls_that_were_rejected_before_are_skipped_until_retried(broken_run):
    root, _ = broken_run
    again = etiquette('run', BROKEN / 'manifest.csv', '--config', QUICK, '--warehouse', root,
                      '--json')
    assert again.code == 0, again.err
    assert again.json()['calls_skipped'] == again.json()['calls_in']
    assert again.json()['calls_rejected_before'] == len(EXPECTED)
    retried = etiquette('retry', '--config', QUICK, '--warehouse', root, '--json')
    assert retried.code == 1
    outcome = retried.json()
    assert outcome['calls_rejected'] == outcome['calls_in'] > 0
    assert len(rows(root, 'SELECT * FROM rejects')) == len(EXPECTED)


def test_a_rejected_call_that_was_mended_is_published_and_its_reject_is_gone(tmp_path):
    (tmp_path / 'call.wav').write_text('not audio')
    (tmp_path / 'm.csv').write_text('call_id,audio_uri\nc1,call.wav\n')
    root = tmp_path / 'warehouse'
    run = ('run', tmp_path / 'm.csv', '--config', QUICK, '--warehouse', root)
    assert etiquette(*run).code == 1
    (tmp_path / 'call.wav').write_bytes((SAMPLES / 'silent.flac').read_bytes())
    mended = etiquette(*run, '--json')
    assert mended.code == 0, mended.err
    assert mended.json()['calls_published'] == 1
    assert rows(root, 'SELECT * FROM rejects') == []
