"""The command line as its user meets it."""

import time

import pytest

from tests.conftest import QUICK, SAMPLES, etiquette
from tests.results import result
from warehouse import landing
from warehouse.publish import publish

MANIFEST = SAMPLES / 'manifest.csv'


@pytest.mark.parametrize('command', [(), ('run',), ('sql',), ('call',), ('retry',),
                                     ('maintain',), ('erase',),
                                     ('config', 'check'), ('models', 'pull'), ('models',),
                                     ('doctor',), ('ask',), ('tables',)])
def test_every_command_has_help_with_an_example(command):
    ran = etiquette(*command, '--help')
    assert ran.code == 0
    assert 'example' in ran.out and 'etiquette ' in ran.out


def test_help_answers_within_a_second():
    etiquette('--help')  # once before, so that files are read from memory
    began = time.monotonic()
    etiquette('--help')
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize('args, told', [
    (('run', MANIFEST, '--worker', '2'), 'unknown flag or argument --worker. Did you mean '
                                         '`--workers`?'),
    (('run', MANIFEST, '--paralelism=2'), 'Did you mean `--parallelism`?'),
    (('run', MANIFEST, '--direct_num_workers=2'), 'calls are spread by --workers N'),
    (('run', MANIFEST, '--config', 'nightli'), 'Did you mean `nightly`?'),
    (('run', 'no-such.csv'), 'no-such.csv: there is no such file or folder. Give a manifest'),
    (('run', MANIFEST, '--workers', '0'), 'must be at least 1'),
    (('sql', 'SELECT 1', '--fromat', 'csv'), 'Did you mean `--format`?'),
    (('sql',), 'give either a query in quotes or -f FILE'),
    (('rune', MANIFEST), 'invalid choice'),
])
def test_wrong_use_exits_with_2_and_names_the_way_out(args, told, tmp_path):
    ran = etiquette(*args, cwd=None)
    assert ran.code == 2
    assert told in ran.err
    assert 'Traceback' not in ran.err


def test_config_check_finds_the_shipped_settings_valid():
    ran = etiquette('config', 'check')
    assert ran.code == 0, ran.err
    assert 'the configuration is valid' in ran.out


def test_a_production_config_whose_engine_is_not_there_is_refused_with_the_way_out():
    ran = etiquette('config', 'check', 'nightly', HF_HOME='/nonexistent', HF_HUB_CACHE='')
    assert ran.code == 2
    assert 'large-v3' in ran.err and 'transcribe.engine' in ran.err


def test_config_check_names_file_line_and_nearest_key(tmp_path):
    path = tmp_path / 'site.yaml'
    path.write_text('workers: 2\ntranscribe:\n  enigne: none\n')
    ran = etiquette('config', 'check', path)
    assert ran.code == 2
    assert f'{path}:3: unknown key `transcribe.enigne`. Did you mean `engine`?' in ran.err


def test_an_unknown_timezone_is_named_with_its_line(tmp_path):
    path = tmp_path / 'site.yaml'
    path.write_text('workers: 2\ntimezone: Nowhere/Land\n')
    ran = etiquette('config', 'check', path)
    assert ran.code == 2
    assert f'{path}:2: timezone `Nowhere/Land`' in ran.err


def test_settings_change_the_fingerprint_only_where_they_change_what_is_heard(tmp_path):
    def fingerprint(text):
        path = tmp_path / 'site.yaml'
        path.write_text(f'extends: {QUICK}\n{text}')
        ran = etiquette('config', 'check', path)
        assert ran.code == 0, ran.err
        return next(line for line in ran.out.splitlines() if line.startswith('fingerprint'))
    base = fingerprint('')
    assert fingerprint('workers: 7\nwarehouse: elsewhere\n') == base
    assert fingerprint('vad: {threshold: 0.61}\n') != base


def test_a_query_that_is_wrong_says_so_and_exits_with_2(tmp_path):
    landing.put(tmp_path, result())
    publish(tmp_path)
    ran = etiquette('sql', 'SELECT agent_interuptions FROM kpis', '--warehouse', tmp_path)
    assert ran.code == 2
    assert 'agent_interruptions' in ran.err
    assert 'Traceback' not in ran.err


def test_a_warehouse_that_is_not_there_is_an_error_that_says_how_to_make_one(tmp_path):
    ran = etiquette('sql', 'SELECT 1', '--warehouse', tmp_path / 'none')
    assert ran.code == 2
    assert 'Run a batch first' in ran.err
