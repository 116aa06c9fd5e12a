"""A batch: a manifest or a folder becomes references, rejects and warnings."""

import json
import os
import tracemalloc
import wave
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.sources import ManifestError, SourceOptions, read_batch
from transforms.media import sha256_of
from warehouse.records import reject_key

OPTIONS = SourceOptions(timezone=None, allow_outside=False, audio_suffixes=('.wav', '.flac'),
                        earliest_year=1990, future_s=86400, longest_s=86400)


@pytest.fixture
def folder(tmp_path):
    inbox = tmp_path / 'inbox'
    inbox.mkdir()
    for at, name in enumerate('abc'):
        make_wav(inbox / f'{name}.wav', at)
    return inbox


def make_wav(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes([seed, 0]) * 1600)
    return path


def csv_batch(folder, *lines, options=OPTIONS, name='calls.csv'):
    manifest = folder / name
    manifest.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return read_batch(str(manifest), options)


def ids(batch):
    return [ref.call_id for ref in batch.references]


def the_reject(batch):
    assert len(batch.rejects) == 1
    return batch.rejects[0]


def test_a_bad_row_is_rejected_with_row_field_value_and_way_out_and_the_others_go_on(folder):
    batch = csv_batch(folder, 'call_id,audio_uri,direction', 'one,a.wav,inbound',
                      'two,b.wav,sideways', 'three,c.wav,outbound')
    assert ids(batch) == ['one', 'three']
    reject = the_reject(batch)
    assert (reject.step, reject.row, reject.field, reject.value, reject.call_id) == (
        'manifest', 2, 'direction', 'sideways', 'two')
    assert reject.message == (f"{folder}/calls.csv row 2 (line 3): direction 'sideways' is none of "
                              'inbound, outbound')
    assert reject.way_out == 'Correct it or leave it empty.'
    assert json.loads(reject.manifest) == {
        'call_id': 'two', 'audio_uri': 'b.wav', 'direction': 'sideways'}
    assert batch.rows == 3


def test_all_faults_of_a_row_are_told_at_once(folder):
    reject = the_reject(csv_batch(
        folder, 'audio_uri,direction,started_at,agent_channel', 'gone.wav,sideways,today,7'))
    for column in ('audio_uri', 'direction', 'started_at', 'agent_channel'):
        assert f'{column} ' in reject.message


@pytest.mark.parametrize('name, text', [
    ('calls.csv', 'call_id;audio_uri;queue\none;a.wav;"billing; refunds"\n'),
    ('calls.csv', 'call_id\taudio_uri\tqueue\none\ta.wav\tbilling; refunds\n'),
    ('calls.tsv', '"call_id"\t"audio_uri"\t"queue"\none\ta.wav\tbilling; refunds\n'),
    ('calls.csv', '\ufeffcall_id,audio_uri,queue\r\none,a.wav,billing; refunds\r\n'),
    ('calls.jsonl', '{"call_id": "one", "audio_uri": "a.wav", "queue": "billing; refunds"}\n'),
    ('calls.ndjson', '\n{"call_id":"one","audio_uri":"a.wav","queue":"billing; refunds"}'),
    ('calls.json', '\ufeff{"call_id":"one","audio_uri":"a.wav","queue":"billing; refunds"}'),
])
def test_every_written_form_of_a_manifest_gives_the_same_reference(folder, name, text):
    (folder / name).write_bytes(text.encode('utf-8'))
    (ref,) = read_batch(str(folder / name), OPTIONS).references
    assert (ref.call_id, ref.row, ref.audio_uri, ref.queue) == (
        'one', 1, str(folder / 'a.wav'), 'billing; refunds')


