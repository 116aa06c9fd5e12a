"""A manifest row: what is taken, in which form it is kept, and what is refused."""

import json
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.instants import InstantError, parse_instant
from pipeline.manifest import Admitted, Limits, admit, json_of
from pipeline.places import Place
from pipeline.rows import RawRow
from transforms.conversation import Reference
from transforms.metadata import metadata_of
from warehouse.records import Call, reject_key

UTC = timezone.utc
LIMITS = Limits(zone=None, earliest_at=datetime(1990, 1, 1, tzinfo=UTC),
                latest_at=datetime(2030, 1, 1, tzinfo=UTC), longest_s=86400)
BERLIN = ZoneInfo('Europe/Berlin')
START = '2024-03-01T09:30:00Z'


@pytest.fixture
def place(tmp_path):
    (tmp_path / 'a.wav').write_bytes(b'audio')
    (tmp_path / 'b.wav').write_bytes(b'audio')
    return Place(tmp_path, allow_outside=False)


def reference(place, limits=LIMITS, **cells) -> Reference:
    outcome = admit(RawRow(1, 'row 1', {'audio_uri': 'a.wav', **cells}), place, limits)
    assert isinstance(outcome, Admitted), outcome
    return outcome.reference


def faults(place, limits=LIMITS, **cells):
    outcome = admit(RawRow(1, 'row 1', {'audio_uri': 'a.wav', **cells}), place, limits)
    assert isinstance(outcome, list), outcome
    return outcome


def said(place, **cells):
    return json.loads(reference(place, **cells).manifest)


@pytest.mark.parametrize('text', [
    '2024-03-01T09:30:00Z', '2024-03-01t09:30:00z', '2024-03-01T10:30:00+01:00',
    '2024-03-01 10:30:00 +0100', '2024-03-01T10:30+01', '2024-03-01T05:00:00-04:30',
    ' 2024-03-01 09:30:00Z ', datetime(2024, 3, 1, 9, 30, tzinfo=UTC)])
def test_a_time_is_taken_in_every_iso_form_and_kept_in_utc(place, text):
    ref = reference(place, started_at=text)
    assert ref.started_at == datetime(2024, 3, 1, 9, 30, tzinfo=UTC)
    assert ref.started_at.tzinfo is UTC
    assert json.loads(ref.manifest)['started_at'] == '2024-03-01T09:30:00+00:00'


def test_fractions_of_a_second_are_kept_to_the_microsecond(place):
    ref = reference(place, started_at='2024-03-01T09:30:00.1234567Z')
    assert ref.started_at.microsecond == 123456


@pytest.mark.parametrize('value', [
    'today', '2024-03-01', '01.03.2024 09:30', '2024-13-01T00:00:00Z', '2024-02-30T00:00:00Z',
    '2024-03-01T25:00:00Z', '2024-03-01T09:30:60Z', '2024-03-01T09:30:00+25:00', '09:30',
    1709285400, 1.5, True, date(2024, 3, 1), ['2024-03-01T09:30:00Z'],
    '0001-01-01T00:00:00+14:00', '2024-03-01T09:30:00Zulu', '２０２４-03-01T09:30:00Z'])
def test_what_is_no_date_and_time_is_refused(place, value):
    (fault,) = faults(place, started_at=value)
    assert (fault.field, fault.value) == ('started_at', value)
    assert fault.way_out


def test_a_time_without_zone_is_refused_with_every_way_out(place):
    (fault,) = faults(place, started_at='2024-03-01 09:30:00')
    assert fault.why == 'names no time zone'
    for way in ('+01:00', 'timezone', 'source.timezone'):
        assert way in fault.way_out


def test_a_time_without_zone_is_local_to_the_rows_zone_and_else_to_the_configured_one(place):
    berlin = LIMITS.__class__(BERLIN, LIMITS.earliest_at, LIMITS.latest_at, LIMITS.longest_s)
    local = '2024-03-01 09:30:00'
    assert reference(place, berlin, started_at=local).started_at.hour == 8
    assert reference(place, berlin, started_at=local, timezone='Asia/Tokyo').started_at.hour == 0
    assert reference(place, berlin, started_at=local + 'Z').started_at.hour == 9
    assert reference(place, berlin, started_at=datetime(2024, 3, 1, 9, 30)).started_at.hour == 8


