"""`etiquette import`: records become a manifest that a run takes."""

import json
import random

import pytest

from pipeline.cli import run_command
from pipeline.rows import ManifestError
from tests.conftest import QUICK, SAMPLES, Ran, etiquette, rows
from tests.importing import FIXTURES, imported, recording

OUT, QUEUED = '1709542800.110', '1709541000.101'


@pytest.fixture
def monitor(tmp_path):
    recording(tmp_path / 'monitor' / f'out-{OUT}.wav', 180)
    recording(tmp_path / 'monitor' / f'q-{QUEUED}.wav', 120)
    recording(tmp_path / 'monitor' / 'nobody.wav')
    return tmp_path / 'monitor'


@pytest.fixture
def ran(capsys):
    """Runs `etiquette import ARGS` within this process."""
    def run(*args):
        try:
            code = run_command(['import', *map(str, args)])
        except SystemExit as ended:  # argparse's way to help and to refuse
            code = ended.code
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)
    return run


@pytest.mark.parametrize('command', [(), ('asterisk',), ('freeswitch',), ('names',)])
def test_import_and_every_format_of_it_has_help_with_an_example(ran, command):
    done = ran(*command, '--help')
    assert done.code == 0
    assert 'examples:\n  etiquette import' in done.out


def test_without_out_it_shows_what_it_understood_and_writes_nothing(ran, monitor):
    before = sorted(monitor.parent.rglob('*'))
    done = ran('asterisk', FIXTURES / 'asterisk', '--recordings', monitor)
    assert done.code == 1, done.err  # some records are broken
    flat = ' '.join(done.out.split())
    assert ('33 records read, 3 calls understood, 2 with their recording, 1 without, 6 broken'
            in flat)
    assert '3 recordings there, 1 of them of no call here' in flat
    assert 'answered_at queue_log CONNECT, CEL ANSWER 100 % 2024-03-04T08:30:25+00:00' in flat
    assert '1 queue: billing (1)' in flat and '2 agents: 201 (1), 202 (1)' in flat
    assert 'queue_log line 13: has fewer than the five fields' in flat
    assert '--out manifest.jsonl writes' in flat
    assert sorted(monitor.parent.rglob('*')) == before


def test_with_out_the_good_ones_are_written_and_the_broken_ones_beside_them(ran, monitor):
    out, rejects = monitor / 'manifest.jsonl', monitor / 'rejects.jsonl'
    done = ran('asterisk', FIXTURES / 'asterisk', '--recordings', monitor, '--out', out,
               '--rejects', rejects)
    assert done.code == 1, done.err
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row['audio_uri'] for row in written] == [f'q-{QUEUED}.wav', f'out-{OUT}.wav']
    broken = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert len(broken) == 6
    assert all(set(one) == {'where', 'cause', 'way_out', 'text'} for one in broken)
    assert not list(monitor.glob('.manifest*'))


def test_all_well_exits_with_0(ran, monitor):
    done = ran('freeswitch', FIXTURES / 'freeswitch' / 'outbound.cdr.json', '--recordings', monitor)
    assert done.code == 0, done.err
    assert 'no recording: ' in done.out


@pytest.mark.parametrize('args, told', [
    (('asterisk', 'no-such'), 'no-such: there is no such file or folder'),
    (('asterisk', FIXTURES / 'freeswitch' / 'cut.cdr.xml'), 'is no CDR, CEL or queue_log'),
    (('asterisk', FIXTURES, '--out', 'x.csv'), 'name it .jsonl'),
    (('asterisk', FIXTURES, '--timezone', 'Berlin'), 'is no IANA time zone'),
    (('asterisk', FIXTURES, '--encoding', 'utf-9'), 'Python knows no such encoding'),
    (('asterisk', FIXTURES, '--recordings', 'nowhere'), 'there is no such folder'),
    (('names', SAMPLES, '--pattern', '{agent}'), 'is no column'),
    (('asterisk', FIXTURES, '--recording', 'x'), 'Did you mean `--recordings`'),
    (('avaya', 'x'), 'invalid choice'),
])
def test_wrong_use_exits_with_2_and_names_the_way_out(ran, args, told):
    done = ran(*args)
    assert done.code == 2
    assert told in done.err and 'Traceback' not in done.err


def test_a_folder_that_is_not_there_is_told(ran, monitor):
    done = ran('asterisk', FIXTURES / 'asterisk', '--recordings', monitor, '--out',
               monitor / 'no' / 'm.jsonl')
    assert done.code == 2
    assert 'its folder is not there' in done.err


