"""What is stored of callers and of places, as the settings say."""

import json
from dataclasses import replace

import pytest

from pipeline.privacy import PrivacyOptions, forms_of, hashed, private, secret_of
from pipeline.settings import fingerprint_of, load_settings
from pipeline.sources import Batch, read_batch
from pipeline.yaml_records import ConfigError
from tests.conftest import QUICK, SAMPLES, etiquette, rows
from tests.results import reject
from transforms.conversation import Conversation, RunContext
from transforms.metadata import metadata_of
from transforms.stages import call_record
from warehouse.proof import search

CALLER, NAME = '+15550142', 'Erika Mustermann'
SECRET = 'c0ffee' * 8


def options(caller_id='hash', source_uri='keep', salt_file=None, salt_env='SALT_FOR_TESTS'):
    return PrivacyOptions(caller_id, source_uri, salt_file, salt_env)


@pytest.fixture
def batch(tmp_path, monkeypatch):
    monkeypatch.setenv('SALT_FOR_TESTS', SECRET)
    sample = next(SAMPLES.glob('*.flac'))
    (tmp_path / 'a.flac').write_bytes(sample.read_bytes())
    manifest = tmp_path / 'm.csv'
    manifest.write_text(
        'call_id,audio_uri,caller_id,caller_name,agent_name,crm_note\n'
        f'one,a.flac,{CALLER},{NAME},Anna,"{NAME} ({CALLER}) asked twice"\n'
        f'two,a.flac,{CALLER},,Anna,\n'
        f'bad,missing.flac,{CALLER},{NAME},Anna,\n')
    return read_batch(str(manifest), load_settings(None).source)


def test_a_hashed_caller_is_the_same_for_all_calls_of_one_and_cannot_be_read(batch):
    told = private(batch, options())
    one, two = told.references
    assert one.caller_id == two.caller_id == hashed(CALLER, SECRET.encode())
    assert one.caller_id.startswith('hmac:') and len(one.caller_id) == 37
    assert json.loads(one.manifest)['caller_id'] == one.caller_id
    assert hashed(CALLER, b'another secret, 16 bytes') != one.caller_id
    for text in (CALLER, NAME):
        assert text not in repr(told)
    assert metadata_of(one).caller_name is None and metadata_of(one).agent_name == 'Anna'
    assert json.loads(one.manifest)['extra']['crm_note'] == (
        f'[caller_name] ({one.caller_id}) asked twice')


def test_hashing_what_is_hashed_changes_nothing_so_a_reject_can_be_tried_again(batch):
    once = private(batch, options())
    assert private(once, options()) == once


def test_a_dropped_caller_leaves_no_trace_and_a_kept_one_is_as_it_was(batch):
    told = private(batch, options('drop'))
    assert told.references[0].caller_id is None
    assert CALLER not in repr(told) and NAME not in repr(told)
    assert private(batch, options('keep')) == batch


def test_rows_that_are_rejected_as_they_are_written_do_not_quote_the_caller(monkeypatch):
    monkeypatch.setenv('SALT_FOR_TESTS', SECRET)
    row = replace(reject(), step='manifest', manifest=json.dumps({'caller_id': CALLER}),
                  value=CALLER, message=f"caller_id '{CALLER}' is wrong")
    (told,) = private(Batch((), (row,), (), 1), options()).rejects
    assert CALLER not in repr(told) and hashed(CALLER, SECRET.encode()) in told.message


def test_the_place_of_a_recording_is_masked_by_its_hash_when_the_call_is_stored(batch):
    context = RunContext('w', 'l', 'r1', 'f1', 'UTC', mask_source=True)
    call = Conversation(ref=batch.references[0], audio_sha256='ab' * 32)
    record = call_record(call, context)
    assert record.source_uri == 'sha256:' + 'ab' * 8
    assert 'a.flac' not in record.manifest and json.loads(record.manifest)['caller_id'] == CALLER
    kept = call_record(call, replace(context, mask_source=False))
    assert kept.source_uri.endswith('a.flac') and 'a.flac' in kept.manifest


def test_privacy_is_no_part_of_the_fingerprint(tmp_path):
    plain = load_settings(str(QUICK))
    (tmp_path / 'salt').write_text(SECRET)
    (tmp_path / 'site.yaml').write_text(
        f'extends: {QUICK}\nprivacy: {{caller_id: hash, salt_file: salt, source_uri: mask}}\n')
    site = load_settings(str(tmp_path / 'site.yaml'))
    assert site.privacy.salt_file == str(tmp_path / 'salt')
    assert fingerprint_of(site) == fingerprint_of(plain)


@pytest.mark.parametrize('text, told', [
    ('{caller_id: hash}', 'salt_file'), ('{caller_id: hash, salt_file: none.txt}', 'openssl rand'),
    ('{caller_id: hash, salt_env: NO_SUCH_SALT}', 'NO_SUCH_SALT holds 0 bytes'),
    ('{caller_id: hsah}', 'hash')])
def test_a_secret_that_is_missing_or_short_is_told_before_anything_runs(tmp_path, text, told):
    path = tmp_path / 'site.yaml'
    path.write_text(f'privacy: {text}\n')
    with pytest.raises(ConfigError, match=told):
        load_settings(str(path))


def test_a_caller_is_looked_for_as_given_and_as_hashed(monkeypatch):
    monkeypatch.setenv('SALT_FOR_TESTS', SECRET)
    assert forms_of(CALLER, options()) == (CALLER, hashed(CALLER, SECRET.encode()))
    assert forms_of(CALLER, options('keep', salt_env=None)) == (CALLER,)
    assert secret_of(options()) == SECRET.encode()


@pytest.mark.slow
def test_a_run_with_hashed_callers_and_masked_places_leaves_neither_anywhere(batch, tmp_path):
    (tmp_path / 'salt').write_text(SECRET)
    config = tmp_path / 'site.yaml'
    config.write_text(
        f'extends: {QUICK}\nprivacy: {{caller_id: hash, salt_file: salt, source_uri: mask}}\n')
    root, manifest = tmp_path / 'w', tmp_path / 'm.csv'
    common = ('--config', config, '--warehouse', root, '--workers', '1', '--json')
    ran = etiquette('run', manifest, *common)
    assert ran.code == 1 and ran.json()['calls_published'] == 2, ran.err
    again = etiquette('run', manifest, *common).json()
    assert (again['calls_skipped'], again['calls_rejected_before']) == (3, 1)
    assert not search(root, [CALLER, NAME]).hits
    assert {hit.path.split('/')[1] for hit in search(root, ['a.flac']).hits} <= {'rejects'}
    callers = rows(root, 'SELECT call_id, caller_id, source_uri FROM calls ORDER BY 1')
    assert {row['caller_id'] for row in callers} == {hashed(CALLER, SECRET.encode())}
    (tmp_path / 'missing.flac').write_bytes((tmp_path / 'a.flac').read_bytes())
    etiquette('run', manifest, *common)
    gone = etiquette('erase', '--caller', CALLER, '--config', config, '--warehouse', root,
                     '--yes', '--json')
    assert gone.code == 0 and set(gone.json()['calls']) == {'one', 'two', 'bad'}, gone.err