def test_parquet_gives_the_same_references_as_csv(folder):
    at = datetime(2024, 3, 1, 9, 30, tzinfo=timezone.utc)
    table = pa.table({
        'call_id': ['one', 'two'], 'audio_uri': ['a.wav', 'b.wav'],
        'started_at': pa.array([at, None], pa.timestamp('ns', 'UTC')),
        'agent_channel': [1.0, None],
        'holds': [[{'start_s': 1.0, 'end_s': 2.5}], None],
        'transfers': pa.array([None, [{'at_s': 3.0, 'kind': 'blind'}]])})
    pq.write_table(table, folder / 'calls.parquet')
    from_parquet = read_batch(str(folder / 'calls.parquet'), OPTIONS)
    from_csv = csv_batch(
        folder, 'call_id,audio_uri,started_at,agent_channel,holds,transfers',
        'one,a.wav,2024-03-01T10:30:00+01:00,1,"[{""start_s"":1,""end_s"":2.5}]",',
        'two,b.wav,,,,"[{""at_s"":3,""kind"":""blind""}]"')
    assert from_parquet.references == from_csv.references
    assert not from_parquet.rejects


def test_a_quoted_cell_may_hold_line_breaks_and_rows_are_still_counted_right(folder):
    batch = csv_batch(folder, 'call_id,audio_uri,queue', 'one,a.wav,"two', 'lines"',
                      'bad,gone.wav,q')
    assert batch.references[0].queue == 'two\nlines'
    assert 'row 2 (line 4)' in the_reject(batch).message


@pytest.mark.parametrize('row, why', [
    ('bad,b.wav', 'has 2 cells where the header has 3'),
    ('bad,b.wav,q,more', 'has 4 cells where the header has 3'),
    ('bad,b.wav,"q"x', 'is not CSV'),
    ('bad,b.wav,' + 'q' * 200_000, 'is not CSV'),
    ('b\0d,b.wav,q', 'NUL'),
])
def test_a_row_that_cannot_be_read_costs_only_itself(folder, row, why):
    batch = csv_batch(folder, 'call_id,audio_uri,queue', 'one,a.wav,q', row, 'three,c.wav,q')
    assert ids(batch) == ['one', 'three']
    assert why in the_reject(batch).message
    assert the_reject(batch).row == 2


@pytest.mark.parametrize('line', [
    'no json', '[1]', '"text"', '{"audio_uri": "b.wav", "x": NaN}', '{"audio_uri": "b.wav"',
    '{"audio_uri": "b.wav", "queue": "\\ud800"}', '{"audio_uri": ["b.wav"]}',
    '{"audio_uri": "b.wav", "x": ' + '[' * 5000 + ']' * 5000 + '}',
    '{"audio_uri": "b.wav", "x": ' + '[' * 60 + ']' * 60 + '}',
    '{"audio_uri": "b.wav", "agent_channel": ' + '9' * 5000 + '}',
    '{"audio_uri": "b\\u0000.wav"}', '{}', '{"audio_uri": null}',
])
def test_a_line_that_is_no_good_json_costs_only_itself(folder, line):
    manifest = folder / 'calls.jsonl'
    manifest.write_text(f'{{"call_id": "one", "audio_uri": "a.wav"}}\n{line}\n'
                        '{"call_id": "three", "audio_uri": "c.wav"}\n')
    batch = read_batch(str(manifest), OPTIONS)
    assert ids(batch) == ['one', 'three']
    reject = the_reject(batch)
    assert (reject.row, batch.rows) == (2, 3)
    json.loads(reject.manifest)
    (reject.manifest + reject.message + (reject.value or '')).encode('utf-8')


def test_empty_rows_that_spreadsheets_leave_are_no_calls(folder):
    batch = csv_batch(folder, 'call_id,audio_uri', 'one,a.wav', ',', '', ' , ')
    assert (ids(batch), batch.rejects, batch.rows) == (['one'], (), 1)


