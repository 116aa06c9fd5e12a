"""Contact records of Amazon Connect as a manifest."""

import json

import pytest

from tests.imported import RECORDS, by_id, imported, sound

CONNECT = RECORDS / 'connect'
FIREHOSE = CONNECT / 'shop-ctr-1-2024-11-04-09-05-12-3f2a'
ANA, MOVED, BEN, OUT = ('15a5cf14-3212-45a1-9f86-a8e97db8afaf',
                        '2b7c0f52-7d5e-4b1e-8a33-51a0f6c9d102',
                        '3c11aa90-41f0-4a6f-b7c4-9e0a7d2b6c03',
                        '4d90e0de-0d0c-4c55-92a1-7a8b1c2d3e04')


def contact(**over):
    """A contact record, changed; a dotted name leads inside."""
    record = json.loads((CONNECT / 'export.json').read_text())[0]
    for name, value in over.items():
        *outer, last = name.split('__')
        inner = record
        for key in outer:
            inner = inner[key]
        inner[last] = value
    return record


def of(tmp_path, *records):
    path = tmp_path / 'ctr.jsonl'
    path.write_text('\n'.join(json.dumps(record) for record in records))
    return imported('connect', path)


def test_a_contact_record_fills_what_connect_says_of_the_call():
    calls = by_id(imported('connect', FIREHOSE))
    assert calls[ANA] == {
        'call_id': ANA, 'contact_id': ANA, 'agent_id': 'ana', 'queue': 'Orders',
        'caller_id': '+4930901820', 'direction': 'inbound', 'agent_channel': 1,
        'started_at': '2024-11-04T09:01:12+00:00', 'answered_at': '2024-11-04T09:01:12+00:00',
        'ended_at': '2024-11-04T09:04:08+00:00', 'hung_up_by': 'caller', 'holds': [],
        'transfers': [],
        'audio_uri': 's3://amazon-connect-0000/connect/shop/CallRecordings/2024/11/04/'
                     f'{ANA}_20241104T09:01_UTC.wav'}


def test_a_record_that_was_delivered_twice_counts_as_its_newest():
    result = imported('connect', FIREHOSE)
    assert len(result.rows) == 3 and result.records == 4
    assert result.aside == {'was delivered more than once: the newest is taken': 1}
    assert by_id(result)[ANA]['hung_up_by'] == 'caller'  # the older one did not know yet


def test_holds_that_connect_counts_without_their_times_are_left_out_and_told():
    result = imported('connect', FIREHOSE)
    assert 'holds' not in by_id(result)[MOVED]
    assert [count for text, count in result.notes.items() if 'was on hold' in text] == [1]


def test_a_transferred_contact_keeps_its_contact_and_the_direction_of_the_first():
    calls = by_id(imported('connect', FIREHOSE))
    assert calls[BEN]['contact_id'] == MOVED and calls[BEN]['direction'] == 'inbound'
    assert calls[MOVED]['transfers'] == [{'kind': 'blind', 'at': '2024-11-04T09:03:28+00:00'}]


def test_an_agent_who_moved_the_caller_on_did_not_hang_up_on_them():
    assert 'hung_up_by' not in by_id(imported('connect', FIREHOSE))[MOVED]


def test_an_outbound_call_is_answered_when_the_customer_comes_on():
    call = by_id(imported('connect', CONNECT / 'export.json'))[OUT]
    assert call['direction'] == 'outbound' and call['started_at'] == '2024-11-04T09:01:12+00:00'
    assert call['answered_at'] == '2024-11-04T09:01:30+00:00'


def test_an_outbound_call_that_nobody_took_has_no_answer(tmp_path):
    result = of(tmp_path, contact(ConnectedToSystemTimestamp=None))
    assert 'answered_at' not in by_id(result)[OUT]


def test_what_is_no_call_with_an_agent_is_set_aside_with_its_reason():
    result = imported('connect', CONNECT / 'export.json')
    assert result.aside == {
        'contacts of the channel CHAT are no calls': 1, 'never reached an agent': 1,
        'is a supervisor who listened to a contact': 1, 'had a recording that was deleted': 1}
    assert result.records == 6 and not result.broken


def test_the_recording_of_the_menu_is_not_taken_for_the_conversation():
    call = by_id(imported('connect', CONNECT / 'export.json'))['8b00-8b00']
    assert call['audio_uri'].endswith('/CallRecordings/2024/11/04/8b00-8b00_20241104T09:01_UTC.wav')


def test_a_recording_on_disk_goes_before_the_one_in_the_bucket(tmp_path):
    sound(tmp_path / 'sub' / f'{ANA}_20241104T09:01_UTC.wav')
    calls = by_id(imported('connect', FIREHOSE, recordings=tmp_path))
    assert calls[ANA]['audio_uri'] == f'sub/{ANA}_20241104T09:01_UTC.wav'


def test_a_colleague_who_was_only_asked_is_no_transfer(tmp_path):
    first = contact(NextContactId='asked')
    asked = contact(ContactId='asked', InitiationMethod='TRANSFER', PreviousContactId=OUT,
                    DisconnectTimestamp='2024-11-04T09:03:00Z')
    assert by_id(of(tmp_path, first, asked))[OUT]['transfers'] == []


def test_a_colleague_who_went_on_with_the_caller_is_an_attended_transfer(tmp_path):
    first = contact(NextContactId='second')
    second = contact(ContactId='second', InitiationMethod='TRANSFER', PreviousContactId=OUT,
                     InitiationTimestamp='2024-11-04T09:03:00Z',
                     DisconnectTimestamp='2024-11-04T09:09:00Z')
    assert by_id(of(tmp_path, first, second))[OUT]['transfers'] == [
        {'kind': 'attended', 'at': '2024-11-04T09:03:00+00:00'}]


