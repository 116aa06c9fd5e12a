"""Calls of FreeSWITCH: records of mod_xml_cdr and mod_json_cdr in their published shape."""

import json
from datetime import datetime, timezone

import pytest

from tests.importing import FIXTURES, by_id, imported, recording

RECORDS = FIXTURES / 'freeswitch'
IN, OUT = '11111111-aaaa-4000-8000-000000000001', '22222222-aaaa-4000-8000-000000000001'


def at(text):
    return datetime.fromisoformat(f'2024-03-04T{text}').replace(tzinfo=timezone.utc).isoformat()


@pytest.fixture
def recordings(tmp_path):
    recording(tmp_path / f'{IN}.wav', 143.7)
    recording(tmp_path / f'{OUT}.wav', 180)
    return tmp_path


@pytest.fixture
def calls(recordings):
    return by_id(imported('freeswitch', RECORDS, recordings))


def cdr(tmp_path, callflow=(), **variables):
    """A record of a call that was bridged, as JSON."""
    path = tmp_path / 'one.cdr.json'
    path.write_text(json.dumps({'variables': {
        'uuid': OUT, 'start_epoch': '1709542800', 'answer_epoch': '1709542808',
        'bridge_epoch': '1709542808', 'end_epoch': '1709542988', **variables},
        'callflow': list(callflow)}))
    return path


def test_a_queued_call_is_told_by_both_of_its_legs(calls):
    assert dict(calls[IN].cells) == {
        'call_id': IN, 'contact_id': IN, 'direction': 'inbound', 'queue': 'support',
        'agent_id': '1001', 'caller_id': '03012345678', 'caller_name': 'Erika Muster',
        'ringing_at': at('08:30:15.400000'), 'answered_at': at('08:30:22.500000'),
        'ended_at': at('08:32:25'), 'started_at': at('08:30:01.300000'), 'hung_up_by': 'agent',
        'holds': [{'start_at': at('08:30:50'), 'end_at': at('08:31:11.500000')}],
        'transfers': [{'at': at('08:31:40'), 'kind': 'attended'}],
        'agent_channel': 1, 'audio_uri': f'{IN}.wav'}


def test_a_call_out_is_told_by_its_one_leg(calls):
    cells = calls[OUT].cells
    assert (cells['direction'], cells['agent_id'], cells['agent_name']) == (
        'outbound', '1002', 'Tom Agent')
    assert cells['caller_id'] == '004989555555'
    assert (cells['ringing_at'], cells['answered_at']) == (at('09:00:02'), at('09:00:08'))
    assert cells['started_at'] == at('09:00:08')  # 180 s long: from the answer to the end
    assert cells['holds'] == []
    assert cells['hung_up_by'] == 'agent'


def test_holds_of_an_incoming_call_are_unknown_without_the_leg_of_its_agent(recordings):
    path = RECORDS / f'a_{IN}.cdr.xml'
    cells = by_id(imported('freeswitch', path, recordings))[IN].cells
    assert not {'holds', 'ringing_at', 'hung_up_by'} & set(cells)
    assert cells['answered_at'] == at('08:30:22.750000')


def test_broken_records_are_named_and_the_others_read(recordings):
    result = imported('freeswitch', RECORDS, recordings)
    causes = {one.where.rpartition('/')[2]: one.cause for one in result.broken}
    assert causes.pop('cut.cdr.xml').startswith('cannot be read')
    assert causes == {
        'backwards.cdr.json': 'ends before it starts',
        'entity.cdr.xml': 'declares a document type or an entity, which no CDR does'}
    assert result.aside == {'calls that nobody answered (NO_ANSWER)': 1}
    assert result.records == len(list(RECORDS.iterdir()))


def test_entities_are_not_expanded_whatever_their_spelling(tmp_path):
    path = tmp_path / 'x.xml'
    path.write_text('<!doctype cdr [<!entity a SYSTEM "file:///etc/passwd">]>'
                    '<cdr><variables><uuid>&a;</uuid></variables></cdr>')
    (one,) = imported('freeswitch', path, tmp_path).broken
    assert 'document type' in one.cause