def test_a_full_disk_leaves_nothing_behind(ran, monitor, monkeypatch):
    def full(*args):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr('os.fsync', full)
    done = ran('asterisk', FIXTURES / 'asterisk', '--recordings', monitor, '--out',
               monitor / 'm.jsonl')
    assert done.code == 2 and 'cannot be written (No space left on device)' in done.err
    assert sorted(path.suffix for path in monitor.iterdir()) == ['.wav'] * 3


def test_what_records_say_can_do_no_harm_on_a_terminal(ran, tmp_path):
    recording(tmp_path / '[\x1b[31mred\u202e]_101-1_20240304093002(1).wav')
    done = ran('names', tmp_path, '--timezone', 'UTC')
    assert done.code == 0, done.err
    assert '\x1b' not in done.out and '\u202e' not in done.out and 'red' in done.out


def test_of_two_recordings_that_fit_none_is_taken_and_both_are_named(tmp_path):
    for name in ('a', 'b'):
        recording(tmp_path / f'{name}-{OUT}.wav', 180)
    result = imported('asterisk', FIXTURES / 'asterisk' / 'Master.csv', tmp_path)
    why = next(why for row, why in result.silent if row.cells['call_id'] == OUT)
    assert why.startswith('2 recordings fit') and f'a-{OUT}.wav' in why and f'b-{OUT}.wav' in why


def test_an_id_in_a_longer_one_is_not_it(tmp_path):
    for name in (f'x{OUT}', f'{OUT}1', f'{OUT}.7', f'1{OUT}'):
        recording(tmp_path / f'{name}.wav', 180)
    assert not imported('asterisk', FIXTURES / 'asterisk' / 'Master.csv', tmp_path).rows


def test_a_number_and_a_time_find_a_recording_where_only_one_fits(tmp_path):
    recording(tmp_path / '202-20240304-100003.wav', 180)
    recording(tmp_path / '202-20240304-110003.wav', 180)
    one = imported('asterisk', FIXTURES / 'asterisk' / 'Master.csv', tmp_path,
                   zone='Europe/Berlin')
    assert [row.cells['audio_uri'] for row in one.rows] == ['202-20240304-100003.wav']
    recording(tmp_path / '004989555555-20240304-100100.wav', 10)
    two = imported('asterisk', FIXTURES / 'asterisk' / 'Master.csv', tmp_path,
                   zone='Europe/Berlin')
    assert not two.rows and any('2 recordings fit' in why for _, why in two.silent)


def test_a_path_that_the_record_gives_is_found_where_the_recordings_now_are(tmp_path):
    for day in ('03', '04'):
        recording(tmp_path / '2024' / day / 'call.wav', 188)
    path = tmp_path / 'Master.csv'
    path.write_text('start,duration,billsec,disposition,channel,dstchannel,lastapp,uniqueid,'
                    'recordingfile\n2024-03-04 10:00:00,188,180,ANSWERED,PJSIP/202-0000000c,'
                    f'PJSIP/gw-0000000d,Dial,{OUT},/var/spool/asterisk/monitor/2024/04/call.wav\n')
    (row,) = imported('asterisk', path, tmp_path).rows
    assert row.cells['audio_uri'] == '2024/04/call.wav'


def test_a_recording_outside_the_folder_is_named_by_its_whole_path_where_that_is_allowed(tmp_path):
    recording(tmp_path / 'rec' / f'{OUT}.wav', 180)
    result = imported('asterisk', FIXTURES / 'asterisk' / 'Master.csv', tmp_path / 'rec',
                      out=tmp_path / 'elsewhere')
    assert result.rows[0].cells['audio_uri'] == str(tmp_path / 'rec' / f'{OUT}.wav')


@pytest.mark.slow
def test_imported_calls_run_and_their_tables_say_what_the_phone_system_said(ran, tmp_path):
    """The whole way: records and recordings, a manifest, a run, the tables."""
    folder = tmp_path / 'monitor'
    folder.mkdir()
    for name, sample in ((f'q-{QUEUED}', 'silent.flac'), (f'out-{OUT}', 'us-in-order.flac')):
        (folder / f'{name}.flac').write_bytes((SAMPLES / sample).read_bytes())
    out = folder / 'manifest.jsonl'
    done = ran('asterisk', FIXTURES / 'asterisk', '--recordings', folder, '--out', out,
               '--recording-starts', 'call')
    assert done.code == 1, done.err
    run = etiquette('run', out, '--config', QUICK, '--warehouse', tmp_path / 'wh', '--workers', 1)
    assert run.code == 0, run.err
    found = rows(tmp_path / 'wh', """
        SELECT call_id, c.direction, c.agent_id, c.queue, c.hung_up_by, ring_source,
               round(ring_to_answer_s, 1) AS ring_s, hold_source, hold_count, transfer_count
        FROM calls c JOIN kpis USING (call_id) ORDER BY call_id""")
    assert found == [
        {'call_id': QUEUED, 'direction': 'inbound', 'agent_id': '201', 'queue': 'billing',
         'hung_up_by': 'caller', 'ring_source': 'metadata', 'ring_s': 6.0, 'hold_source': None,
         'hold_count': found[0]['hold_count'], 'transfer_count': 0},
        {'call_id': OUT, 'direction': 'outbound', 'agent_id': '202', 'queue': None,
         'hung_up_by': 'caller', 'ring_source': 'metadata', 'ring_s': 7.3,
         'hold_source': 'metadata', 'hold_count': 1, 'transfer_count': None}]