def test_whether_a_contact_was_transferred_is_unknown_without_the_one_it_goes_on_as(tmp_path):
    result = of(tmp_path, contact(NextContactId='elsewhere'))
    assert 'transfers' not in by_id(result)[OUT]
    assert any('goes on as a contact that is not among the records' in text
               for text in result.notes)


@pytest.mark.parametrize('reason', ['THIRD_PARTY_DISCONNECT', 'TELECOM_PROBLEM', 'BARGED',
                                    'CONTACT_FLOW_DISCONNECT', 'OTHER', None, 'NEW_REASON'])
def test_who_hung_up_is_left_out_where_it_was_neither_side(tmp_path, reason):
    assert 'hung_up_by' not in by_id(of(tmp_path, contact(DisconnectReason=reason)))[OUT]


def test_broken_records_are_named_with_their_place_and_the_others_are_read():
    result = imported('connect', CONNECT / 'broken.jsonl')
    assert set(by_id(result)) == {'good-0001'}
    told = {fault.where.rpartition('/')[2]: fault.cause for fault in result.broken}
    assert told == {
        'broken.jsonl record 1 (line 1)':
            "ConnectedToAgentTimestamp 'yesterday' is no date and time",
        'broken.jsonl record 2 (line 2)':
            'is not JSON: Invalid control character, at its character 701',
        'broken.jsonl record 3 (line 3)': 'ContactId is missing',
        'broken.jsonl record 4 (line 4)': told['broken.jsonl record 4 (line 4)'],
        'broken.jsonl record 5 (line 5)': 'Agent is no object',
        'broken.jsonl record 6 (line 6)':
            'ended_at is before answered_at; ended_at is before started_at'}
    assert told['broken.jsonl record 4 (line 4)'].startswith('names 2 recordings of one')
    assert all(fault.way_out for fault in result.broken)


@pytest.mark.parametrize('over', [
    {'ContactId': 17}, {'ContactId': '\u202egpj.exe'}, {'ContactId': 'x' * 5000},
    {'Recordings': [{'Location': 'x' * 5000}]}, {'Agent': []}, {'Queue': 'Orders'},
    {'Agent__NumberOfHolds': -1},
    {'Agent__NumberOfHolds': 'two'}, {'Recordings': {'Location': 'x'}}, {'Recordings': ['x']},
    {'DisconnectTimestamp': '9999-99-99T00:00:00Z'}, {'Channel': ['VOICE']},
    {'CustomerEndpoint__Address': '\ud800'}, {'NextContactId': OUT, 'PreviousContactId': OUT,
                                              'InitiationMethod': 'TRANSFER'},
    {'InitiationTimestamp': '0001-01-01T00:00:00+23:59'}, {'Agent__Username': 'a\0b'}])
def test_a_hostile_record_is_a_broken_one_or_a_call_and_never_a_crash(tmp_path, over):
    result = of(tmp_path, contact(**over), contact(ContactId='good-0001'))
    assert 'good-0001' in by_id(result)
    assert result.records == 2


# Answers of DescribeContact

DESCRIBED = CONNECT / 'described.json'


def test_an_answer_of_describecontact_fills_what_it_says_of_the_call():
    assert by_id(imported('connect', DESCRIBED))['5e0000aa-0001'] == {
        'call_id': '5e0000aa-0001', 'contact_id': '5e0000aa-0001', 'agent_id': '57db30ae-ana',
        'queue': '11112222-orders', 'caller_id': '+4930901820', 'direction': 'inbound',
        'agent_channel': 1, 'started_at': '2024-11-04T09:01:12.250000+00:00',
        'answered_at': '2024-11-04T09:01:12.250000+00:00',
        'ended_at': '2024-11-04T09:04:08+00:00', 'hung_up_by': 'caller', 'holds': [],
        'audio_uri': 's3://amazon-connect-0000/connect/shop/CallRecordings/2024/11/04/'
                     '5e0000aa-0001_20241104T09:01_UTC.wav'}


def test_a_described_contact_whose_next_one_is_there_too_was_transferred():
    calls = by_id(imported('connect', DESCRIBED))
    assert calls['5e0000aa-0002']['transfers'] == [
        {'kind': 'attended', 'at': '2024-11-04T09:03:20+00:00'}]
    assert 'hung_up_by' not in calls['5e0000aa-0002']
    assert calls['5e0000aa-0003']['contact_id'] == '5e0000aa-0002'
    assert calls['5e0000aa-0003']['direction'] == 'inbound'


def test_an_agent_who_may_have_moved_a_described_contact_on_is_not_said_to_have_hung_up():
    result = imported('connect', DESCRIBED)
    assert not {'hung_up_by', 'transfers'} & set(by_id(result)['5e0000aa-0003'])
    assert [count for text, count in result.notes.items() if 'DescribeContact' in text] == [2]
    assert [count for text, count in result.notes.items() if 'was on hold' in text] == [1]


def test_broken_answers_of_describecontact_are_named_and_the_others_are_read():
    result = imported('connect', DESCRIBED)
    assert {fault.where.rpartition('/')[2]: fault.cause for fault in result.broken} == {
        'described.json record 4 (line 4)':
            "ConnectedToAgentTimestamp 'soon' is no date and time",
        'described.json record 5 (line 5)': 'AgentInfo is no object',
        'described.json record 6 (line 6)': 'Contact is no object'}
    assert result.records == 6 and len(by_id(result)) == 3