@pytest.mark.parametrize('name, content, why', [
    ('calls.csv', b'', 'is empty'),
    ('calls.csv', b'\n\n', 'no column audio_uri'),
    ('calls.csv', 'audio_uri\ncaf\xe9.wav\n'.encode('latin-1'), 'is not UTF-8'),
    ('calls.csv', 'audio_uri\na.wav\n'.encode('utf-16'), 'is not UTF-8'),
    ('calls.csv', b'call_id,Audio\none,a.wav\n', 'no column audio_uri (it has call_id, Audio)'),
    ('calls.csv', b'call_id,agent_audio_uri\none,a.wav\n', 'no column audio_uri'),
    ('calls.csv', b'audio_uri,call_id,call_id\na.wav,1,2\n', 'two columns named call_id'),
    ('calls.jsonl', b'\n \n', 'is empty'),
    ('calls.jsonl', b'{"audio_uri": "\xff"}\n', 'is not UTF-8'),
    ('calls.json', b'[{"audio_uri": "a.wav"}]', 'one JSON array'),
    ('calls.parquet', b'PAR1 this is none', 'no Parquet file'),
    ('calls.parquet', b'', 'is empty'),
    ('calls.txt', b'audio_uri\na.wav\n', 'no manifest by its name'),
])
def test_a_manifest_that_cannot_be_read_at_all_is_refused_as_a_whole(folder, name, content, why):
    (folder / name).write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        read_batch(str(folder / name), OPTIONS)
    assert why in str(caught.value)
    assert name in str(caught.value)
    assert caught.value.way_out


@pytest.mark.parametrize('where', ['nowhere.csv', 'nowhere', 'gs://bucket/calls.csv'])
def test_an_input_that_is_not_there_is_refused(tmp_path, where):
    with pytest.raises(ManifestError):
        read_batch(where if '://' in where else str(tmp_path / where), OPTIONS)


def test_a_parquet_manifest_without_recordings_is_refused(folder):
    pq.write_table(pa.table({'call_id': ['one']}), folder / 'calls.parquet')
    with pytest.raises(ManifestError, match='no column audio_uri'):
        read_batch(str(folder / 'calls.parquet'), OPTIONS)


def test_a_manifest_without_rows_is_a_batch_of_nothing_with_a_warning(folder):
    batch = csv_batch(folder, 'call_id,audio_uri')
    assert (batch.rows, len(batch.warnings)) == (0, 1)


def test_an_unknown_column_is_named_once_with_the_nearest_known_one_and_kept(folder):
    batch = csv_batch(folder, 'call_id,audio_uri,agnt_id,zzz', 'one,a.wav,7,x', 'two,b.wav,8,')
    assert batch.warnings == (
        f'{folder}/calls.csv: unknown column `agnt_id` is kept but means nothing here. '
        'Did you mean `agent_id`?',
        f'{folder}/calls.csv: unknown column `zzz` is kept but means nothing here.')
    assert json.loads(batch.references[0].manifest)['extra'] == {'agnt_id': '7', 'zzz': 'x'}


def test_the_first_row_of_a_call_id_wins_and_later_ones_are_rejects(folder):
    batch = csv_batch(folder, 'call_id,audio_uri', 'one,a.wav', 'one,b.wav', ' one ,c.wav')
    assert [ref.audio_uri for ref in batch.references] == [str(folder / 'a.wav')]
    assert [(r.row, r.error) for r in batch.rejects] == [(2, 'DuplicateCall'),
                                                        (3, 'DuplicateCall')]
    assert f'{folder}/calls.csv row 1' in batch.rejects[0].message
    assert len({r.reject_key for r in batch.rejects}) == 2


def test_a_bad_row_does_not_take_the_id_from_a_good_one(folder):
    assert ids(csv_batch(folder, 'call_id,audio_uri', 'one,gone.wav', 'one,b.wav')) == ['one']


def test_the_same_recording_under_two_ids_is_processed_with_a_warning(folder):
    batch = csv_batch(folder, 'call_id,audio_uri', 'one,a.wav', 'two,./a.wav')
    assert ids(batch) == ['one', 'two']
    assert batch.warnings == (
        f'{folder}/a.wav: is the recording of both `one` and `two`; both are processed',)


