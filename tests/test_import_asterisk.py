"""Calls of Asterisk: CDR, CEL and queue_log in the shapes that Asterisk writes."""

import gzip
from datetime import datetime, timezone

import pytest

from pipeline.rows import ManifestError
from tests.importing import FIXTURES, by_id, imported, recording

LOGS = FIXTURES / 'asterisk'
QUEUED, OUT, MOVED = '1709541000.101', '1709542800.110', '1709546400.170'


def at(text):
    return datetime.fromisoformat(f'2024-03-04T{text}').replace(tzinfo=timezone.utc).isoformat()


@pytest.fixture
def monitor(tmp_path):
    """Recordings as FreePBX names them; that of the queue begins with the agent, 120 s."""
    recording(tmp_path / f'q-billing-03012345678-20240304-093002-{QUEUED}.wav', 120)
    recording(tmp_path / f'2024/03/04/out-004989555555-202-20240304-100000-{OUT}.wav', 180)
    return tmp_path


@pytest.fixture
def calls(monitor):
    return by_id(imported('asterisk', LOGS, monitor))


def cdr(tmp_path, *lines):
    path = tmp_path / 'Master.csv'
    path.write_text('\n'.join(lines) + '\n')
    return path


def line(start='2024-03-04 10:00:00', answer='2024-03-04 10:00:08', end='2024-03-04 10:03:08',
         duration=188, billsec=180, uniqueid=OUT, src='202', dst='004989555555',
         channel='PJSIP/202-0000000c', dstchannel='PJSIP/provider-0000000d'):
    return (f'"","{src}","{dst}","ctx","","{channel}","{dstchannel}","Dial","x","{start}",'
            f'"{answer}","{end}",{duration},{billsec},"ANSWERED","DOCUMENTATION","{uniqueid}",""')


def test_a_queued_call_is_told_by_three_logs_together(calls):
    row = calls[QUEUED]
    assert dict(row.cells) == {
        'call_id': QUEUED, 'direction': 'inbound', 'queue': 'billing', 'agent_id': '201',
        'caller_id': '03012345678', 'caller_name': 'Erika Muster', 'hung_up_by': 'caller',
        'ringing_at': at('08:30:19'), 'answered_at': at('08:30:25'), 'ended_at': at('08:32:25'),
        'started_at': at('08:30:25'), 'transfers': [],
        'audio_uri': f'q-billing-03012345678-20240304-093002-{QUEUED}.wav'}
    assert row.origin['answered_at'] == 'queue_log CONNECT'


def test_a_call_out_is_told_by_the_events_of_its_channels(calls):
    cells = calls[OUT].cells
    assert cells['direction'] == 'outbound'
    assert (cells['agent_id'], cells['agent_name']) == ('202', 'Tom Agent')
    assert cells['caller_id'] == '004989555555'
    assert cells['ringing_at'] == at('09:00:01')
    assert cells['answered_at'] == at('09:00:08.250000')
    assert cells['hung_up_by'] == 'caller'  # hangupsource is the channel to the outside
    assert cells['holds'] == [{'start_at': at('09:00:50'), 'end_at': at('09:01:12.500000')}]
    assert cells['audio_uri'].startswith('2024/03/04/out-')


def test_a_recording_of_the_bridge_alone_begins_with_the_bridge(calls):
    # MixMonitor(file,abi(...)) ran at 09:00:00.3; its option b waits for 09:00:08.3.
    assert calls[OUT].cells['started_at'] == at('09:00:08.300000')
    assert calls[OUT].origin['started_at'] == 'CEL MixMonitor'


def test_cdr_alone_leaves_out_what_only_the_other_logs_know(monitor):
    calls = by_id(imported('asterisk', LOGS / 'Master.csv', monitor))
    assert calls[QUEUED].cells['queue'] == 'billing'
    assert not {'answered_at', 'ringing_at', 'hung_up_by', 'transfers', 'holds'} & set(
        calls[QUEUED].cells)
    assert calls[OUT].cells['answered_at'] == at('09:00:08')
    assert calls[OUT].cells['ringing_at'] == at('09:00:00')