@pytest.mark.parametrize('stereo, swap, channel', [
    ('true', 'false', 0), ('true', 'true', 1), ('false', 'true', 1), ('false', 'false', None)])
def test_the_agents_channel_is_that_of_the_leg_that_recorded(recordings, stereo, swap, channel):
    path = cdr(recordings, user_name='1002', RECORD_STEREO=stereo, RECORD_STEREO_SWAP=swap,
               destination_number='004989555555')
    record = json.loads(path.read_text())
    record['app_log'] = {'applications': [
        {'app_name': 'record_session', 'app_data': f'%2Frec%2F{OUT}.wav',
         'app_stamp': '1709542801500000'}]}
    path.write_text(json.dumps(record))
    cells = by_id(imported('freeswitch', path, recordings))[OUT].cells
    assert cells.get('agent_channel') == channel
    assert cells['started_at'] == at('09:00:01.500000')


def test_a_recording_that_waits_for_the_bridge_begins_with_it(recordings):
    path = RECORDS / f'a_{IN}.cdr.xml'
    waiting = recordings / path.name
    waiting.write_text(path.read_text().replace(
        '<RECORD_STEREO>', '<RECORD_BRIDGE_REQ>true</RECORD_BRIDGE_REQ><RECORD_STEREO>'))
    cells = by_id(imported('freeswitch', waiting, recordings))[IN].cells
    assert cells['started_at'] == at('08:30:22.750000')


def test_a_leg_that_a_machine_answered_says_nothing_of_ringing(recordings):
    path = cdr(recordings, user_name='1002', destination_number='004989555555',
               answer_epoch='1709542801', progress_epoch='1709542800')
    cells = by_id(imported('freeswitch', path, recordings))[OUT].cells
    assert 'ringing_at' not in cells and cells['answered_at'] == at('09:00:08')


def test_one_uuid_in_two_records_is_broken_where_they_differ(recordings):
    first = cdr(recordings)
    again = recordings / 'two.cdr.json'
    again.write_text(first.read_text())
    same = imported('freeswitch', [first, again], recordings)
    assert len(same.rows) == 1 and not same.broken and sum(same.aside.values()) == 1
    again.write_text(first.read_text().replace('1709542988', '1709542989'))
    (one,) = imported('freeswitch', [first, again], recordings).broken
    assert OUT in one.cause


@pytest.mark.parametrize('variables, cause', [
    ({'end_epoch': '-5'}, 'no time in seconds'), ({'end_epoch': ''}, 'says not when'),
    ({'start_epoch': '99999999999999999'}, 'out of range'), ({'uuid': ''}, 'no uuid'),
    ({'answer_epoch': '1709999999'}, 'answered before it started or after it ended'),
    ({'cc_queue_answered_epoch': 'soon'}, 'no time in seconds'),
    ({'caller_id_number': 'a%00b', 'call_direction': 'inbound'}, 'NUL')])
def test_a_record_that_says_what_cannot_be_is_broken(recordings, variables, cause):
    (one,) = imported('freeswitch', cdr(recordings, **variables), recordings).broken
    assert cause in one.cause and one.way_out


@pytest.mark.parametrize('text', [
    '', '[', '{"variables": []}', '7', '<other/>', '<cdr/>', '[' * 100_000, '{"a":' * 100_000,
    '\0' * 50, '[7, "x", null, {}]'])
def test_what_is_no_record_is_broken(tmp_path, text):
    path = tmp_path / 'x.json'
    path.write_text(text)
    result = imported('freeswitch', path, tmp_path)
    assert result.broken and not result.rows


def test_records_of_a_line_each_and_an_array_are_read(recordings):
    one = json.loads(cdr(recordings).read_text())
    other = {**one, 'variables': {**one['variables'], 'uuid': IN}}
    lines, array = recordings / 'lines.jsonl', recordings / 'array.json'
    lines.write_text('\n'.join(map(json.dumps, (one, other))))
    array.write_text(json.dumps([one, other], indent=1))
    for path in (lines, array):
        assert set(by_id(imported('freeswitch', path, recordings))) == {IN, OUT}
