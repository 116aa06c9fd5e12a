"""`etiquette models pull`, against a hub on this machine with models that the tests build."""

import dataclasses
import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from pipeline import fetch, models
from pipeline.cli import run_command
from pipeline.models import damaged, needed, read_manifest
from pipeline.offline import offline
from pipeline.settings import fingerprint_of, load_settings
from tests.conftest import environment, etiquette
from tests.fake_hub import REVISION, serving
from tests.tiny_models import tiny_aligner, tiny_whisper
from transforms.transcribe import resolve_engine, weights

WHISPER, ALIGNER = 'acme/whisper', 'acme/aligner'
BUNDLE = 'WAV2VEC2_ASR_BASE_960H'
FILES = {WHISPER: {'model.bin': b'w' * 5000, 'config.json': b'{}', 'tokenizer.json': b'{"a": 1}',
                   'vocabulary.txt': b'a b', 'README.md': b'read me'},
         ALIGNER: {'config.json': b'{}', 'preprocessor_config.json': b'{}', 'vocab.json': b'{}',
                   'model.safetensors': b's' * 3000, 'pytorch_model.bin': b'p' * 3000,
                   'language_model/lm.bin': b'l' * 9000}}


@pytest.fixture
def hub(monkeypatch):
    with serving() as hub:
        monkeypatch.setenv('HF_ENDPOINT', hub.url)
        monkeypatch.delenv('HF_TOKEN', raising=False)
        monkeypatch.setattr(models, 'NLTK', f'{hub.url}/nltk/')
        monkeypatch.setattr(models, 'TORCHAUDIO', f'{hub.url}/torchaudio/')
        monkeypatch.setattr(fetch, 'PAUSE_S', 0.01)
        hub.repositories = {name: dict(files) for name, files in FILES.items()}
        hub.plain = {'/nltk/punkt_tab.zip': punkt(),
                     f'/torchaudio/{weights.BUNDLES[BUNDLE]}': b't' * 4000}
        yield hub


@pytest.fixture
def config(tmp_path):
    path = tmp_path / 'site.yaml'
    path.write_text('transcribe:\n  engine: whisperx\n  whisperx:\n'
                    f'    model: {WHISPER}\n    device: cpu\n    compute_type: float32\n'
                    f'    aligners: {{en: {ALIGNER}, ko: {BUNDLE}, ja: ./own, zh: ./own, '
                    'id: ./own}\n')
    return path


def punkt():
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as archive:
        for name in ('collocations.tab', 'sent_starters.txt', 'abbrev_types.txt',
                     'ortho_context.tab'):
            archive.writestr(f'punkt_tab/english/{name}', '')
    return out.getvalue()


def pull(config, to, *more):
    return run_command(['models', 'pull', '--config', str(config), '--to', str(to), *more])


def used_from(config, folder):
    """The settings of a run whose config names the folder, besides what it says itself."""
    path = folder.parent / 'with-models.yaml'
    path.write_text(f'extends: {config}\nmodels: {folder}\n')
    return load_settings(str(path))


def test_one_setting_makes_a_run_find_all_that_was_pulled(hub, config, tmp_path):
    to = tmp_path / 'models'
    assert pull(config, to) == 0
    settings = used_from(config, to)
    assert resolve_engine(settings.transcribe).name == 'whisperx'
    options = settings.transcribe.whisperx
    assert weights.aligner(options, 'en') == str(
        to / 'models--acme--aligner' / 'snapshots' / REVISION)
    assert weights.aligner(options, 'ko') == BUNDLE
    assert (weights.bundle_folder(options) / weights.BUNDLES[BUNDLE]).is_file()
    names = {name.rpartition('/')[2] for name in read_manifest(to)}
    assert {'model.bin', 'vocabulary.txt', 'model.safetensors', 'punkt_tab.zip'} <= names
    assert not names & {'README.md', 'pytorch_model.bin', 'lm.bin'}
    assert not list(to.rglob(f'*{fetch.PART}'))


def test_what_is_heard_does_not_depend_on_where_the_models_are(hub, config, tmp_path):
    prints = []
    for name in ('one', 'two'):
        assert pull(config, tmp_path / name / 'models') == 0
        prints.append(fingerprint_of(used_from(config, tmp_path / name / 'models')))
    assert prints[0] == prints[1]


def test_a_second_pull_fetches_only_what_is_new(hub, config, tmp_path, capsys):
    assert pull(config, tmp_path, '--language', 'en') == 0
    hub.asked.clear()
    assert pull(config, tmp_path) == 0
    assert '(1 files fetched now)' in capsys.readouterr().out
    assert [path for method, path, _ in hub.asked if method == 'GET' and '/api/' not in path] == [
        f'/torchaudio/{weights.BUNDLES[BUNDLE]}']