def test_queue_log_alone_is_enough_for_a_call(tmp_path):
    recording(tmp_path / f'{MOVED}.wav', 90)
    result = imported('asterisk', LOGS / 'queue_log', tmp_path, starts='connect')
    cells = by_id(result)[MOVED].cells
    assert (cells['queue'], cells['agent_id']) == ('sales', '204')
    assert cells['transfers'] == [{'at': at('10:01:40'), 'kind': 'attended'}]
    assert 'hung_up_by' not in cells  # the agent handed the call over


def test_every_record_is_a_call_aside_or_broken(monitor):
    result = imported('asterisk', LOGS, monitor)
    lines = sum(len(path.read_text().splitlines()) for path in LOGS.iterdir())
    assert result.records == lines
    told = sum(row.records for row in result.rows)
    told += sum(row.records for row, _ in result.silent)
    assert told + len(result.broken) + sum(result.aside.values()) == lines


def test_calls_without_a_conversation_are_set_aside_by_reason(monitor):
    aside = imported('asterisk', LOGS, monitor).aside
    assert aside['calls that nobody answered (NO ANSWER)'] == 1
    assert aside['calls that left the queue before an agent answered (ABANDON)'] == 3
    assert aside['told twice, as where rotated logs overlap'] == 1


def test_each_broken_record_is_named_with_its_cause(monitor):
    found = {one.where.rpartition('/')[2]: one.cause
             for one in imported('asterisk', LOGS, monitor).broken}
    assert found == {
        'Master.csv line 4': 'CDR: ends before it starts',
        'Master.csv line 5': 'is no CSV',
        'Master.csv line 6': 'CDR: ends before it starts',
        'cel.csv line 12': 'CEL: is no date and time',
        'queue_log line 12': 'queue_log: is no date and time',
        'queue_log line 13': 'has fewer than the five fields of queue_log'}


def test_a_call_whose_recording_is_not_there_is_named(monitor):
    ((row, why),) = imported('asterisk', LOGS, monitor).silent
    assert row.cells['call_id'] == MOVED
    assert 'no file under' in why


def test_local_times_are_read_by_the_clock_in_uniqueid_without_a_zone(tmp_path):
    recording(tmp_path / f'{OUT}.wav', 188)
    path = cdr(tmp_path, line())
    assert by_id(imported('asterisk', path, tmp_path))[OUT].cells['ended_at'] == at('09:03:08')


def test_a_time_that_occurs_twice_is_the_one_that_uniqueid_says(tmp_path):
    # 2024-10-27 02:30:00 in Berlin is 00:30 and 01:30 UTC; both calls end after the change.
    second = int(datetime(2024, 10, 27, 1, 30, tzinfo=timezone.utc).timestamp())
    ids = [f'{second - 3600}.1', f'{second}.2']
    for id in ids:
        recording(tmp_path / f'{id}.wav', 188)
    path = cdr(tmp_path, *(line('2024-10-27 02:30:00', '2024-10-27 02:30:08', end, uniqueid=id)
                           for id, end in zip(ids, ('2024-10-27 02:33:08',) * 2, strict=True)))
    calls = by_id(imported('asterisk', path, tmp_path, zone='Europe/Berlin'))
    assert [calls[id].cells['started_at'][11:16] for id in ids] == ['00:30', '01:30']


def test_a_call_over_the_turning_back_of_clocks_is_as_long_as_its_duration(tmp_path):
    start = int(datetime(2024, 10, 27, 0, 59, tzinfo=timezone.utc).timestamp())
    recording(tmp_path / f'{start}.1.wav', 188)
    path = cdr(tmp_path, line('2024-10-27 02:59:00', '2024-10-27 02:59:08', '2024-10-27 02:02:08',
                              uniqueid=f'{start}.1'))
    cells = by_id(imported('asterisk', path, tmp_path))[f'{start}.1'].cells
    assert cells['ended_at'] == '2024-10-27T01:02:08+00:00'