def test_a_local_time_that_occurs_twice_is_the_earlier_one_and_is_named(place):
    outcome = admit(RawRow(1, 'row 1', {
        'audio_uri': 'a.wav', 'timezone': 'Europe/Berlin', 'started_at': '2024-10-27 02:30:00',
        'holds': '[{"start_at": "2024-10-27 02:40:00", "end_at": "2024-10-27 02:41:00"}]'}),
        place, LIMITS)
    assert outcome.reference.started_at == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    assert outcome.twice == ('started_at', 'holds')


def test_a_local_time_that_never_occurs_is_refused(place):
    (fault,) = faults(place, timezone='Europe/Berlin', started_at='2024-03-31 02:30:00')
    assert 'never occurs in Europe/Berlin' in fault.why


@given(st.datetimes(datetime(1995, 1, 1), datetime(2029, 1, 1)),
       st.sampled_from(['Europe/Berlin', 'America/Sao_Paulo', 'Asia/Seoul', 'Australia/Lord_Howe',
                        'Pacific/Apia', 'UTC']))
def test_a_local_time_is_the_earliest_instant_whose_clock_shows_it(local, name):
    zone = ZoneInfo(name)
    candidates = [local.replace(tzinfo=UTC) - timedelta(minutes=15 * quarter)
                  for quarter in range(-14 * 4, 15 * 4)]
    shown = [at for at in candidates if at.astimezone(zone).replace(tzinfo=None) == local]
    try:
        instant, twice = parse_instant(local.isoformat(sep=' '), zone)
    except InstantError:
        assert shown == []
    else:
        assert instant == min(shown)
        assert twice == (len(shown) > 1)


@given(st.datetimes(datetime(1991, 1, 1), datetime(2029, 1, 1),
                    timezones=st.just(timezone(timedelta(hours=5, minutes=45)))))
def test_every_instant_that_python_writes_is_read_back(instant):
    assert parse_instant(instant.isoformat(), None) == (instant, False)


@pytest.mark.parametrize('name', ['Nowhere/Land', '../../etc/passwd', '/etc/passwd', 'America', 7])
def test_a_time_zone_that_is_none_is_refused(place, name):
    (fault,) = faults(place, timezone=name)
    assert fault.field == 'timezone'


@pytest.mark.parametrize('cells, field', [
    ({'ringing_at': START, 'answered_at': '2024-03-01T09:29:59Z'}, 'answered_at'),
    ({'answered_at': START, 'ended_at': '2024-03-01T09:29:59Z'}, 'ended_at'),
    ({'ringing_at': START, 'ended_at': '2024-03-01T09:29:59Z'}, 'ended_at'),
    ({'started_at': START, 'ended_at': '2024-03-01T09:29:59Z'}, 'ended_at'),
    ({'started_at': START, 'ended_at': '2024-03-03T09:30:00Z'}, 'ended_at'),
    ({'started_at': START, 'ringing_at': '2023-03-01T09:30:00Z'}, 'started_at'),
    ({'started_at': '1970-01-01T00:00:00Z'}, 'started_at'),
    ({'started_at': '2099-01-01T00:00:00Z'}, 'started_at')])
def test_times_that_cannot_be_those_of_one_call_are_refused(place, cells, field):
    assert faults(place, **cells)[0].field == field


def test_a_recording_may_start_after_the_answer_or_before_the_ringing(place):
    late = reference(place, ringing_at=START, answered_at='2024-03-01T09:30:08Z',
                     started_at='2024-03-01T09:30:09Z', ended_at='2024-03-01T09:31:00Z')
    early = reference(place, started_at='2024-03-01T09:29:58Z', ringing_at=START)
    assert late.started_at > early.started_at


HOLDS = [
    ('[{"start_s": 3, "end_s": 9.5}]', [(3.0, 9.5)]),
    ([{'start_s': 3, 'end_s': 9.5}], [(3.0, 9.5)]),
    ('[{"start_at": "2024-03-01T09:30:03Z", "end_at": "2024-03-01T09:30:09.5Z"}]', [(3.0, 9.5)]),
    ('[{"start_s": 3, "end_at": "2024-03-01T09:30:09.5Z"}]', [(3.0, 9.5)]),
    ('[{"start_s": 20, "end_s": 30}, {"start_s": 3, "end_s": 9.5}]', [(3.0, 9.5), (20.0, 30.0)]),
    ('[{"start_s": 3, "end_s": 9}, {"start_s": 5, "end_s": 12}]', [(3.0, 12.0)]),
    ('[]', []),
]