@pytest.mark.parametrize('format', ['asterisk', 'freeswitch'])
@pytest.mark.parametrize('seed', range(40))
def test_damaged_records_are_told_and_never_stop_the_rest(format, seed, tmp_path):
    """Bytes of good records are changed, cut and mixed; every record is a row or has a reason."""
    dice = random.Random(seed)
    for path in sorted((FIXTURES / format).iterdir()):
        data = bytearray(path.read_bytes())
        for _ in range(dice.randrange(1, 40)):
            at = dice.randrange(len(data))
            data[at:at + dice.choice((0, 1, 1, 5))] = dice.choice(
                (b'', b'\0', b'"', b',', b'|', b'\n', b'-1', b'9' * 30, b'\xff', b'{', b'<', b'%00',
                 '٣'.encode()))
        (tmp_path / path.name).write_bytes(data)
    try:
        result = imported(format, tmp_path, tmp_path)
    except ManifestError as error:
        assert error.way_out
        return
    assert all(one.cause and one.way_out and one.where for one in result.broken)
    told = sum(row.records for row in result.rows)
    told += sum(row.records for row, _ in result.silent)
    told += sum(one.records for one in result.broken)
    assert told + sum(result.aside.values()) == result.records


def test_calls_none_of_which_has_a_recording_write_no_manifest(ran, tmp_path):
    recording(tmp_path / 'other.wav')
    done = ran('asterisk', FIXTURES / 'asterisk' / 'Master.csv', '--recordings', tmp_path, '--out',
               tmp_path / 'm.jsonl')
    assert done.code == 1 and 'no call was found with its recording' in done.out
    assert not (tmp_path / 'm.jsonl').exists()


def test_a_folder_without_records_is_refused(ran, tmp_path):
    done = ran('freeswitch', tmp_path)
    assert done.code == 2 and 'holds no file' in done.err


def test_a_recording_that_fits_two_calls_by_number_and_time_is_neithers(tmp_path):
    recording(tmp_path / 'mon' / '202-20240304-100003.wav', 180)
    logs = tmp_path / 'Master.csv'
    lines = (FIXTURES / 'asterisk' / 'Master.csv').read_text().splitlines()
    logs.write_text(lines[1] + '\n' + lines[1].replace(OUT, '1709542801.111') + '\n')
    result = imported('asterisk', logs, tmp_path / 'mon', zone='Europe/Berlin')
    assert not result.rows and len(result.silent) == 2
    assert all('fits several calls' in why for _, why in result.silent)
    # A third call has its id in the name: the recording is that call's, and of no other.
    path = tmp_path / 'mon' / '202-20240304-100003.wav'
    path.rename(path.with_name(f'202-20240304-100003-{OUT}.wav'))
    result = imported('asterisk', logs, tmp_path / 'mon', zone='Europe/Berlin')
    assert [row.cells['call_id'] for row in result.rows] == [OUT] and len(result.silent) == 1


def test_a_manifest_that_would_name_recordings_outside_its_folder_is_not_written(ran, monitor):
    out = monitor.parent / 'elsewhere' / 'm.jsonl'
    out.parent.mkdir()
    done = ran('asterisk', FIXTURES / 'asterisk', '--recordings', monitor, '--out', out)
    assert done.code == 1 and 'leaves the folder of the manifest' in ' '.join(done.out.split())
    assert 'source.allow_outside' in done.out and not out.exists()


def test_records_are_never_overwritten(ran, tmp_path):
    path = tmp_path / 'cdr.jsonl'
    path.write_text('{}')
    done = ran('asterisk', path, '--out', path)
    assert done.code == 2 and 'would overwrite the records' in done.err
    assert path.read_text() == '{}'