def test_a_local_time_that_nothing_places_is_refused_with_the_way_out(tmp_path):
    path = cdr(tmp_path, line(uniqueid=''))
    (one,) = imported('asterisk', path, tmp_path).broken
    assert 'names no time zone' in one.cause and '--timezone' in one.way_out
    recording(tmp_path / '20240304-100000-004989555555.wav', 188)
    (row,) = imported('asterisk', path, tmp_path, zone='Europe/Berlin').rows
    assert row.cells['ended_at'] == at('09:03:08')


@pytest.mark.parametrize('length, began, origin', [
    (145, '08:30:00', 'CDR start'), (120, '08:30:25', 'queue_log CONNECT')])
def test_the_length_of_a_recording_tells_when_it_began(tmp_path, length, began, origin):
    recording(tmp_path / f'{QUEUED}.wav', length)
    row = by_id(imported('asterisk', [LOGS / 'Master.csv', LOGS / 'queue_log'], tmp_path))[QUEUED]
    assert (row.cells['started_at'], row.origin['started_at']) == (at(began), origin)


def test_a_recording_whose_length_fits_nothing_has_no_start_unless_it_is_said(tmp_path):
    recording(tmp_path / f'{QUEUED}.wav', 77)
    logs = [LOGS / 'Master.csv', LOGS / 'queue_log']
    result = imported('asterisk', logs, tmp_path)
    assert 'started_at' not in by_id(result)[QUEUED].cells
    assert any('--recording-starts' in note for note in result.notes)
    said = by_id(imported('asterisk', logs, tmp_path, starts='connect'))[QUEUED].cells
    assert said['started_at'] == at('08:30:25')


def test_a_header_names_the_fields_of_an_export_of_the_table(tmp_path):
    recording(tmp_path / 'x' / f'out-{OUT}.wav', 188)
    path = cdr(tmp_path, 'calldate;clid;src;dst;channel;dstchannel;lastapp;duration;billsec;'
               'disposition;uniqueid;linkedid;recordingfile',
               '2024-03-04 10:00:00;;202;004989;PJSIP/202-0000000c;PJSIP/gw-0000000d;Dial;188;180;'
               f'ANSWERED;{OUT};{OUT};out-{OUT}.wav')
    row = by_id(imported('asterisk', path, tmp_path))[OUT]
    assert row.cells['contact_id'] == OUT
    assert row.cells['answered_at'] == at('09:00:08')
    assert row.origin['audio_uri'] == 'recording, by its path'


def test_json_lines_of_cdr_and_cel_are_read(tmp_path):
    recording(tmp_path / f'{OUT}.wav', 188)
    path = tmp_path / 'cdr_master.json'
    path.write_text('{"clid":"","src":"202","dst":"004989","channel":"PJSIP/202-0000000c",'
                    '"dstchannel":"PJSIP/gw-0000000d","lastapp":"Dial","start":1709542800,'
                    '"end":1709542988,"duration":188,"billsec":180,"disposition":"ANSWERED",'
                    f'"uniqueid":"{OUT}"}}\n[]\n')
    result = imported('asterisk', path, tmp_path)
    assert by_id(result)[OUT].cells['ended_at'] == at('09:03:08')
    assert [one.cause for one in result.broken] == ['is no JSON object']


def test_rotated_logs_are_unpacked(tmp_path, monitor):
    path = tmp_path / 'queue_log.1.gz'
    path.write_bytes(gzip.compress((LOGS / 'queue_log').read_bytes()))
    assert QUEUED in by_id(imported('asterisk', path, monitor))


def test_the_order_of_the_fields_can_be_said(tmp_path):
    recording(tmp_path / f'{OUT}.wav', 188)
    path = cdr(tmp_path, f'{OUT},2024-03-04 10:00:00,188,180,ANSWERED,PJSIP/202-0000000c,'
                         'PJSIP/gw-0000000d,202,004989')
    with pytest.raises(ManifestError, match='no CDR, CEL or queue_log'):
        imported('asterisk', path, tmp_path)
    fields = 'uniqueid,start,duration,billsec,disposition,channel,dstchannel,src,dst'
    assert by_id(imported('asterisk', path, tmp_path, cdr_fields=fields))[OUT].cells[
        'direction'] == 'outbound'