@pytest.mark.parametrize('given_holds, spans', HOLDS)
def test_holds_are_kept_in_seconds_from_the_start_of_the_recording(place, given_holds, spans):
    holds = said(place, started_at=START, holds=given_holds)['holds']
    assert [(hold['start_s'], hold['end_s']) for hold in holds] == spans


def test_no_word_of_holds_is_not_the_same_as_no_holds(place):
    assert 'holds' not in said(place)
    assert 'holds' not in said(place, holds=' ')
    assert said(place, holds='[]')['holds'] == []


@pytest.mark.parametrize('holds, why', [
    ('[{"start_s": 9, "end_s": 3}]', 'ends before it starts'),
    ('[{"start_s": -1, "end_s": 3}]', 'start_s'),
    ('[{"start_s": 1, "end_s": 1e9}]', 'end_s'),
    ('[{"start_s": "1", "end_s": 3}]', 'start_s'),
    ('[{"start_s": true, "end_s": 3}]', 'start_s'),
    ('[{"start_s": NaN, "end_s": 3}]', 'start_s'),
    ('[{"start_s": 1}]', 'neither end_s nor end_at'),
    ('[{"start": 1, "end": 2}]', 'neither start_s nor start_at'),
    ('[{"start_at": "2024-03-01T09:29:00Z", "end_s": 3}]', 'from started_at'),
    ('[{"start_at": "soon", "end_s": 3}]', 'no date and time'),
    ('[1]', 'no JSON list'), ('{"start_s": 1, "end_s": 2}', 'no JSON list'), ('often', 'no JSON'),
    ('[' * 100000, 'no JSON list'), (3, 'no JSON list')])
def test_holds_that_cannot_be_are_refused(place, holds, why):
    found = faults(place, started_at=START, holds=holds)
    assert {fault.field for fault in found} == {'holds'}
    assert why in found[0].why


def test_the_time_of_a_hold_means_nothing_without_the_start_of_the_recording(place):
    (fault, _) = faults(place, holds=f'[{{"start_at": "{START}", "end_at": "{START}"}}]')
    assert 'without started_at' in fault.why


def test_transfers_keep_their_second_and_kind(place):
    transfers = said(place, started_at=START, transfers=[
        {'at_s': 12, 'kind': 'blind'}, {'at': '2024-03-01T09:30:20Z'}, {'kind': 'attended'}])
    assert transfers['transfers'] == [{'at_s': 12.0, 'kind': 'blind'}, {'at_s': 20.0, 'kind': None},
                                      {'at_s': None, 'kind': 'attended'}]


@pytest.mark.parametrize('transfers', ['[{"at_s": -1}]', '[{"at_s": 1, "kind": 7}]', 'yes',
                                       '[{"at": "2024-03-01T09:30:20"}]'])
def test_transfers_that_cannot_be_are_refused(place, transfers):
    assert faults(place, started_at=START, transfers=transfers)[0].field == 'transfers'


def test_metadata_reads_back_what_was_admitted(place):
    ref = reference(
        place, call_id='one', ringing_at='2024-03-01T10:29:52+01:00', answered_at=START,
        started_at='2024-03-01T09:29:50Z', ended_at='2024-03-01T09:35:00Z', holds=HOLDS[0][0],
        transfers='[{"at_s": 12, "kind": "blind"}]', agent_name='Ann', caller_name='Cy',
        call_type='refund')
    call = Call('one', '', '', ref.started_at, None, 1.0, 8000, 2, '', None, None, None, None,
                None, None, None, None, None, None, None, None, 'none', None, 'none', ref.manifest)
    metadata = metadata_of(call)
    assert metadata.answered_s == 10.0
    assert (metadata.answered_at - metadata.ringing_at).total_seconds() == 8.0
    assert metadata.ended_at == datetime(2024, 3, 1, 9, 35, tzinfo=UTC)
    assert (metadata.has_holds, metadata.holds) == (True, ((3.0, 9.5),))
    assert metadata.transfers == ((12.0, 'blind'),)
    assert (metadata.agent_name, metadata.caller_name, metadata.call_type) == (
        'Ann', 'Cy', 'refund')


