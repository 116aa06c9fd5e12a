"""Conversations of Genesys Cloud as a manifest."""

import copy
import json

import pytest

from tests.imported import RECORDS, by_id, imported, sound

GENESYS = RECORDS / 'genesys'
QUERY = GENESYS / 'query.json'
ONE, MOVED, OUT = (f'c0000000-aaaa-4000-8000-00000000000{n}' for n in (1, 2, 3))


def conversation(change=lambda tree: None):
    tree = copy.deepcopy(json.loads(QUERY.read_text())['conversations'][0])
    change(tree)
    return tree


def of(tmp_path, *trees, **options):
    path = tmp_path / 'conversations.jsonl'
    path.write_text('\n'.join(json.dumps(tree) for tree in trees))
    return imported('genesys', path, **options)


def last_of(tree, participant, **over):
    """Changes the last talk of a participant."""
    segments = tree['participants'][participant]['sessions'][0]['segments']
    talk = [segment for segment in segments if segment['segmentType'] in ('interact', 'hold')][-1]
    talk.update(over)


def test_a_conversation_fills_what_its_segments_say(tmp_path):
    # As long as the whole conversation, so it is known that the trunk was recorded.
    sound(tmp_path / f'{ONE}.wav', 360)
    call = by_id(imported('genesys', QUERY, recordings=tmp_path, agent_channel=1))[ONE]
    assert call == {
        'call_id': ONE, 'contact_id': ONE, 'audio_uri': f'{ONE}.wav', 'direction': 'inbound',
        'agent_id': '50fcd33c-f432-4726-abc9-979f3ca01555', 'agent_name': 'Ana Ruiz',
        'queue': 'Orders', 'caller_id': '+4930901820', 'agent_channel': 1,
        'started_at': '2024-11-04T10:00:00+00:00', 'ringing_at': '2024-11-04T10:01:00+00:00',
        'answered_at': '2024-11-04T10:01:05.250000+00:00',
        'ended_at': '2024-11-04T10:06:00+00:00', 'hung_up_by': 'caller', 'transfers': [],
        'holds': [{'start_at': '2024-11-04T10:03:00+00:00',
                   'end_at': '2024-11-04T10:04:00+00:00'}]}


def test_a_recording_without_menu_and_queue_begins_when_the_agent_comes_on(tmp_path):
    sound(tmp_path / f'{ONE}.wav', 294.75)
    call = by_id(imported('genesys', QUERY, recordings=tmp_path))[ONE]
    assert call['started_at'] == '2024-11-04T10:01:05.250000+00:00'


def test_holds_are_left_out_where_it_is_not_known_when_the_recording_began(tmp_path):
    sound(tmp_path / f'{ONE}.wav', 100)
    result = imported('genesys', QUERY, recordings=tmp_path)
    call = by_id(result)[ONE]
    assert not {'started_at', 'holds', 'transfers'} & set(call)
    assert any('not known when the recording began' in text for text in result.notes)


def test_the_channel_of_the_agent_is_not_guessed(tmp_path):
    assert 'agent_channel' not in by_id(imported('genesys', QUERY))[ONE]


def test_ringing_at_an_agent_who_did_not_answer_is_not_that_of_the_one_who_did():
    assert by_id(imported('genesys', QUERY))[ONE]['ringing_at'] == '2024-11-04T10:01:00+00:00'


def test_an_outbound_conversation_is_answered_when_the_customer_comes_on():
    call = by_id(imported('genesys', QUERY))[OUT]
    assert call['direction'] == 'outbound' and call['caller_id'] == '+14155550123'
    assert call['answered_at'] == '2024-11-04T10:00:15+00:00'
    assert call['hung_up_by'] == 'agent' and 'ringing_at' not in call


def test_chats_and_abandoned_calls_are_set_aside():
    result = imported('genesys', QUERY)
    assert result.aside == {'is no voice conversation': 1, 'never reached an agent': 1}


def test_several_agents_in_one_recording_leave_open_whose_call_it_is():
    result = imported('genesys', QUERY)
    call = by_id(result)[MOVED]
    assert 'agent_id' not in call and 'agent_name' not in call
    assert call['transfers'] == [{'at': '2024-11-04T10:05:00+00:00', 'kind': 'attended'}]
    assert any('several agents in one recording' in text for text in result.notes)