def test_a_call_between_two_phones_has_no_direction_and_names_no_agent(tmp_path):
    recording(tmp_path / f'{OUT}.wav', 188)
    path = cdr(tmp_path, line(dstchannel='PJSIP/203-0000000d'))
    cells = by_id(imported('asterisk', path, tmp_path))[OUT].cells
    assert not {'direction', 'agent_id', 'caller_id', 'hung_up_by'} & set(cells)


def test_what_is_an_extension_can_be_said(tmp_path):
    recording(tmp_path / f'{OUT}.wav', 188)
    path = cdr(tmp_path, line(channel='PJSIP/anna-0000000c'))
    cells = by_id(imported('asterisk', path, tmp_path, extensions='[a-z]{4}'))[OUT].cells
    assert (cells['direction'], cells['agent_id']) == ('outbound', 'anna')


@pytest.mark.parametrize('hostile, cause', [
    (b'\0' * 40, 'NUL'), (b'"' + b'x' * (1 << 20) + b'"', 'longer'), (b'"\xff\xfe","a"', 'utf-8'),
    (line(duration='1e9').encode(), 'no number'), (line(billsec=999).encode(), 'billsec'),
    (line(start='0000-00-00 00:00:00').encode(), 'no date and time'),
    (line(end='2024-03-04 12:00:00').encode(), 'its duration is')])
def test_a_hostile_line_is_broken_and_the_next_is_read(tmp_path, hostile, cause):
    recording(tmp_path / f'{OUT}.wav', 188)
    path = tmp_path / 'Master.csv'
    path.write_bytes(hostile + b'\n' + line().encode() + b'\n')
    result = imported('asterisk', path, tmp_path)
    (one,) = result.broken
    assert cause in one.cause and one.where.endswith('line 1') and one.way_out
    assert len(one.text) <= 1000
    assert OUT in by_id(result)


def test_another_encoding_can_be_said(tmp_path):
    recording(tmp_path / f'{OUT}.wav', 188)
    path = tmp_path / 'Master.csv'
    path.write_bytes(line().replace('"ctx",""', '"ctx","""Jörg"" <202>"').encode('cp1252'))
    assert imported('asterisk', path, tmp_path).broken
    assert by_id(imported('asterisk', path, tmp_path, encoding='cp1252'))[OUT].cells[
        'agent_name'] == 'Jörg'


@pytest.mark.parametrize('call, agent, caller', [(OUT, 'in', 'out'), (QUEUED, 'out', 'in')])
def test_the_two_files_of_monitor_are_a_pair(tmp_path, call, agent, caller):
    for half in ('in', 'out'):
        recording(tmp_path / f'x-{call}-{half}.wav', 180)
    cells = by_id(imported('asterisk', LOGS / 'Master.csv', tmp_path, starts='call'))[call].cells
    assert 'audio_uri' not in cells
    assert cells['agent_audio_uri'] == f'x-{call}-{agent}.wav'
    assert cells['caller_audio_uri'] == f'x-{call}-{caller}.wav'


def test_the_one_party_files_of_mixmonitor_go_before_the_one_in_which_both_are_mixed(tmp_path):
    for half in ('', '-rx', '-tx'):
        recording(tmp_path / f'x-{QUEUED}{half}.wav', 180)
        recording(tmp_path / f'phone-to-phone-1709542800.7{half}.wav', 180)
    logs = (LOGS / 'Master.csv', cdr(tmp_path, line(uniqueid='1709542800.7', dst='203',
                                                    dstchannel='PJSIP/203-0000000d')))
    calls = by_id(imported('asterisk', logs, tmp_path, starts='call'))
    cells = calls[QUEUED].cells
    assert 'audio_uri' not in cells  # the channel that came in is the caller's
    assert cells['agent_audio_uri'] == f'x-{QUEUED}-tx.wav'
    assert cells['caller_audio_uri'] == f'x-{QUEUED}-rx.wav'
    # Whose each half is needs the direction.
    assert calls['1709542800.7'].cells['audio_uri'] == 'phone-to-phone-1709542800.7.wav'