def test_a_call_without_an_id_is_named_by_the_sha256_of_its_recording(folder):
    (ref,) = csv_batch(folder, 'audio_uri', 'a.wav').references
    assert ref.call_id == sha256_of(ref)[:16]
    assert json.loads(ref.manifest)['call_id'] == ref.call_id


def test_equal_recordings_without_ids_are_one_call(folder):
    make_wav(folder / 'b.wav', 0)  # the bytes of a.wav
    batch = csv_batch(folder, 'audio_uri', 'a.wav', 'b.wav', 'c.wav')
    assert [Path(ref.audio_uri).name for ref in batch.references] == ['a.wav', 'c.wav']
    assert the_reject(batch).error == 'DuplicateCall'


def test_a_recording_that_cannot_be_hashed_is_a_reject(folder):
    batch = csv_batch(folder, 'audio_uri', 'nosuchscheme://bucket/a.wav', 'b.wav')
    assert the_reject(batch).source_uri == 'nosuchscheme://bucket/a.wav'
    assert len(batch.references) == 1


@pytest.mark.parametrize('uri', ['../secret.wav', 'sub/../../secret.wav', '{outside}', 'link.wav',
                                 'linked/secret.wav', 'file://{outside}', '..', '/', '/etc/passwd',
                                 '../nothing-there.wav'])
def test_a_recording_outside_the_manifests_folder_is_refused_unless_allowed(folder, uri):
    outside = make_wav(folder.parent / 'secret.wav', 9)
    (folder / 'link.wav').symlink_to(outside)
    (folder / 'linked').symlink_to(folder.parent)
    uri = uri.format(outside=outside)
    reject = the_reject(csv_batch(folder, 'call_id,audio_uri', f'one,{uri}'))
    assert (reject.field, reject.error) == ('audio_uri', 'OutsideFolder')
    allowed = csv_batch(folder, 'call_id,audio_uri', f'one,{uri}',
                        options=replace(OPTIONS, allow_outside=True))
    assert [ref.audio_uri for ref in allowed.references] == (
        [str(outside)] if 'secret' in uri or 'link' in uri else
        ['/etc/passwd'] if 'etc' in uri else [])


def test_a_folder_whose_name_begins_like_the_manifests_is_outside(folder):
    make_wav(folder.parent / 'inbox2' / 'a.wav')
    batch = csv_batch(folder, 'call_id,audio_uri', f'one,{folder.parent}/inbox2/a.wav')
    assert the_reject(batch).error == 'OutsideFolder'


@pytest.mark.parametrize('uri', ['{folder}/a.wav', 'file://{folder}/a.wav', './sub/../a.wav',
                                 'file://localhost{folder}/a.wav', 'inside.wav', '%61.wav'])
def test_any_way_of_naming_a_recording_inside_the_folder_is_taken(folder, uri):
    (folder / 'sub').mkdir()
    (folder / 'inside.wav').symlink_to(folder / 'a.wav')
    (folder / '%61.wav').symlink_to('a.wav')  # a path is no URL: nothing is unquoted
    batch = csv_batch(folder, 'call_id,audio_uri', 'one,' + uri.format(folder=folder))
    assert [ref.audio_uri for ref in batch.references] == [str(folder / 'a.wav')]


def test_a_file_uri_is_unquoted(folder):
    make_wav(folder / 'a b#1.wav')
    batch = csv_batch(folder, 'call_id,audio_uri', f'one,file://{folder}/a%20b%231.wav')
    assert batch.references[0].audio_uri == str(folder / 'a b#1.wav')


def test_a_recording_in_another_filesystem_is_taken_as_it_is(folder):
    batch = csv_batch(folder, 'call_id,audio_uri', 'one,gs://bucket/a.wav', 'two,s3://b/../c.wav')
    assert [r.audio_uri for r in batch.references] == ['gs://bucket/a.wav', 's3://b/../c.wav']