def test_a_folder_of_logs_may_hold_other_files(monitor, tmp_path):
    folder = tmp_path / 'logs'
    folder.mkdir()
    (folder / 'queue_log').write_bytes((FIXTURES / 'asterisk' / 'queue_log').read_bytes())
    (folder / 'notes.txt').write_text('rotate these\n')
    (folder / 'queue_log.2.gz').write_bytes(b'\x1f\x8b\x08\x00cut off')
    result = imported('asterisk', folder, monitor)
    assert [row.cells['call_id'] for row in result.rows] == [QUEUED]
    causes = {one.where.rpartition('/')[2]: one.cause for one in result.broken}
    assert causes['notes.txt'] == 'is no CDR, CEL or queue_log of Asterisk'
    assert 'queue_log.2.gz' in causes


def test_the_counts_are_told_to_machines(ran, monitor):
    done = ran('asterisk', FIXTURES / 'asterisk', '--recordings', monitor, '--json')
    told = json.loads(done.out)
    assert (told['records'], told['calls'], told['with_recording'], told['broken']) == (33, 3, 2, 6)
    assert told['fields']['queue'] == {'rows': 1, 'from': ['queue_log queuename']}
    assert told['manifest'] is None


# Names of agents

def agents(tmp_path, *lines, name='agents.csv', encoding='utf-8'):
    path = tmp_path / name
    path.write_bytes('\n'.join(lines).encode(encoding))
    return path


@pytest.mark.parametrize('lines', [
    ('id,name', '50FCD33C-f432-4726-abc9-979f3ca01555,"Ruiz, Ana"', 'u-zoe,Zoë'),
    ('\ufeffTeam;Name;ID', 'a;Ruiz, Ana; 50fcd33c-f432-4726-abc9-979f3ca01555 ', '')])
def test_agents_that_records_name_by_id_get_the_names_of_a_file(ran, tmp_path, lines):
    out = tmp_path / 'm.jsonl'
    for n in (1, 3):
        recording(tmp_path / f'c0000000-aaaa-4000-8000-00000000000{n}.wav', 360)
    done = ran('genesys', FIXTURES / 'genesys' / 'query.json', '--recordings', tmp_path, '--out',
               out, '--agents', agents(tmp_path, *lines), '--json')
    assert done.code == 0, done.err
    told = [json.loads(line) for line in out.read_text().splitlines()]
    assert (told[0]['agent_id'], told[0]['agent_name']) == (
        '50fcd33c-f432-4726-abc9-979f3ca01555', 'Ruiz, Ana')
    assert 'agents.csv' in done.json()['fields']['agent_name']['from']
    assert 'its agent is not in the file of --agents' in done.json()['warnings']


def test_agents_of_any_phone_system_can_be_named(ran, tmp_path, monitor):
    out = tmp_path / 'm.jsonl'
    ran('asterisk', FIXTURES / 'asterisk', '--recordings', monitor, '--out', out, '--agents',
        agents(tmp_path, 'id,name', '201,Erika', '202,Tom'))
    told = {json.loads(line)['agent_id']: json.loads(line)['agent_name']
            for line in out.read_text().splitlines()}
    assert told == {'201': 'Erika', '202': 'Tom'}


def test_a_line_that_names_nobody_is_broken_and_the_others_are_read(ran, tmp_path, monitor):
    rejects = tmp_path / 'rejects.jsonl'
    done = ran('asterisk', FIXTURES / 'asterisk' / 'queue_log', '--recordings', monitor, '--agents',
               agents(tmp_path, 'id,name', '201,Erika', ',Tom', '203', '201,Erik', '201,Erika'),
               '--rejects', rejects)
    assert done.code == 1 and 'Erika' in done.out
    told = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [row['cause'] for row in told if 'agents.csv' in row['where']] == [
        'has no id', 'has no name', 'gives 201 another name than a line before']


@pytest.mark.parametrize('lines, why', [
    (('201,Erika',), 'names no columns id and name'), (('',), 'names no columns id and name'),
    (('id,name', '"201,Erika'), 'is no CSV')])
def test_a_file_that_is_no_list_of_agents_is_refused_before_anything_is_read(
        tmp_path, monitor, capsys, lines, why):
    assert run_command(['import', 'asterisk', str(FIXTURES / 'asterisk'), '--agents',
                        str(agents(tmp_path, *lines))]) == 2
    assert why in capsys.readouterr().err


def test_a_list_of_agents_that_is_not_there_is_said_to_be_missing(capsys, tmp_path):
    assert run_command(['import', 'asterisk', str(FIXTURES / 'asterisk'), '--agents',
                        str(tmp_path / 'none.csv')]) == 2
    assert '--agents' in capsys.readouterr().err