def test_channels_between_a_queue_and_a_phone_are_no_calls(tmp_path):
    recording(tmp_path / f'{QUEUED}.wav', 120)
    path = tmp_path / 'Master.csv'
    path.write_text('start,duration,billsec,disposition,channel,dstchannel,lastapp,lastdata,src,'
                    'uniqueid,linkedid\n'
                    '2024-03-04 09:30:00,145,143,ANSWERED,PJSIP/gw-0000000a,'
                    f'Local/201@from-queue-00000001;1,Queue,"billing,t",030,{QUEUED},{QUEUED}\n'
                    '2024-03-04 09:30:19,126,120,ANSWERED,Local/201@from-queue-00000001;2,'
                    f'PJSIP/201-0000000b,Dial,PJSIP/201,030,1709541019.103,{QUEUED}\n')
    result = imported('asterisk', path, tmp_path)
    (row,) = result.rows
    assert not result.silent and row.records == 2
    assert (row.cells['agent_id'], row.cells['queue']) == ('201', 'billing')
    assert 'answered_at' not in row.cells  # of the queue's agent only queue_log and CEL tell


def cel(type, at_s, channel, uniqueid, extra='', app='', data=''):
    extra = extra.replace('"', '""')
    return (f'"{type}","{1709541000 + at_s:.6f}","Erika","030","","","","600","ctx","{channel}",'
            f'"{app}","{data}","3","","{uniqueid}","{QUEUED}","","","","{extra}"')


CALLER, PHONE = 'PJSIP/carrier-0000000a', 'PJSIP/201-0000000b'


def queued(on, mixed, *more):
    """A call of CEL alone, recorded by MixMonitor on one of its two channels."""
    channel, id = {'caller': (CALLER, QUEUED), 'phone': (PHONE, '1709541010.104')}[on]
    lines = [cel('CHAN_START', 0, CALLER, QUEUED), cel('ANSWER', 1, CALLER, QUEUED),
             cel('CHAN_START', 10, PHONE, '1709541010.104'),
             cel('ANSWER', 16, PHONE, '1709541010.104'),
             cel('APP_START', 16.1, channel, id, app='MixMonitor', data=mixed),
             cel('BRIDGE_ENTER', 16.2, CALLER, QUEUED, '{"bridge_id":"1"}'),
             cel('BRIDGE_ENTER', 16.3, PHONE, '1709541010.104', '{"bridge_id":"1"}'), *more,
             cel('HANGUP', 145, PHONE, '1709541010.104', '{"hangupsource":"' + PHONE + '"}'),
             cel('HANGUP', 145.1, CALLER, QUEUED, '{"hangupsource":""}')]
    return '\n'.join(lines) + '\n'