@pytest.mark.parametrize('make', [None, Path.mkdir, lambda path: os.mkfifo(path),
                                  lambda path: path.symlink_to(path)])
def test_what_is_no_file_is_rejected_and_never_opened(folder, make):
    if make:
        make(folder / 'odd.wav')
    reject = the_reject(csv_batch(folder, 'audio_uri', 'odd.wav'))
    assert (reject.field, reject.source_uri) == ('audio_uri', str(folder / 'odd.wav'))


def test_one_mono_file_per_party_is_a_pair_with_the_agent_first(folder):
    batch = csv_batch(folder, 'call_id,agent_audio_uri,caller_audio_uri', 'one,a.wav,b.wav')
    (ref,) = batch.references
    assert (ref.audio_uri, ref.agent_audio_uri, ref.caller_audio_uri, ref.agent_channel) == (
        None, str(folder / 'a.wav'), str(folder / 'b.wav'), 0)


@pytest.mark.parametrize('row', ['a.wav,b.wav,c.wav', ',b.wav,', ',,c.wav', 'a.wav,b.wav,', ',,',
                                 ',b.wav,b.wav'])
def test_a_row_names_either_one_recording_or_both_of_a_pair(folder, row):
    batch = csv_batch(folder, 'audio_uri,agent_audio_uri,caller_audio_uri,queue', row + ',q')
    assert the_reject(batch).field in ('audio_uri', 'agent_audio_uri', 'caller_audio_uri')


def test_rejects_of_rows_that_name_no_recording_do_not_collide_between_manifests(folder):
    monday = the_reject(csv_batch(folder, 'audio_uri,queue', ',q', name='monday.csv'))
    tuesday = the_reject(csv_batch(folder, 'audio_uri,queue', ',q', name='tuesday.csv'))
    assert monday.reject_key != tuesday.reject_key


def test_a_reject_keeps_its_key_when_the_call_is_admitted_later(folder):
    reject = the_reject(csv_batch(folder, 'call_id,audio_uri', 'one,late.wav'))
    make_wav(folder / 'late.wav')
    (ref,) = csv_batch(folder, 'call_id,audio_uri', 'one,late.wav').references
    assert reject.reject_key == reject_key(ref.source_uri, ref.row, ref.call_id)


def test_a_bare_folder_gives_a_call_for_each_recording_in_it(folder):
    make_wav(folder / 'sub' / 'D.WAV', 7)
    make_wav(folder / '.hidden.wav', 8)
    make_wav(folder / '.trash' / 'e.wav', 8)
    (folder / 'notes.txt').write_text('no recording')
    batch = read_batch(str(folder), OPTIONS)
    assert [Path(r.audio_uri).name for r in batch.references] == [
        'a.wav', 'b.wav', 'c.wav', 'D.WAV']
    assert {ref.row for ref in batch.references} == {None}
    assert (batch.rows, batch.warnings) == (4, ())


def test_a_sidecar_gives_a_recording_its_fields(folder):
    (folder / 'a.wav.json').write_text('{"call_id": "one", "agent_id": 7, "agent_channel": 1}')
    (folder / 'b.json').write_text('{"segments": []}')  # a transcript, not a sidecar
    (folder / 'c.wav.json').write_text('{"call_id": "three", "audio_uri": "c.wav"}')
    batch = read_batch(str(folder), OPTIONS)
    one, two, three = batch.references
    assert (one.call_id, one.agent_id, one.agent_channel) == ('one', '7', 1)
    assert len(two.call_id) == 16
    assert (three.call_id, three.audio_uri) == ('three', str(folder / 'c.wav'))


@pytest.mark.parametrize('text, why', [
    ('{"direction": "sideways"}', 'direction'), ('not json', 'is not JSON'), ('[]', 'no object'),
    ('{"audio_uri": "b.wav"}', 'is not a.wav'), ('{"audio_uri": 7}', 'is not a.wav'),
    ('{"transcript_uri": "../x"}', 'leaves the folder')])
