"""vCons as a manifest."""

import base64
import copy
import hashlib
import json
from pathlib import Path

import pytest

from pipeline.rows import ManifestError
from tests.imported import RECORDS, by_id, imported, sound
from transforms.transcribe.transcripts import read_transcript

VCON = RECORDS / 'vcon'
CALL = '0199e054-ed10-8035-b9a2-279e0d16bc01'


def vcon(change=lambda tree: None):
    tree = copy.deepcopy(json.loads((VCON / 'call.vcon').read_text()))
    change(tree)
    return tree


def of(tmp_path, *trees, **options):
    path = tmp_path / 'calls.jsonl'
    path.write_text('\n'.join(json.dumps(tree) for tree in trees))
    return imported('vcon', path, folder=tmp_path, **options)


def inline(data=b'RIFF....', **over):
    return {'type': 'recording', 'start': '2024-11-04T09:00:00Z', 'parties': [0, 1],
            'mediatype': 'audio/x-wav', 'encoding': 'base64url',
            'body': base64.urlsafe_b64encode(data).decode().rstrip('='), **over}


def hash_of(data):
    digest = base64.urlsafe_b64encode(hashlib.sha512(data).digest()).decode().rstrip('=')
    return f'sha512-{digest}'


def test_a_vcon_fills_what_its_parties_and_their_history_say(tmp_path):
    sound(tmp_path / 'orders-17.wav')
    call = by_id(imported('vcon', VCON / 'call.vcon', recordings=tmp_path))[CALL]
    call.pop('transcript_uri')
    assert call == {
        'call_id': CALL, 'audio_uri': 'orders-17.wav', 'started_at': '2024-11-04T09:00:00+00:00',
        'agent_id': 'a-17', 'agent_name': 'Ana Ruiz', 'caller_id': '+4930901820',
        'caller_name': 'Mia Wolf', 'agent_channel': 1, 'direction': 'inbound',
        'answered_at': '2024-11-04T09:00:12+00:00',
        'ended_at': '2024-11-04T09:03:20.500000+00:00', 'hung_up_by': 'caller',
        'holds': [{'start_at': '2024-11-04T09:01:00+00:00',
                   'end_at': '2024-11-04T09:01:45.500000+00:00'}]}


def test_a_transcript_that_is_read_here_is_taken_from_the_vcon():
    path = by_id(imported('vcon', VCON / 'call.vcon', folder=VCON))[CALL]['transcript_uri']
    words = read_transcript(Path(path).read_bytes(), 'en').said
    assert [said.word.text for said in words] == ['Hello,', 'this', 'is', 'Ana.']


def test_a_transcript_in_an_unknown_form_is_told_and_not_taken(tmp_path):
    deepgram = {'metadata': {}, 'results': {'channels': [{'alternatives': [{'words': []}]}]}}
    result = of(tmp_path, vcon(lambda tree: tree['analysis'][0].update(body=deepgram)))
    assert 'transcript_uri' not in by_id(result)[CALL]
    assert any('a form that is not read here' in text for text in result.notes)


def test_a_signed_vcon_is_read_and_it_is_told_that_nobody_checked_the_signature():
    result = imported('vcon', VCON / 'signed.vcon')
    assert by_id(result)['0199e054-ed10-8035-b9a2-279e0d16bc02']['agent_name'] == 'Ana Ruiz'
    assert result.notes == {'is signed, and the signature was not checked': 1}


def test_a_signed_vcon_in_compact_form_is_read_too(tmp_path):
    signed = json.loads((VCON / 'signed.vcon').read_text())
    (tmp_path / 'call.jws').write_text(f'eyJhbGciOiJSUzI1NiJ9.{signed["payload"]}.c2ln\n')
    assert len(by_id(imported('vcon', tmp_path / 'call.jws'))) == 1


@pytest.mark.parametrize('name, text', [
    ('call.vcon', (VCON / 'encrypted.vcon').read_text()), ('call.jws', 'a.b.c.d.e')])