@pytest.mark.parametrize('is_moved', [False, True])
def test_cel_alone_tells_of_a_queue_whose_phone_is_behind_a_local_channel(tmp_path, is_moved):
    recording(tmp_path / f'{QUEUED}.wav', 145)
    caller, phone, inner = 'PJSIP/carrier-0000000a', 'PJSIP/201-0000000b', 'Local/201@q-0000000c;1'
    path = tmp_path / 'cel.csv'
    path.write_text('\n'.join((
        cel('CHAN_START', 0, caller, QUEUED), cel('ANSWER', 1, caller, QUEUED),
        cel('CHAN_START', 10, inner, '1709541010.102'),
        cel('CHAN_START', 10.1, phone, '1709541010.104'),
        cel('ANSWER', 16, phone, '1709541010.104'), cel('ANSWER', 16.1, inner, '1709541010.102'),
        cel('BRIDGE_ENTER', 16.2, inner, '1709541010.102', '{"bridge_id":"1"}'),
        cel('BRIDGE_ENTER', 16.3, caller, QUEUED, '{"bridge_id":"1"}'),
        cel('BRIDGE_ENTER', 16.4, phone, '1709541010.104', '{"bridge_id":"1"}'),
        cel('ATTENDEDTRANSFER' if is_moved else 'APP_END', 100, phone, '1709541010.104'),
        cel('HANGUP', 144.9, phone, '1709541010.104', '{"hangupcause":16,"hangupsource":"'
            + phone + '","dialstatus":""}'),
        cel('HANGUP', 145, caller, QUEUED, '{"hangupcause":16,"hangupsource":""}'))) + '\n')
    (row,) = imported('asterisk', path, tmp_path).rows
    last = {'transfers': [{'at': at('08:31:40'), 'kind': 'attended'}]} if is_moved else {
        'hung_up_by': 'agent'}
    assert dict(row.cells) == {
        'call_id': QUEUED, 'contact_id': QUEUED, 'direction': 'inbound', 'agent_id': '201',
        'caller_id': '030', 'caller_name': 'Erika', 'started_at': at('08:30:00'),
        'ringing_at': at('08:30:10.100000'), 'answered_at': at('08:30:16'),
        'ended_at': at('08:32:25'), 'audio_uri': f'{QUEUED}.wav', **last}


@pytest.mark.parametrize('on, agent', [('caller', 'to'), ('phone', 'from')])
def test_the_files_that_mixmonitor_was_told_to_write_of_each_party_are_the_pair_of_a_call(
        tmp_path, on, agent):
    # r() has what the channel it runs on said, t() what it was told.
    for name in ('both', 'from', 'to'):
        recording(tmp_path / 'rec' / f'{name}.wav', 129)
    path = tmp_path / 'cel.csv'
    path.write_text(queued(on, 'both.wav,bW(1)r(rec/from.wav)t(rec/to.wav),touch ^{X}'))
    (row,) = imported('asterisk', path, tmp_path).rows
    assert row.cells['agent_audio_uri'] == f'rec/{agent}.wav'
    assert row.cells['caller_audio_uri'] == f'rec/{"from" if agent == "to" else "to"}.wav'
    assert row.cells['started_at'] == at('08:30:16.200000') and 'audio_uri' not in row.cells


def test_a_call_of_which_one_party_s_file_is_lost_is_heard_in_the_mixed_one(tmp_path):
    recording(tmp_path / 'both.wav', 129)
    recording(tmp_path / 'from.wav', 129)
    path = tmp_path / 'cel.csv'
    path.write_text(queued('caller', 'both.wav,br(from.wav)t(to.wav)'))
    (row,) = imported('asterisk', path, tmp_path).rows
    assert row.cells['audio_uri'] == 'both.wav' and 'agent_audio_uri' not in row.cells


def test_sounds_and_keys_that_newer_logs_tell_of_change_nothing_of_a_call(tmp_path):
    recording(tmp_path / 'both.wav', 129)
    path = tmp_path / 'cel.csv'
    path.write_text(queued('caller', 'both.wav,b'))
    (before,) = imported('asterisk', path, tmp_path).rows
    sound = '{"language":"en","sound":"queue-thankyou"}'
    path.write_text(cel('STREAM_BEGIN', 2, CALLER, QUEUED, sound, 'Queue', '600') + '\n' + queued(
        'caller', 'both.wav,b', cel('DTMF', 20, CALLER, QUEUED, '{"digit":"1","duration_ms":80}'),
        cel('STREAM_BEGIN', 30, CALLER, '', sound), cel('STREAM_END', 31, CALLER, QUEUED, sound),
        cel('STREAM_END', 146, CALLER, QUEUED, sound)))
    result = imported('asterisk', path, tmp_path)
    (row,) = result.rows
    assert dict(row.cells) == dict(before.cells) and row.records == before.records + 4
    assert [one.cause for one in result.broken] == ['CEL: has no uniqueid']