def test_each_recording_of_a_conversation_is_a_call_of_the_agent_in_it(tmp_path):
    for name in ('aaaa1111', 'bbbb2222'):
        sound(tmp_path / f'{name}.wav')
    result = imported('genesys', QUERY, GENESYS / 'recordings.json', recordings=tmp_path)
    first, second = (by_id(result)[f'{MOVED}/{name}'] for name in ('aaaa1111', 'bbbb2222'))
    assert first['audio_uri'] == 'aaaa1111.wav' and second['audio_uri'] == 'bbbb2222.wav'
    assert first['started_at'] == '2024-11-04T10:01:05.400000+00:00'
    assert first['contact_id'] == second['contact_id'] == MOVED
    # Both agents are in the first: they consulted before the caller was moved on.
    assert 'agent_id' not in first
    assert second['agent_name'] == 'Ben Ito' and second['hung_up_by'] == 'agent'
    assert second['holds'] == [] and second['transfers'] == []
    assert result.records == 5 + 3


def test_the_metadata_of_the_bulk_export_name_the_recording_that_they_lie_beside(tmp_path):
    folder = tmp_path / 'year=2024' / f'conversation_id={ONE}'
    sound(folder / 'rec-1.wav', 360)
    (folder / 'rec-1.wav_metadata.json').write_text(json.dumps(conversation()))
    result = imported('genesys', tmp_path, recordings=tmp_path)
    assert by_id(result)[ONE]['audio_uri'] == f'year=2024/conversation_id={ONE}/rec-1.wav'


@pytest.mark.parametrize('agent, customer, who', [
    ('client', 'peer', 'agent'), ('endpoint', 'peer', 'agent'), ('peer', 'endpoint', 'caller'),
    ('peer', 'client', 'caller'), ('peer', 'peer', None), ('system', 'system', None),
    ('client', 'endpoint', None), ('transfer', 'endpoint', None), ('error', 'peer', None)])
def test_who_hung_up_is_whoever_ended_the_own_side(tmp_path, agent, customer, who):
    def change(tree):
        last_of(tree, 4, disconnectType=agent)
        last_of(tree, 0, disconnectType=customer)
    call = by_id(of(tmp_path, conversation(change)))[ONE]
    assert call.get('hung_up_by') == who


def test_a_conversation_that_goes_on_has_no_end(tmp_path):
    call = by_id(of(tmp_path, conversation(lambda tree: tree.pop('conversationEnd'))))[ONE]
    assert 'ended_at' not in call and 'hung_up_by' not in call


def test_broken_conversations_are_named_and_the_others_are_read():
    result = imported('genesys', GENESYS / 'broken.jsonl')
    assert set(by_id(result)) == {'good-one'}
    assert [fault.cause for fault in result.broken] == [
        "segmentStart 'soon' is no date and time",
        'segmentEnd 2024-11-04T10:02:00+00:00 is before segmentStart 2024-11-04T10:03:00+00:00',
        'conversationId is missing', 'participants is no list of objects']


def test_participants_of_whom_neither_api_tells_are_a_broken_conversation(tmp_path):
    [fault] = of(tmp_path, conversation(
        lambda tree: tree.update(participants=[{'purpose': 'agent'}]))).broken
    assert fault.cause == 'sessions are missing' and 'details query' in fault.way_out


@pytest.mark.parametrize('change', [
    lambda tree: tree.update(participants=[None]),
    lambda tree: tree['participants'][4].update(sessions={'a': 1}),
    lambda tree: tree['participants'][4].update(userId={'id': 1}),
    lambda tree: tree['participants'][4]['sessions'][0].update(segments=[]),
    lambda tree: tree['participants'][4]['sessions'][0].update(metrics='none'),
    lambda tree: tree.update(conversationStart='1970-01-01T00:00:00Z'),
    lambda tree: tree.update(conversationId='\u2067' * 300),
    lambda tree: tree.update(originatingDirection=7),
    lambda tree: last_of(tree, 4, segmentEnd='2034-01-01T00:00:00Z'),
    lambda tree: last_of(tree, 0, disconnectType=['peer'])])