@pytest.mark.parametrize('call_id', ['c', 'x' * 200, '통화 №1', 'a/b:c?*', '..', 'naïve', ' id '])
def test_any_printable_call_id_is_taken(place, call_id):
    assert reference(place, call_id=call_id).call_id == call_id.strip()


def test_a_call_id_may_be_a_number(place):
    assert reference(place, call_id=12345).call_id == '12345'


@pytest.mark.parametrize('call_id', ['x' * 201, 'a\nb', 'a\0b', '\x1b[31m', 'a\u202eb', 'a\ud800',
                                     1.5, True, ['a']])
def test_a_call_id_that_cannot_be_printed_is_refused(place, call_id):
    assert [fault.field for fault in faults(place, call_id=call_id)] == ['call_id']


@pytest.mark.parametrize('value, channel', [('0', 0), ('1', 1), (1, 1), (1.0, 1), (' 1 ', 1),
                                            ('', None), (None, None), (float('nan'), None)])
def test_the_agents_channel_is_counted_from_zero(place, value, channel):
    assert reference(place, agent_channel=value).agent_channel == channel


@pytest.mark.parametrize('value', ['2', '-1', 'left', 0.5, True, 'inf', 'nan', [0], '0x1'])
def test_a_channel_that_no_call_has_is_refused(place, value):
    assert [fault.field for fault in faults(place, agent_channel=value)] == ['agent_channel']


def test_a_pair_says_itself_which_file_is_the_agents(place):
    pair = {'audio_uri': '', 'agent_audio_uri': 'a.wav', 'caller_audio_uri': 'b.wav'}
    assert reference(place, **pair).agent_channel == 0
    assert faults(place, **pair, agent_channel=1)[0].field == 'agent_channel'


@pytest.mark.parametrize('column, given_text, kept', [
    ('direction', 'Inbound', 'inbound'), ('direction', 'outbound', 'outbound'),
    ('hung_up_by', 'customer', 'caller'), ('hung_up_by', 'AGENT', 'agent'),
    ('language', 'EN-us', 'en'), ('language', 'ko', 'ko'), ('language', 'zh_Hans_CN', 'zh')])
def test_words_with_a_fixed_meaning_are_kept_in_one_form(place, column, given_text, kept):
    assert getattr(reference(place, **{column: given_text}), column) == kept
    assert said(place, **{column: given_text})[column] == kept


@pytest.mark.parametrize('cells', [
    {'direction': 'sideways'}, {'hung_up_by': 'nobody'}, {'language': 'English!'},
    {'language': 'x'}, {'queue': ['a']}, {'agent_id': 1.5}, {'agent_name': 'a\0b'},
    {'transcript_uri': 'gone.json'}, {'transcript_uri': '../up.json'}])
def test_a_value_that_means_nothing_is_refused(place, cells):
    assert [fault.field for fault in faults(place, **cells)] == list(cells)


def test_the_manifest_is_kept_sorted_without_what_was_not_said(place):
    text = reference(place, queue='q', agent_id='', call_id='one', mood='fine').manifest
    keys = list(json.loads(text))
    assert keys == sorted(keys) == ['audio_uri', 'call_id', 'extra', 'queue']


@given(st.dictionaries(st.text(max_size=5), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5)
    | st.datetimes() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)),
    max_size=4))
def test_whatever_a_row_holds_is_kept_as_json_that_every_reader_takes(cells):
    text = json_of(cells)
    text.encode('utf-8')

    def no_constant(name):
        raise AssertionError(name)
    json.loads(text, parse_constant=no_constant)
    assert '\\u0000' not in text


KEY_PARTS = st.tuples(st.none() | st.text(), st.none() | st.integers(), st.none() | st.text())


@given(KEY_PARTS, KEY_PARTS)
def test_reject_keys_are_equal_only_for_equal_calls(one, other):
    assert (reject_key(*one) == reject_key(*other)) == (one == other)
