import hashlib
import os
import time
from dataclasses import replace
from datetime import date, datetime, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.results import NOW, at, reject, result
from warehouse import landing
from warehouse.errors import WarehouseError
from warehouse.records import Call, Event, Finding, Kpis, Result, Turn, Words
from warehouse.schemas import TABLES

HOSTILE = ("it's", '../../../etc/passwd', 'a/b', '.', '..', "'; DROP TABLE calls; --",
           'line\nbreak', '通話', '%2F', 'x' * 200, '日' * 200, '*', '[a]', 'A B', 'a\tb', '-rf',
           '~', '\\', '"')
BY_TYPE = {
    'string': st.text(max_size=20), 'double': st.floats(allow_nan=False),
    'int32': st.integers(-2**31, 2**31 - 1), 'bool': st.booleans(),
    'date32[day]': st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    'timestamp[us, tz=UTC]': st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1),
                                          timezones=st.just(timezone.utc)).map(
        lambda instant: instant.replace(fold=0))}


def values(cls, table):
    """Any record that the types allow."""
    nullable = {name: 'None' in str(kind) for name, kind in cls.__annotations__.items()}
    return st.builds(cls, **{
        f.name: st.none() | BY_TYPE[str(f.type)] if nullable[f.name] else BY_TYPE[str(f.type)]
        for f in TABLES[table].schema if f.name in nullable})


@st.composite
def results(draw):
    call = draw(values(Call, 'calls'))
    count = draw(st.integers(0, 4))
    columns = {f.name: draw(st.lists(BY_TYPE[str(f.type)], min_size=count, max_size=count))
               for f in TABLES['words'].schema if f.name not in ('call_id', 'call_date', 'word')}
    some = {name: tuple(draw(st.lists(values(cls, name), max_size=3))) for name, cls in (
        ('turns', Turn), ('events', Event), ('findings', Finding), ('kpis', Kpis))}
    some['kpis'] = tuple(replace(row, call_date=call.call_date) for row in some['kpis'])
    return Result(call, words=Words(**{name: tuple(v) for name, v in columns.items()}), **some)


@given(results())
@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_put_is_got(tmp_path, whole):
    assert landing.get(landing.put(tmp_path, whole)) == whole


def test_the_same_result_gives_the_same_bytes(tmp_path):
    first = landing.put(tmp_path / 'a', result()).read_bytes()
    assert landing.put(tmp_path / 'b', result()).read_bytes() == first
    assert landing.put(tmp_path / 'b', at(1)).read_bytes() != first


def test_a_file_with_nested_lists_as_older_programs_wrote_it_is_read(tmp_path):
    old, new = (landing.put(tmp_path, result(call_id)) for call_id in ('old', 'new'))
    pq.write_table(landing.as_table(result('old')), old, compression='lz4', store_schema=False,
                   write_page_checksum=True)
    assert pa.types.is_list(pq.read_schema(old).field('turns').type)
    assert landing.get(old) == result('old')
    assert landing.read_together([old, new]).equals(
        pa.concat_tables([landing.read(new), landing.read(old)]))


def test_a_retry_writes_the_same_path_and_nothing_else(tmp_path):
    landing.put(tmp_path, result(score=1.0))
    path = landing.put(tmp_path, result(score=2.0))
    assert list(landing.landed(tmp_path)) == [path]
    assert [p for p in tmp_path.rglob('*') if p.is_file()] == [path]
    assert landing.get(path).kpis[0].etiquette_score == 2.0


@pytest.mark.parametrize('call_id', HOSTILE)
def test_any_call_id_has_a_file_of_its_own_inside_the_landing_folder(tmp_path, call_id):
    path = landing.put(tmp_path, result(call_id))
    assert path.parent.parent == tmp_path / 'landing'
    assert path.parent.name == hashlib.sha256(call_id.encode()).hexdigest()[:2]
    assert landing.get(path) == result(call_id)
    assert list(landing.landed(tmp_path)) == [path]


@given(st.lists(st.text(min_size=1, max_size=300), min_size=2, max_size=2, unique=True))
def test_two_calls_never_share_a_file(tmp_path_factory, ids):
    root = tmp_path_factory.getbasetemp()
    one, other = (landing.path_of(root, call_id) for call_id in ids)
    assert one != other
    assert len(os.fsencode(one.name)) + len('.part') + 33 <= 255