def test_a_hostile_conversation_is_broken_or_a_call_and_never_a_crash(tmp_path, change):
    good = conversation(lambda tree: tree.update(conversationId='good-one'))
    result = of(tmp_path, conversation(change), good)
    assert 'good-one' in by_id(result)
    assert result.records == 2


# Answers of the conversations API

CALLS_API = GENESYS / 'calls-api.jsonl'
NESTED, FLAT, HANDED = (f'c1000000-bbbb-4000-8000-00000000000{n}' for n in (1, 2, 3))


def test_a_conversation_with_the_segments_of_its_calls_fills_what_these_say(tmp_path):
    sound(tmp_path / f'{NESTED}.wav', 360)
    call = by_id(imported('genesys', CALLS_API, recordings=tmp_path))[NESTED]
    assert call == {
        'call_id': NESTED, 'contact_id': NESTED, 'audio_uri': f'{NESTED}.wav',
        'direction': 'inbound', 'agent_id': '50fcd33c-f432-4726-abc9-979f3ca01555',
        'agent_name': 'Ana Ruiz', 'queue': 'Orders', 'caller_id': '+4930901820',
        'started_at': '2024-11-04T10:00:00+00:00', 'ringing_at': '2024-11-04T10:01:00+00:00',
        'answered_at': '2024-11-04T10:01:05.250000+00:00',
        'ended_at': '2024-11-04T10:06:00+00:00', 'hung_up_by': 'caller', 'transfers': [],
        'holds': [{'start_at': '2024-11-04T10:03:00+00:00',
                   'end_at': '2024-11-04T10:04:00+00:00'}]}


def test_a_call_told_by_participants_alone_says_nothing_of_holds():
    result = imported('genesys', CALLS_API)
    call = by_id(result)[FLAT]
    assert call == {
        'call_id': FLAT, 'contact_id': FLAT, 'direction': 'inbound', 'agent_id': 'u-ben',
        'agent_name': 'Ben Ito', 'queue': 'Orders', 'caller_id': '+4930901820',
        'ringing_at': '2024-11-04T10:00:20+00:00', 'answered_at': '2024-11-04T10:00:25+00:00',
        'ended_at': '2024-11-04T10:05:00+00:00', 'hung_up_by': 'agent', 'transfers': []}
    assert [count for text, count in result.notes.items() if 'nothing of holds' in text] == [2]


def test_a_transfer_that_the_conversations_api_names_is_one():
    call = by_id(imported('genesys', CALLS_API))[HANDED]
    assert call['transfers'] == [{'at': '2024-11-04T10:05:00+00:00', 'kind': 'attended'}]
    assert 'hung_up_by' not in call


def test_a_supervisor_who_listens_is_no_second_agent():
    calls = by_id(imported('genesys', CALLS_API))
    assert calls[NESTED]['agent_name'] == 'Ana Ruiz'


def test_broken_answers_of_the_conversations_api_are_named_and_the_others_are_read():
    result = imported('genesys', CALLS_API)
    assert {fault.where.rpartition('/')[2].partition(' (')[0]: fault.cause
            for fault in result.broken} == {
        'calls-api.jsonl record 5': 'endTime 2024-11-04T10:02:00+00:00 is before startTime '
                                    '2024-11-04T10:03:00+00:00',
        'calls-api.jsonl record 6': "connectedTime 'soon' is no date and time",
        'calls-api.jsonl record 7': 'calls is no list of objects'}
    assert result.aside == {'is no voice conversation': 1} and result.records == 7


def test_a_call_that_is_not_over_in_the_conversations_api_has_no_end(tmp_path):
    tree = json.loads(CALLS_API.read_text().splitlines()[1])
    for participant in (tree['participants'][0], tree['participants'][3]):
        del participant['endTime']
        participant.update(state='connected', disconnectType=None)
    call = by_id(of(tmp_path, tree))[FLAT]
    assert 'ended_at' not in call and 'hung_up_by' not in call