def test_an_encrypted_vcon_is_refused_with_the_way_out(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    [fault] = imported('vcon', tmp_path / name).broken
    assert 'encrypted' in fault.cause and 'Decrypt it' in fault.way_out


def test_broken_vcons_are_named_and_the_others_are_read():
    result = imported('vcon', VCON / 'broken.jsonl')
    assert set(by_id(result)) == {'0199e054-ed10-8035-b9a2-279e0d16bc10'}
    assert [fault.cause for fault in result.broken] == [
        'critical names an extension that is not known here: lawful_basis', 'uuid is missing',
        'dialog and parties are not both there', "start 'yesterday' is no date and time",
        'dialog[0].parties names a party that is not there',
        'body is not base64url (Only base64 data is allowed)',
        'content_hash is not that of the content']


def test_a_recording_inside_is_written_beside_the_manifest_only_when_asked_for(tmp_path):
    data = sound(tmp_path / 'apart' / 'call.wav').read_bytes()
    tree = vcon(lambda tree: tree.update(dialog=[inline(data, content_hash=hash_of(data))]))
    out = tmp_path / 'manifest.jsonl'
    without = of(tmp_path, tree, out=out)
    assert not without.rows and any('--unpack' in text for text in without.notes)
    call = by_id(of(tmp_path, tree, out=out, unpack=True))[CALL]
    assert call['audio_uri'] == f'manifest-recordings/{CALL}.wav'
    assert (tmp_path / call['audio_uri']).read_bytes() == data
    assert read_transcript((tmp_path / call['transcript_uri']).read_bytes(), 'en').said


def test_a_pair_inside_is_written_as_the_agents_and_the_callers_file(tmp_path):
    dialogs = [inline(b'RIFF-mia', parties=[0]), inline(b'RIFF-ana', parties=1, originator=0)]
    tree = vcon(lambda tree: tree.update(dialog=dialogs))
    call = by_id(of(tmp_path, tree, out=tmp_path / 'manifest.jsonl', unpack=True))[CALL]
    assert (tmp_path / call['agent_audio_uri']).read_bytes() == b'RIFF-ana'
    assert (tmp_path / call['caller_audio_uri']).read_bytes() == b'RIFF-mia'


def test_unpacking_without_a_manifest_is_wrong_use(tmp_path):
    with pytest.raises(ManifestError) as refused:
        of(tmp_path, vcon(), unpack=True)
    assert '--out' in refused.value.way_out


@pytest.mark.parametrize('name', ['../../evil', '/etc/passwd', '.hidden', 'a/b', 'a\0b', 'x' * 190])
def test_what_is_inside_is_written_nowhere_but_into_its_folder(tmp_path, name):
    tree = vcon(lambda tree: tree.update(uuid=name, dialog=[inline(filename=f'{name}.sh')]))
    of(tmp_path, tree, out=tmp_path / 'in' / 'manifest.jsonl', unpack=True)
    written = [path for path in tmp_path.rglob('*') if path.is_file()
               and path.name != 'calls.jsonl']
    assert {path.parent for path in written} == {tmp_path / 'in' / 'manifest-recordings'}
    assert {path.suffix for path in written} <= {'.wav', '.json'}


def test_a_recording_that_is_not_the_one_that_was_hashed_is_not_taken(tmp_path):
    data = sound(tmp_path / 'orders-17.wav').read_bytes()

    def hashed(told):
        return vcon(lambda tree: tree['dialog'][0].update(content_hash=told))
    good = of(tmp_path, hashed([hash_of(data)]), recordings=tmp_path)
    bad = of(tmp_path, hashed(hash_of(b'other')), recordings=tmp_path)
    assert len(good.rows) == 1
    [(_, why)] = bad.silent
    assert 'content_hash differs' in why


def test_vcons_of_the_first_drafts_are_read_too(tmp_path):
    data = sound(tmp_path / 'bb1489ad.wav').read_bytes()
    parties = [{'tel': '+14513886516', 'name': 'David Scott', 'meta': {'role': 'agent'}},
               {'tel': '+16171557264', 'name': 'Diane Allen', 'meta': {'role': 'customer'}}]
    dialog = {'type': 'recording', 'start': '2024-05-03T20:13:48.414984Z', 'duration': 52.68,
              'parties': [1, 0], 'mimetype': 'audio/x-wav', 'alg': 'SHA-512',
              'signature': hash_of(data).removeprefix('sha512-'),
              'url': 'https://example.com/2024/05/03/bb1489ad.wav'}
    tree = vcon(lambda tree: tree.update(vcon='0.0.1', parties=parties, dialog=[dialog]))
    call = by_id(of(tmp_path, tree, recordings=tmp_path))[CALL]
    assert call['audio_uri'] == 'bb1489ad.wav' and call['agent_channel'] == 1
    assert call['agent_name'] == 'David Scott' and call['direction'] == 'inbound'
    dialog['signature'] = hash_of(b'other').removeprefix('sha512-')
    assert not of(tmp_path, tree, recordings=tmp_path).rows


def test_a_file_for_each_party_is_the_pair_of_one_call(tmp_path):
    sound(tmp_path / 'ana.wav'), sound(tmp_path / 'mia.wav')
    start = '2024-11-04T09:00:00Z'
    dialogs = [{'type': 'recording', 'start': start, 'parties': 0, 'filename': 'mia.wav'},
               {'type': 'recording', 'start': start, 'parties': [1], 'filename': 'ana.wav',
                'originator': 0}]
    call = by_id(of(tmp_path, vcon(lambda tree: tree.update(dialog=dialogs)),
                    recordings=tmp_path))[CALL]
    assert call['agent_audio_uri'] == 'ana.wav' and call['caller_audio_uri'] == 'mia.wav'
    assert 'audio_uri' not in call and 'agent_channel' not in call


def test_recordings_one_after_the_other_are_calls_of_one_contact(tmp_path):
    def twice(tree):
        later = {**tree['dialog'][0], 'start': '2024-11-04T09:05:00Z', 'filename': 'later.wav'}
        tree['dialog'].append({**later, 'party_history': []})
    calls = by_id(of(tmp_path, vcon(twice)))
    assert set(calls) == {f'{CALL}/0', f'{CALL}/1'}
    assert {call['contact_id'] for call in calls.values()} == {CALL}


def nameless(tree):
    for party in tree['parties']:
        party.pop('role')


@pytest.mark.parametrize('own', [{'agent_domain': ['PBX.example.com']},
                                 {'agent_pattern': '^ana@'}])
def test_the_agent_may_be_told_by_an_address(tmp_path, own):
    assert by_id(of(tmp_path, vcon(nameless), **own))[CALL]['agent_channel'] == 1


def test_without_a_word_about_the_agent_nothing_is_guessed(tmp_path):
    result = of(tmp_path, vcon(nameless))
    call = by_id(result)[CALL]
    assert not {'agent_id', 'agent_channel', 'direction', 'hung_up_by', 'caller_id'} & set(call)
    assert any('nothing says which party is the agent' in text for text in result.notes)


def test_an_agent_who_called_makes_the_call_outbound(tmp_path):
    tree = vcon(lambda tree: tree['dialog'][0].update(originator=1))
    assert by_id(of(tmp_path, tree))[CALL]['direction'] == 'outbound'


@pytest.mark.parametrize('consultation, kind', [(None, 'blind'), (2, 'attended')])
def test_a_transfer_is_told_with_its_kind_and_is_no_hanging_up(tmp_path, consultation, kind):
    def moved(tree):
        tree['dialog'].append({'type': 'transfer', 'start': '2024-11-04T09:03:10Z',
                               'transferor': 1, 'transferee': 0, 'transfer_target': 1,
                               'original': 0, **({} if consultation is None else
                                                 {'consultation': consultation})})
    call = by_id(of(tmp_path, vcon(moved)))[CALL]
    assert call['transfers'] == [{'at': '2024-11-04T09:03:10+00:00', 'kind': kind}]
    assert 'hung_up_by' not in call


def test_a_hold_that_nothing_ends_lasts_to_the_end(tmp_path):
    def unended(tree):
        tree['dialog'][0]['party_history'] = [
            {'party': 0, 'event': 'hold', 'time': '2024-11-04T09:03:00Z'}]
    assert by_id(of(tmp_path, vcon(unended)))[CALL]['holds'] == [
        {'start_at': '2024-11-04T09:03:00+00:00', 'end_at': '2024-11-04T09:03:20.500000+00:00'}]


def test_texts_and_failed_calls_are_set_aside(tmp_path):
    tree = vcon(lambda tree: tree.update(dialog=[
        {'type': 'incomplete', 'start': '2024-11-04T09:00:00Z', 'disposition': 'no-answer'}]))
    assert of(tmp_path, tree).aside == {'holds no recording of a call (no-answer)': 1}


@pytest.mark.parametrize('change', [
    lambda tree: tree.update(parties='none'), lambda tree: tree.update(dialog=[7]),
    lambda tree: tree.update(critical={'a': 1}), lambda tree: tree.update(uuid='x' * 500),
    lambda tree: tree.update(analysis='none'),
    lambda tree: tree['dialog'][0].update(url='https://[broken', filename='\0'),
    lambda tree: tree['dialog'][0].update(parties=[[0], [1, [0]]]),
    lambda tree: tree['dialog'][0].update(parties=[True, False]),
    lambda tree: tree['dialog'][0].update(duration=1e300, party_history=[{'party': 0}]),
    lambda tree: tree['dialog'][0].update(originator='agent'),
    lambda tree: tree['dialog'][0].update(mediatype=3),
    lambda tree: tree['dialog'].append({'type': 'transfer', 'start': '2024-11-04T09:03:10Z',
                                        'original': [{}], 'transferor': []}),
    lambda tree: tree['parties'][1].update(uuid={'a': 1})])
def test_a_hostile_vcon_is_broken_or_a_call_and_never_a_crash(tmp_path, change):
    good = vcon(lambda tree: tree.update(uuid='good-one'))
    result = of(tmp_path, vcon(change), good)
    assert 'good-one' in by_id(result)
    assert result.records == 2