def test_a_transfer_that_breaks_off_goes_on_where_it_was(hub, config, tmp_path):
    hub.break_off['model.bin'] = 2
    assert pull(config, tmp_path) == 0
    ranges = [headers['Range'] for _, path, headers in hub.asked
              if path.endswith('/model.bin') and path.startswith('/storage') and 'Range' in headers]
    assert ranges == ['bytes=2500-', 'bytes=3750-']
    found = tmp_path / 'models--acme--whisper' / 'snapshots' / REVISION / 'model.bin'
    assert found.read_bytes() == FILES[WHISPER]['model.bin']


def test_a_pull_that_was_given_up_goes_on_with_the_next_one(hub, config, tmp_path, capsys):
    hub.break_off['model.bin'] = 99
    assert pull(config, tmp_path) == 3
    assert 'the same command goes on from there' in capsys.readouterr().err
    assert weights.whisper_folder(used_from(config, tmp_path).transcribe.whisperx) is None
    hub.break_off.clear()
    assert pull(config, tmp_path) == 0
    assert weights.whisper_folder(used_from(config, tmp_path).transcribe.whisperx)


@pytest.mark.parametrize('file', ['model.bin', 'tokenizer.json'])
def test_bytes_that_are_not_what_the_hub_announced_are_never_used(
        hub, config, tmp_path, capsys, file):
    hub.corrupt.add(file)
    assert pull(config, tmp_path) == 3
    assert 'came damaged' in capsys.readouterr().err
    assert not list(tmp_path.rglob(f'{file}*'))
    assert weights.whisper_folder(used_from(config, tmp_path).transcribe.whisperx) is None


def test_a_gated_model_names_its_terms_and_the_token_that_opens_it(
        hub, config, tmp_path, capsys, monkeypatch):
    hub.gated.add(ALIGNER)
    assert pull(config, tmp_path) == 3
    told = capsys.readouterr().err
    assert f'{hub.url}/{ALIGNER}' in told and 'HF_TOKEN' in told
    monkeypatch.setenv('HF_TOKEN', hub.token)
    assert pull(config, tmp_path) == 0
    elsewhere = [headers for _, path, headers in hub.asked if path.startswith('/storage/')]
    assert elsewhere and all('Authorization' not in headers for headers in elsewhere)


