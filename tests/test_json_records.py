"""Objects in a file, however they are put there."""

import gzip
import json

import pytest

from pipeline.importers import Broken
from pipeline.importers.json_records import Record, records_of
from pipeline.rows import ManifestError


def read(tmp_path, text, most=1 << 20, name='records.json'):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(records_of(path, 'utf-8', most))


def ids(found):
    return [record.tree['id'] for record in found if isinstance(record, Record)]


@pytest.mark.parametrize('text', [
    '{"id": 1}\n{"id": 2}\n', '{"id": 1}{"id": 2}', '[{"id": 1}, {"id": 2}]',
    '[\n  {\n    "id": 1\n  },\n  {\n    "id": 2\n  }\n]\n', '\ufeff{"id": 1}\r\n\r\n{"id": 2}',
    '\x1e{"id": 1}\n\x1e{"id": 2}\n'])
def test_objects_are_read_alike_however_they_stand_beside_each_other(tmp_path, text):
    assert ids(read(tmp_path, text)) == [1, 2]


def test_a_packed_file_is_read_as_it_is(tmp_path):
    path = tmp_path / 'records.jsonl.gz'
    path.write_bytes(gzip.compress(b'{"id": 1}{"id": 2}'))
    assert ids(records_of(path, 'utf-8')) == [1, 2]


@pytest.mark.parametrize('broken', [
    '{"id": 1, }', '{"id": 1', '{"id": "1}', '{"id": NaN}', '{"id": 1e}', '{id: 1}', '{"a": tru}',
    '{"a": "\x00"}', '{"a": ' * 2000 + '1' + '}' * 2000, '{"id": ' + '9' * 5000 + '}', 'a,b,c',
    '"text"'])
def test_a_broken_object_does_not_hide_the_ones_around_it(tmp_path, broken):
    found = read(tmp_path, '{"id": 7}\n' + broken + '\n{"id": 8, "deep": [\n{"id": 9}]}\n')
    assert ids(found) == [7, 8]
    faults = [one for one in found if isinstance(one, Broken)]
    assert [fault.where for fault in faults] == [
        f'{tmp_path}/records.json record 2 (line 2)']
    assert faults[0].cause and faults[0].way_out


def test_a_broken_object_among_objects_without_anything_between_costs_no_other(tmp_path):
    found = read(tmp_path, '{"id": 1}{"id": nope}{"id": 3}')
    assert ids(found) == [1, 3]
    assert 'is not JSON' in found[1].cause


def test_where_an_object_is_broken_is_counted_from_its_own_begin(tmp_path):
    found = read(tmp_path, '{"id": 1}\n' * 50 + '{"id": "cut off\n')
    assert found[-1].cause == 'is not JSON: Invalid control character, at its character 16'


def test_an_object_that_never_ends_is_given_up_at_the_limit_and_the_next_is_read(tmp_path):
    found = read(tmp_path, '{"id": 1}\n{"a": "' + 'x' * 3_000_000 + '\n{"id": 3}\n', most=1 << 20)
    assert ids(found) == [1, 3]
    assert 'longer than 1 MiB' in found[1].cause
    assert len(found[1].text) <= 1200


def test_an_object_larger_than_what_is_read_at_once_is_read_whole(tmp_path):
    found = read(tmp_path, json.dumps({'id': 1, 'body': 'x' * 5_000_000}) + '{"id": 2}',
                 most=64 << 20)
    assert ids(found) == [1, 2]


def test_a_file_that_begins_like_no_object_is_refused_as_a_whole(tmp_path):
    with pytest.raises(ManifestError, match='begins like no JSON object') as refused:
        read(tmp_path, 'src,dst\n1,2\n')
    assert 'JSON Lines' in refused.value.way_out


def test_bytes_that_are_no_text_spoil_their_own_object_alone(tmp_path):
    found = read(tmp_path, b'{"id": 1}\n{"id": "\xff\xfe"}\n{"id": 3}\n')
    assert ids(found)[0] == 1 and ids(found)[-1] == 3


def test_an_empty_file_holds_no_record(tmp_path):
    assert read(tmp_path, ' \n[]\n') == []
