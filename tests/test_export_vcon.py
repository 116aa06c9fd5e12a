import base64
import hashlib
import json
from dataclasses import replace
from urllib.parse import unquote

import pytest

from tests.results import result
from tests.stored_calls import heard, judged_by, silent
from tests.test_landing import HOSTILE
from tests.vcon_rules import faults_of
from transforms import redact
from transforms.transcribe.transcripts import read_transcript
from warehouse import landing
from warehouse.export import Options, Selection, export
from warehouse.export.vcon import _TAGS
from warehouse.publish import publish
from warehouse.records import Event, Words

SHA = hashlib.sha256(b'audio').hexdigest()


class Watch:
    def begin(self, what, rows):
        pass

    def add(self, rows):
        pass


def exported(root, out, **options):
    export(root, 'vcon', out, Options(**options), Watch())
    return {path.name.removesuffix('.vcon.json'): json.loads(path.read_bytes())
            for path in out.glob('*.vcon.json')}


def one(tmp_path, landed, **options):
    landing.put(tmp_path / 'w', landed)
    publish(tmp_path / 'w')
    (doc,) = exported(tmp_path / 'w', tmp_path / 'out', **options).values()
    assert faults_of(doc) == []
    return doc


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    calls = {}
    for seed in range(12):
        calls[f'call {seed:04}'] = judged_by(heard(seed))
    calls['silent'] = judged_by(silent())
    for landed in calls.values():
        landing.put(root, landed)
    publish(root)
    return root, calls, exported(root, tmp_path_factory.mktemp('x') / 'out')


def analyses(doc, schema):
    return [entry['body'] for entry in doc['analysis'] if entry['schema'] == schema]


def test_every_call_is_a_vcon_as_the_draft_has_it(made):
    _, calls, docs = made
    assert {unquote(name) for name in docs} == set(calls)
    assert {name: faults_of(doc) for name, doc in docs.items() if faults_of(doc)} == {}
    assert len({doc['uuid'] for doc in docs.values()}) == len(docs)


@pytest.mark.parametrize('spoil', [
    lambda doc: doc.pop('uuid'), lambda doc: doc.update(created_at='yesterday'),
    lambda doc: doc['analysis'][0].pop('vendor'), lambda doc: doc['analysis'][0].pop('encoding'),
    lambda doc: doc['dialog'][0].update(parties=[0, 2]),
    lambda doc: doc['dialog'][0].update(url='file:///a.wav'), lambda doc: doc.pop('extensions'),
    lambda doc: doc['dialog'][0].update(originator=9), lambda doc: doc.update(vcon='0.3.0')])
def test_the_rules_that_it_is_held_against_find_what_is_wrong(made, spoil):
    doc = json.loads(json.dumps(made[2]['call%200000']))
    spoil(doc)
    assert faults_of(doc)


def test_its_transcript_read_back_gives_the_same_words_of_the_same_speakers(made):
    _, calls, docs = made
    for call_id, landed in calls.items():
        if not len(landed.words):
            continue
        doc = docs[call_id.replace(' ', '%20')]
        said = read_transcript(json.dumps(doc).encode(), landed.call.language).said
        words = landed.words
        for who, role in (('agent', 'agent'), ('caller', 'customer')):
            assert [(word.text, word.start_s, word.end_s, word.confidence)
                    for word, label, _ in said if label == role] == [
                (words.text[n], words.start_s[n], words.end_s[n], words.confidence[n])
                for n in range(len(words)) if words.speaker[n] == who]


def test_words_of_no_turn_and_words_without_a_time_come_back_too(tmp_path):
    landed = result()
    words = landed.words
    count = len(words)
    doc = one(tmp_path, replace(landed, words=Words(
        start_s=(None, *words.start_s[1:]), end_s=(None, *words.end_s[1:]), text=words.text,
        confidence=(None,) * count, time_quality=('none', *words.time_quality[1:]),
        turn=(*words.turn[:-1], -1), speaker=words.speaker)))
    said = read_transcript(json.dumps(doc).encode(), 'en').said
    assert sorted(word.text for word, _, _ in said) == sorted(words.text)
    assert said[0].word.quality == 'interpolated' and said[-1].label == 'customer'