def test_a_name_that_utf8_cannot_hold_is_landed_with_a_mark_in_its_place(tmp_path):
    odd = result(source_uri=os.fsdecode(b'/audio/\xff.wav'))
    assert landing.get(landing.put(tmp_path, odd)).call.source_uri == '/audio/?.wav'


def test_a_peek_tells_which_audio_and_settings_have_landed(tmp_path):
    assert landing.peek(tmp_path, 'c1') is None
    landing.put(tmp_path, result('c1', sha='abc', fingerprint='f9'))
    assert landing.peek(tmp_path, 'c1') == landing.Peek('abc', 'f9')


def test_a_half_written_file_is_not_seen(tmp_path):
    path = landing.path_of(tmp_path, 'c1')
    path.parent.mkdir(parents=True)
    path.with_name(f'{path.name}.123.part').write_bytes(b'PAR1')
    assert list(landing.landed(tmp_path)) == []
    assert landing.peek(tmp_path, 'c1') is None


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'fsync', lambda fd: (_ for _ in ()).throw(OSError(28, 'no space left')))
    with pytest.raises(OSError, match='no space'):
        landing.put(tmp_path, result())
    assert [p for p in tmp_path.rglob('*') if p.is_file()] == []


def test_a_byte_that_rots_is_noticed(tmp_path):
    whole = result(turns=20)
    path = landing.put(tmp_path, whole)
    sound, missed = path.read_bytes(), []
    end = pq.read_metadata(path)
    data = len(sound) - end.serialized_size - 8
    for at_byte in range(4, data, data // 60):
        path.write_bytes(sound[:at_byte] + bytes([sound[at_byte] ^ 0x41]) + sound[at_byte + 1:])
        try:
            if landing.get(path) != whole:
                missed.append(at_byte)
        except WarehouseError as e:
            assert str(path) in str(e)
    assert missed == []


@pytest.mark.parametrize('content', [b'', b'PAR1', b'not parquet at all', b'PAR1' * 100])
def test_a_file_that_is_no_result_is_named_with_a_way_out(tmp_path, content):
    path = landing.put(tmp_path, result())
    path.write_bytes(content)
    with pytest.raises(WarehouseError) as e:
        landing.get(path)
    assert str(path) in e.value.message and 'again' in e.value.way_out
    assert landing.peek(tmp_path, 'c1') is None


def test_a_file_under_another_calls_name_is_refused(tmp_path):
    path = landing.put(tmp_path, result('c1'))
    other = landing.path_of(tmp_path, 'c2')
    other.parent.mkdir(parents=True, exist_ok=True)
    path.rename(other)
    with pytest.raises(WarehouseError, match='named after'):
        landing.get(other)


def test_words_of_unequal_length_are_refused(tmp_path):
    broken = replace(result(), words=Words(text=('a', 'b'), start_s=(0.0,)))
    with pytest.raises(ValueError, match='differ in length'):
        landing.put(tmp_path, broken)


def test_removing_what_is_gone_is_no_error(tmp_path):
    path = landing.put(tmp_path, result())
    landing.remove([path, path])
    assert list(landing.landed(tmp_path)) == []


def test_a_reject_is_put_and_got(tmp_path):
    for row in (reject(), reject('late', failed_at=None), reject('日\n')):
        assert landing.get_reject(landing.put_reject(tmp_path, row)) == row
    assert len(list(landing.rejects(tmp_path))) == 3
    landing.put_reject(tmp_path, reject(message='still no audio'))
    assert len(list(landing.rejects(tmp_path))) == 3


def test_a_damaged_reject_is_named_with_a_way_out(tmp_path):
    path = landing.put_reject(tmp_path, reject())
    path.write_text('{"reject_key"')
    with pytest.raises(WarehouseError, match='damaged'):
        landing.get_reject(path)


def test_a_call_of_ordinary_size_is_landed_and_peeked_at_quickly(tmp_path):
    whole = result(turns=60, words=12, findings=160, call_date=NOW.date())
    landing.put(tmp_path, whole)
    began = time.process_time()
    for _ in range(5):
        landing.put(tmp_path, whole)
        landing.peek(tmp_path, 'c1')
    assert (time.process_time() - began) / 5 < 0.2