def test_a_model_that_is_not_on_the_hub_is_named(hub, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv('HF_TOKEN', hub.token)
    config = tmp_path / 'wrong.yaml'
    config.write_text('transcribe: {whisperx: {model: acme/whispr}}\n')
    assert pull(config, tmp_path) == 3
    assert 'there is no acme/whispr' in capsys.readouterr().err


def test_a_whisper_that_is_no_conversion_is_refused_before_it_is_fetched(
        hub, config, tmp_path, capsys):
    del hub.repositories[WHISPER]['model.bin']
    assert pull(config, tmp_path / 'to') == 3
    assert 'acme/whisper is no Whisper that can be used: it has no model.bin' in (
        capsys.readouterr().err)
    assert not (tmp_path / 'to').exists()


def test_a_file_that_would_leave_the_folder_is_refused(hub, config, tmp_path, capsys):
    hub.repositories[WHISPER]['vocabulary./../../../../x'] = b'x'
    assert pull(config, tmp_path / 'to') == 3
    assert 'would leave its folder' in capsys.readouterr().err


def test_a_dry_run_lists_sizes_and_fetches_nothing(hub, config, tmp_path, capsys):
    assert pull(config, tmp_path / 'to', '--dry-run') == 0
    told = capsys.readouterr().out
    for word in ('model.bin', 'aligner en', BUNDLE, 'punkt_tab', '10 files to fetch, 0.0 MB'):
        assert word in told, told
    assert not (tmp_path / 'to').exists()


def test_without_a_network_it_says_what_to_do_and_shows_no_traceback(config, tmp_path):
    ran = etiquette('models', 'pull', '--config', config, '--to', tmp_path,
                    HF_ENDPOINT='http://127.0.0.1:9')
    assert ran.code == 3
    assert '127.0.0.1:9 cannot be reached' in ran.err
    assert 'on a machine with a network' in ran.err
    assert 'Traceback' not in ran.err


def test_a_language_without_an_aligner_is_wrong_use(config, tmp_path, capsys):
    assert pull(config, tmp_path, '--language', 'sv') == 2
    assert 'there is en, ko' in capsys.readouterr().err


def test_folders_of_ones_own_are_not_fetched(tmp_path):
    path = tmp_path / 'site.yaml'
    path.write_text(f'transcribe: {{whisperx: {{model: {tmp_path}, aligners: {{en: ./mine}}}}}}\n')
    assert [need.what for need in needed(load_settings(str(path)))
            if need.language in (None, 'en')] == ['sentences']


def test_a_file_that_was_changed_since_it_was_pulled_is_found(hub, config, tmp_path):
    assert pull(config, tmp_path) == 0
    assert list(damaged(tmp_path, thorough=True)) == []
    model = tmp_path / 'models--acme--whisper' / 'snapshots' / REVISION / 'model.bin'
    model.write_bytes(b'x' * 5000)
    assert list(damaged(tmp_path)) == []
    assert list(damaged(tmp_path, thorough=True)) == [str(model.relative_to(tmp_path))]
    model.unlink()
    assert list(damaged(tmp_path)) == [str(model.relative_to(tmp_path))]


def test_a_diarization_pipeline_comes_with_the_parts_that_its_config_names(
        hub, tmp_path, monkeypatch):
    hub.repositories['acme/diarization'] = {'config.yaml': json.dumps({'pipeline': {
        'name': 'x', 'params': {'segmentation': 'acme/segmentation', 'plda': '$model/plda',
                                'clustering': 'VBx'}}}).encode()}
    hub.repositories['acme/segmentation'] = {'pytorch_model.bin': b'm' * 2000}
    config = tmp_path / 'site.yaml'
    config.write_text('transcribe: {engine: none}\n'
                      'diarize: {engine: pyannote, model: acme/diarization}\n')
    assert pull(config, tmp_path / 'to') == 0
    assert sorted(path.rpartition('/')[2] for path in read_manifest(tmp_path / 'to')) == [
        'config.yaml', 'pytorch_model.bin']


LIBRARIES = """
import os
from huggingface_hub import hf_hub_download
print(hf_hub_download('acme/whisper', 'model.bin'))
import nltk
print(nltk.data.find('tokenizers/punkt_tab/english/'))
import torch
print(torch.hub.get_dir())
"""


def test_the_libraries_themselves_find_what_was_pulled_without_a_network(hub, config, tmp_path):
    to = tmp_path / 'models'
    assert pull(config, to) == 0
    env = {**environment(), **offline(str(to)), 'HF_ENDPOINT': 'http://127.0.0.1:9'}
    out = subprocess.run([sys.executable, '-c', LIBRARIES], capture_output=True, text=True, env=env)
    assert out.stdout.split() == [
        str(to / 'models--acme--whisper' / 'snapshots' / REVISION / 'model.bin'),
        str(to / 'nltk_data' / 'tokenizers' / 'punkt_tab' / 'english'),
        str(to / 'torch' / 'hub')], out.stderr


def test_the_fake_hub_is_one_to_the_hubs_own_client(hub, tmp_path):
    code = ('import sys; from huggingface_hub import HfApi, snapshot_download; '
            f'print(snapshot_download("{WHISPER}", cache_dir=sys.argv[1])); '
            f'told = HfApi().model_info("{WHISPER}", files_metadata=True); '
            'print(told.sha, {s.rfilename: s.lfs.sha256 for s in told.siblings if s.lfs})')
    out = subprocess.run([sys.executable, '-c', code, str(tmp_path)], text=True,
                         capture_output=True, env={**os.environ, 'HF_ENDPOINT': hub.url})
    folder, _, told = out.stdout.partition('\n')
    assert folder.endswith(REVISION), out.stderr
    assert told.startswith(REVISION) and "'model.bin'" in told
    assert (tmp_path / 'models--acme--whisper/snapshots' / REVISION / 'model.bin').stat().st_size


@pytest.mark.slow
def test_a_call_is_heard_with_models_that_were_pulled(hub, config, tmp_path):
    """The real WhisperX on a tiny Whisper and a tiny aligner, by their names on the hub."""
    from tests.test_transcribe_whisperx import CALL, LANES, recording
    from transforms.transcribe import load_transcriber
    whisper = tiny_whisper(tmp_path / 'built', ' good morning', words=('good', 'morning'))
    aligner = tiny_aligner(tmp_path / 'aligner')
    hub.repositories = {name: {p.name: p.read_bytes() for p in folder.iterdir()}
                        for name, folder in ((WHISPER, whisper), (ALIGNER, aligner))}
    assert pull(config, tmp_path / 'models', '--language', 'en') == 0
    chosen = used_from(config, tmp_path / 'models').transcribe
    hub.asked.clear()
    transcriber = load_transcriber(dataclasses.replace(chosen, threads=1))
    heard = transcriber.hear(recording(), LANES, 'en', CALL)
    assert heard.transcriber == 'whisperx'
    assert {quality for words in heard.words for quality in words.time_quality} <= {
        'aligned', 'interpolated'}
    assert not hub.asked