def test_a_report_holds_the_measures_of_its_standard_and_what_each_rule_says(made):
    _, calls, docs = made
    landed = calls['call 0000']
    (report,) = analyses(docs['call%200000'], 'call-etiquette-report-1')
    assert report['standard'] == 'default'
    assert report['kpis']['etiquette_score'] == landed.kpis[0].etiquette_score
    assert report['kpis']['agent_interruptions'] == landed.kpis[0].agent_interruptions
    assert {(f['rule_id'], f['result'], f['why'], f['evidence']) for f in report['findings']} == {
        (f.rule_id, f.result, f.why, f.evidence) for f in landed.findings}


def test_a_call_judged_by_two_standards_has_two_reports_the_configured_one_first(tmp_path):
    doc = one(tmp_path, result(standards=('ko', 'default')))
    assert [body['standard'] for body in analyses(doc, 'call-etiquette-report-1')] == [
        'default', 'ko']


def test_events_are_told_without_the_speech_that_the_transcript_holds(made):
    _, calls, docs = made
    (body,) = analyses(docs['call%200003'], 'call-etiquette-events-1')
    assert [(e['kind'], e['start_s']) for e in body['events']] == [
        (e.kind, e.start_s) for e in calls['call 0003'].events if e.kind != 'speech']


def test_holds_are_in_the_history_of_the_dialog(tmp_path):
    doc = one(tmp_path, result())
    assert doc['dialog'][0]['party_history'] == [
        {'party': 1, 'event': 'hold', 'time': '2026-11-04T09:30:08.000Z'},
        {'party': 1, 'event': 'unhold', 'time': '2026-11-04T09:30:10.000Z'}]


def test_parties_have_their_roles_names_and_addresses_as_far_as_they_are_known(tmp_path):
    doc = one(tmp_path, result(
        agent='anna@example.org', caller_id='+1 (202) 555-0101',
        manifest='{"agent_name": "Anna", "caller_name": "\\ud800"}'))
    assert doc['parties'] == [
        {'role': 'agent', 'mailto': 'anna@example.org', 'name': 'Anna', 'validation': 'none'},
        {'role': 'customer', 'tel': '+1 (202) 555-0101', 'name': '?', 'validation': 'none'}]


def test_a_caller_who_is_no_telephone_number_has_an_identifier(tmp_path):
    assert one(tmp_path, result(caller_id='5f0c8a2e'))['parties'][1] == {
        'role': 'customer', 'uuid': '5f0c8a2e'}


def test_each_channel_has_its_party_where_the_manifest_tells_it(tmp_path):
    doc = one(tmp_path, result(manifest='{"agent_channel": 1}', direction='outbound'))
    assert doc['dialog'][0]['parties'] == [1, 0] and doc['dialog'][0]['originator'] == 0


def test_both_parties_are_on_each_channel_where_it_is_not_told(tmp_path):
    assert one(tmp_path, result())['dialog'][0]['parties'] == [[0, 1], [0, 1]]


def test_a_mono_recording_has_one_channel_of_both(tmp_path):
    doc = one(tmp_path, result(channels=1, lane_source='diarized'))
    assert doc['dialog'][0]['parties'] == [0, 1]


def test_a_recording_is_referred_to_by_https_and_the_hash_of_its_file_alone(tmp_path):
    (dialog,) = one(tmp_path, result(sha=SHA, source_uri='/audio/a b.wav'),
                    audio_url='https://rec.example.org/2026/')['dialog']
    assert dialog['url'] == 'https://rec.example.org/2026/a%20b.wav'
    name, digest = dialog['content_hash'].split('-', 1)
    assert name == 'sha256'
    assert base64.urlsafe_b64decode(digest + '=').hex() == SHA
    assert (dialog['filename'], dialog['mediatype']) == ('a b.wav', 'audio/x-wav')