def test_a_bad_sidecar_rejects_its_recording_alone(folder, text, why):
    (folder / 'a.wav.json').write_text(text)
    batch = read_batch(str(folder), OPTIONS)
    assert len(batch.references) == 2
    assert why in the_reject(batch).message
    assert 'a.wav' in the_reject(batch).message


def test_the_uris_of_a_sidecar_are_relative_to_it(folder):
    make_wav(folder / 'sub' / 'd.wav', 7)
    (folder / 'sub' / 'd.vtt').write_text('WEBVTT')
    (folder / 'sub' / 'd.wav.json').write_text('{"call_id": "four", "transcript_uri": "d.vtt"}')
    ref = next(r for r in read_batch(str(folder), OPTIONS).references if r.call_id == 'four')
    assert ref.transcript_uri == str(folder / 'sub' / 'd.vtt')


def test_a_sidecar_may_make_a_pair_and_its_files_are_no_calls_of_their_own(folder):
    (folder / 'b.wav.json').write_text(
        '{"call_id": "pair", "agent_audio_uri": "b.wav", "caller_audio_uri": "a.wav"}')
    batch = read_batch(str(folder), OPTIONS)
    assert [Path(ref.source_uri).name for ref in batch.references] == ['b.wav', 'c.wav']
    assert batch.rejects == ()


def test_a_sidecar_without_its_recording_is_a_reject(folder):
    (folder / 'lost.wav.json').write_text('{"call_id": "lost"}')
    batch = read_batch(str(folder), OPTIONS)
    assert the_reject(batch).source_uri == str(folder / 'lost.wav')
    assert len(batch.references) == 3


def test_a_manifest_inside_a_given_folder_is_pointed_out(folder):
    (folder / 'manifest.csv').write_text('audio_uri\na.wav\n')
    batch = read_batch(str(folder), OPTIONS)
    assert len(batch.references) == 3
    assert 'manifest.csv: is not read' in batch.warnings[0]


def test_a_link_in_a_folder_may_not_lead_out_of_it(folder):
    outside = make_wav(folder.parent / 'secret.wav', 9)
    (folder / 'link.wav').symlink_to(outside)
    assert the_reject(read_batch(str(folder), OPTIONS)).error == 'OutsideFolder'


def test_a_recording_whose_name_is_no_text_is_a_reject_that_can_be_stored(folder):
    (folder / 'a.wav').rename(folder / os.fsdecode(b'\xff.wav'))
    batch = read_batch(str(folder), OPTIONS)
    reject = the_reject(batch)
    for text in (reject.message, reject.source_uri, reject.value, reject.manifest):
        text.encode('utf-8')
    assert len(batch.references) == 2


def test_many_warnings_of_one_kind_are_counted_not_listed(folder):
    rows = [f'{at},a.wav' for at in range(40)]
    batch = csv_batch(folder, 'call_id,audio_uri', *rows)
    assert len(batch.warnings) == 11
    assert batch.warnings[-1] == '... and 29 more like the last one'


def test_a_batch_needs_memory_for_its_references_only(folder):
    csv_batch(folder, 'call_id,audio_uri,queue', *(f'{at},a.wav,q' for at in range(3000)))
    tracemalloc.start()
    batch = read_batch(str(folder / 'calls.csv'), OPTIONS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert batch.rows == 3000
    assert peak < 3000 * 2500  # bytes a reference, its manifest and what finds doubles


@pytest.mark.parametrize('name', ['Nowhere/Land', '../../etc/passwd', 'America'])
def test_a_default_time_zone_that_is_none_is_refused(folder, name):
    with pytest.raises(ManifestError, match='IANA'):
        csv_batch(folder, 'audio_uri', 'a.wav', options=replace(OPTIONS, timezone=name))
