"""The doctor: what a config needs of this machine, what is missing, and what mends it."""

import importlib.metadata
import json
import resource
from types import SimpleNamespace

import psutil
import pytest

from pipeline import doctor_machine, doctor_models
from pipeline.doctor import as_json, examine, is_well
from tests.conftest import QUICK, etiquette

GIB = 2**30


def looked(found):
    """what -> finding; the worst one where there are several."""
    worst = {'missing': 0, 'note': 1, 'ok': 2}
    return {f.what: f for f in sorted(found, key=lambda f: worst[f.state], reverse=True)}


@pytest.fixture
def site(tmp_path):
    def written(text):
        path = tmp_path / 'site.yaml'
        path.write_text(text)
        return str(path)
    return written


def test_on_a_machine_that_has_all_the_doctor_says_so_in_less_than_five_seconds_of_work(tmp_path):
    def spent():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime
    before = spent()
    ran = etiquette('doctor', '--config', QUICK, '--warehouse', tmp_path / 'w')
    assert ran.code == 0, ran.out
    assert spent() - before < 5.0
    assert 'all that this configuration needs is here' in ran.out
    for what in ('Python', 'codecs', 'voice encoder', 'telemetry', 'time zones', 'disk'):
        assert what in ran.out
    assert not (tmp_path / 'w').exists()


def test_a_config_that_lacks_its_models_exits_with_1_and_names_the_command_that_fetches_them():
    ran = etiquette('doctor', '--config', 'nightly', '--json', HF_HUB_CACHE='/nonexistent')
    assert ran.code == 1
    assert ran.json()['ok'] is False
    told = {finding['what']: finding for finding in ran.json()['findings']}
    assert told['transcriber']['state'] == 'missing'
    assert told['transcriber']['mend'].startswith('etiquette models pull')
    assert told['aligners']['mend'] == 'etiquette models pull --language en,ko,ja,zh,id'


def test_the_json_says_what_the_findings_say():
    found = examine(str(QUICK), None)
    told = json.loads(as_json(found))
    assert told['ok'] is is_well(found)
    assert [finding['found'] for finding in told['findings']] == [f.found for f in found]


def test_a_wrong_config_is_a_finding_with_its_line(site):
    path = site('workers: 2\nvad: {treshold: 0.5}\n')
    found = looked(examine(path, None))['config']
    assert found.state == 'missing'
    assert f'{path}:2' in found.found and 'Did you mean `threshold`' in found.found


def test_a_package_of_another_version_than_was_tested_is_named(tmp_path, monkeypatch):
    version = importlib.metadata.version('pyarrow')
    lock = tmp_path / 'requirements.lock'
    lock.write_text(f'pyarrow=={version} ; python_version >= "3"\nnumpy==0.1\nduckdb==9.9 ; '
                    'python_version < "3"\n')
    monkeypatch.setattr(doctor_machine, 'LOCK', lock)
    found = looked(doctor_machine.packages())['packages']
    assert found.state == 'note'
    assert 'numpy' in found.found and 'tested with 0.1' in found.found
    assert 'pyarrow' not in found.found and 'duckdb' not in found.found


def test_a_package_that_is_not_installed_is_missing(monkeypatch):
    version = importlib.metadata.version

    def without(name):
        if name == 'ctranslate2':
            raise importlib.metadata.PackageNotFoundError
        return version(name)
    monkeypatch.setattr(importlib.metadata, 'version', without)
    found = looked(doctor_machine.packages())
    assert found['packages'].state == found['engines'].state == 'missing'
    assert 'ctranslate2' in found['packages'].found


def test_a_bundled_model_that_is_not_whole_is_missing(tmp_path, monkeypatch):
    (tmp_path / 'cut').write_bytes(bytes(1000))
    monkeypatch.setattr(doctor_models, 'wheel_file', lambda *parts: tmp_path / 'cut')
    assert {finding.state for finding in doctor_models.bundled()} == {'missing'}


def test_a_gpu_is_missing_only_where_the_config_asks_for_one(site, monkeypatch):
    monkeypatch.setattr(doctor_machine, '_cuda', lambda: ('', 'no NVIDIA driver'))
    assert looked(examine(str(QUICK), None))['GPU'].state == 'note'
    path = site(f'extends: {QUICK}\ndiarize: {{device: cuda}}\n')
    assert looked(examine(path, None))['GPU'].state == 'missing'


def test_memory_for_fewer_workers_than_asked_for_says_how_many_there_can_be(site, monkeypatch):
    path = site(f'extends: {QUICK}\nworkers: 4\n')

    def with_free(size):
        monkeypatch.setattr(psutil, 'virtual_memory', lambda: SimpleNamespace(available=size))
        return looked(examine(path, None))['memory']
    assert with_free(64 * GIB).state == 'ok'
    few = with_free(1.5 * GIB)
    assert (few.state, few.mend) == ('note', 'workers: 2')
    assert with_free(0.2 * GIB).state == 'missing'


def test_a_warehouse_that_cannot_be_written_is_missing():
    found = looked(examine(str(QUICK), '/dev/null/warehouse'))['warehouse']
    assert found.state == 'missing'
    assert '--warehouse' in found.mend


def test_a_folder_of_models_is_held_to_its_manifest(site, tmp_path):
    folder = tmp_path / 'models'
    folder.mkdir()
    path = site(f'extends: {QUICK}\nmodels: {folder}\n')
    assert looked(examine(path, None))['models'].mend == f'etiquette models pull --to {folder}'
    (folder / 'model.bin').write_bytes(b'abc')
    (folder / 'manifest.json').write_text(json.dumps(
        {'files': {'model.bin': {'size': 3, 'sha256': '', 'url': ''}}}))
    assert looked(examine(path, None))['models'].state == 'ok'
    (folder / 'model.bin').write_bytes(b'a')
    found = looked(examine(path, None))['models']
    assert found.state == 'missing' and 'model.bin' in found.found


@pytest.mark.slow
def test_the_deep_look_loads_every_model():
    ran = etiquette('doctor', '--deep', '--json', '--config', QUICK)
    assert ran.code == 0, ran.out
    told = {finding['what']: finding['state'] for finding in ran.json()['findings']}
    assert {'voice activity loads', 'telemetry of pyannote', 'diarizer loads',
            'transcriber loads'} <= {what for what, state in told.items() if state == 'ok'}