def test_without_an_address_the_dialog_names_the_file_and_no_path(tmp_path):
    doc = one(tmp_path, result(sha=SHA))
    (dialog,) = doc['dialog']
    assert '/audio' not in json.dumps(doc)
    assert 'url' not in dialog and 'content_hash' not in dialog
    assert dialog['filename'] == 'c1.wav'


def test_a_call_of_two_files_has_two_recordings_without_the_hash_that_is_of_neither(tmp_path):
    doc = one(tmp_path, result(
        sha=SHA, source_uri='/x/c.agent.flac', manifest=json.dumps({
            'agent_audio_uri': '/x/c.agent.flac', 'caller_audio_uri': '/x/c.caller.flac'})),
        audio_url='https://rec.example.org')
    assert [(one['parties'], one['filename']) for one in doc['dialog']] == [
        (0, 'c.agent.flac'), (1, 'c.caller.flac')]
    assert not any('content_hash' in one for one in doc['dialog'])
    assert doc['analysis'][0]['dialog'] == [0, 1]


def test_a_call_without_a_time_has_no_start_and_no_history(tmp_path):
    (dialog,) = one(tmp_path, result(day=None))['dialog']
    assert 'start' not in dialog and 'party_history' not in dialog


def test_what_was_redacted_is_said_by_its_kind(tmp_path):
    landed = result()
    turns = (landed.turns[0]._replace(text='it is [card] and [phone]'), *landed.turns[1:])
    assert one(tmp_path, replace(landed, turns=turns))['redacted'] == {'type': 'card, phone'}


def test_what_was_not_redacted_is_not_said_to_be(tmp_path):
    assert 'redacted' not in one(tmp_path, result())


def test_the_tags_that_are_looked_for_are_those_that_redaction_writes():
    assert {f'[{kind}]' for kind in _TAGS.pattern.split('(')[1].split(')')[0].split('|')} == {
        redact.CARD, redact.ACCOUNT, redact.PHONE, redact.EMAIL}


def test_the_same_call_exported_again_is_the_same_to_the_byte(made, tmp_path):
    root, _, docs = made
    again = exported(root, tmp_path / 'again')
    assert again == docs


def test_a_call_judged_otherwise_is_another_vcon(tmp_path):
    root = tmp_path / 'w'
    uuids = []
    for score in (70.0, 80.0):
        landing.put(root, result(score=score))
        publish(root)
        uuids += [doc['uuid'] for doc in exported(root, tmp_path / f'{score}').values()]
    assert len(set(uuids)) == 2


@pytest.mark.parametrize('many', [False, True])
def test_hostile_ids_and_texts_stay_in_the_folder_and_in_their_place(tmp_path, many):
    root = tmp_path / 'w'
    for call_id in HOSTILE:
        landed = result(call_id, agent='"},{"role":"agent')
        landing.put(root, replace(landed, turns=tuple(
            turn._replace(text='</script>\x00\u2028"') for turn in landed.turns), events=(
                *landed.events, Event(9, 'phrase', call_id, 'agent', 0.0, 1.0, 0.5, call_id))))
    publish(root)
    docs = exported(root, tmp_path / 'out', selection=Selection(queue='billing') if many
                    else Selection())
    assert sorted(doc['analysis'][1]['body']['call']['call_id'] for doc in docs.values()) == sorted(
        HOSTILE)
    assert all(faults_of(doc) == [] for doc in docs.values())
    assert all(doc['parties'][0]['uuid'] == '"},{"role":"agent' for doc in docs.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ['out', 'w']
    assert not [path for path in (tmp_path / 'out').iterdir() if path.is_dir()]
