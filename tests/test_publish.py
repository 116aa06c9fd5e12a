import os
import threading
import time
from collections import Counter
from dataclasses import astuple, replace
from datetime import date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.results import NOW, at, reject, result, run
from tests.test_landing import HOSTILE, results
from warehouse import catalog, database, files, landing, staging, tables
from warehouse.errors import WarehouseError
from warehouse.publish import publish, published, rejected_before
from warehouse.query import run_sql
from warehouse.schemas import TABLES

DAY = date(2026, 11, 4)


def ask(root, sql, **kwargs):
    return list(run_sql(root, sql, **kwargs).rows())


def rows_of(result):
    """The rows a result is to have in each table."""
    call = result.call
    out = {'calls': [astuple(call)]}
    for name in ('turns', 'events', 'findings'):
        out[name] = [(call.call_id, call.call_date, *r) for r in getattr(result, name)]
    w = result.words
    out['words'] = [
        (call.call_id, call.call_date, n, w.turn[n], w.speaker[n], w.start_s[n], w.end_s[n],
         w.text[n], w.confidence[n], w.time_quality[n]) for n in range(len(w))]
    out['kpis_all'] = [(call.call_id, *astuple(kpis)) for kpis in result.kpis]
    return out


def test_a_published_call_can_be_asked_for_and_its_landing_file_is_gone(tmp_path):
    landing.put(tmp_path, result('c1'))
    done = publish(tmp_path, run())
    assert (done.calls, done.rejects, done.catalog_version, done.warnings) == (1, 0, 1, ())
    assert ask(tmp_path, 'SELECT call_id, call_date FROM calls') == [('c1', DAY)]
    assert list(landing.landed(tmp_path)) == []
    assert ask(tmp_path, 'SELECT run_id, calls_published FROM runs') == [('r1', 1)]
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(('.staging', '.building'))]


@given(st.lists(results(), min_size=1, max_size=4, unique_by=lambda r: r.call.call_id))
@settings(max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate],
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_the_tables_hold_what_was_landed_and_publishing_it_again_changes_nothing(
        tmp_path_factory, whole):
    root = tmp_path_factory.mktemp('w')
    for _ in range(2):
        for one in whole:
            landing.put(root, one)
        publish(root)
        for name in rows_of(whole[0]):
            expected = Counter(repr(row) for one in whole for row in rows_of(one)[name])
            got = Counter(map(repr, map(plain_utc, ask(root, f'SELECT * FROM {name}'))))
            assert (name, list(got - expected), list(expected - got)) == (name, [], [])


def plain_utc(row):
    return tuple(v.replace(tzinfo=timezone.utc) if isinstance(v, datetime) else v for v in row)


def test_hostile_call_ids_survive_landing_publishing_and_publishing_again(tmp_path):
    for _ in range(2):
        for call_id in HOSTILE:
            landing.put(tmp_path, result(call_id, turns=2, words=1))
        assert publish(tmp_path).calls == len(HOSTILE)
        assert sorted(ask(tmp_path, 'SELECT call_id FROM calls')) == sorted((c,) for c in HOSTILE)
        assert ask(tmp_path, 'SELECT count(*), count(DISTINCT call_id) FROM turns') == [
            (2 * len(HOSTILE), len(HOSTILE))]
    assert set(published(tmp_path, [*HOSTILE, 'none'])) == set(HOSTILE)


def test_a_call_published_again_replaces_its_rows_and_leaves_the_others(tmp_path):
    for call_id in ('a', 'b', 'c'):
        landing.put(tmp_path, result(call_id, turns=6))
    publish(tmp_path)
    landing.put(tmp_path, result('b', turns=2, run_id='r2'))
    landing.put(tmp_path, result('d', turns=2, run_id='r2'))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT call_id, count(*) FROM turns GROUP BY 1 ORDER BY 1') == [
        ('a', 6), ('b', 2), ('c', 6), ('d', 2)]
    assert ask(tmp_path, "SELECT run_id FROM calls WHERE call_id = 'b'") == [('r2',)]


def test_a_corrected_date_moves_the_rows(tmp_path):
    for day in (None, DAY, date(2026, 11, 9), None):
        landing.put(tmp_path, result('c1', day=day))
        landing.put(tmp_path, result('stays'))
        publish(tmp_path)
        for name in ('calls', 'turns', 'words', 'events', 'findings', 'kpis'):
            assert ask(tmp_path, f"SELECT DISTINCT call_date FROM {name} WHERE call_id = 'c1'"
                       ) == [(day,)], name
        expected = Counter({day: 1, DAY: 1}) if day != DAY else Counter({DAY: 2})
        assert dict(ask(tmp_path, "SELECT call_date, passed FROM rule_day "
                        "WHERE rule_id = 'rule-0'")) == expected


def test_a_publish_of_nothing_makes_no_catalog_but_a_first_one_makes_empty_typed_tables(tmp_path):
    assert publish(tmp_path).catalog_version == 1
    assert publish(tmp_path).catalog_version == 1
    for name, table in TABLES.items():
        rows = run_sql(tmp_path, f'SELECT * FROM {name}')
        assert rows.columns == tuple(table.schema.names)
        assert list(rows.rows()) == []
    types = dict(zip(*(lambda r: (r.columns, r.types))(run_sql(tmp_path, 'FROM calls')),
                     strict=True))
    assert types['call_date'] == 'DATE' and types['started_at'] == 'TIMESTAMP WITH TIME ZONE'
    assert types['channels'] == 'INTEGER' and types['duration_s'] == 'DOUBLE'


def test_more_calls_than_fit_one_replacing_commit_are_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(staging, 'CHUNK_CALLS', 3)
    for n in range(8):
        landing.put(tmp_path, result(f'c{n}'))
    publish(tmp_path)
    for n in range(4, 12):
        landing.put(tmp_path, result(f'c{n}', turns=2))
    assert publish(tmp_path).calls == 8
    assert ask(tmp_path, 'SELECT call_id, count(*) FROM turns GROUP BY 1 ORDER BY 1') == sorted(
        (f'c{n}', 4 if n < 4 else 2) for n in range(12))


def test_rule_days_are_counted_anew_for_the_touched_dates_only(tmp_path):
    for n in range(3):
        landing.put(tmp_path, result(f'c{n}', findings=3))
    landing.put(tmp_path, result('other', day=date(2026, 11, 5)))
    publish(tmp_path)
    landing.put(tmp_path, result('c1', findings=1))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT call_date, rule_id, passed, failed, sum_weight, sum_score '
               'FROM rule_day ORDER BY 1, 2') == [
        (DAY, 'rule-0', 3, 0, 3.0, 3.0), (DAY, 'rule-1', 0, 2, 2.0, 0.0),
        (DAY, 'rule-2', 2, 0, 2.0, 2.0), (date(2026, 11, 5), 'rule-0', 1, 0, 1.0, 1.0),
        (date(2026, 11, 5), 'rule-1', 0, 1, 1.0, 0.0)]


def test_a_new_column_does_not_break_what_was_published_before(tmp_path, monkeypatch):
    calls = TABLES['calls']
    older = replace(calls, schema=pa.schema([f for f in calls.schema if f.name != 'caller_snr_db']))
    with monkeypatch.context() as m:
        m.setitem(TABLES, 'calls', older)
        m.setattr(landing, 'SCHEMA', pa.schema([
            f for f in landing.SCHEMA if f.name != 'caller_snr_db']))
        landing.put(tmp_path, result('old'))
        publish(tmp_path)
    landing.put(tmp_path, result('new', caller_snr_db=9.0))
    publish(tmp_path)
    landing.put(tmp_path, result('newer', caller_snr_db=8.0))
    publish(tmp_path)
    for as_of, expected in ((1, [('old', None)]),
                            (3, [('new', 9.0), ('newer', 8.0), ('old', None)])):
        assert ask(tmp_path, 'SELECT call_id, caller_snr_db FROM calls ORDER BY 1',
                   as_of=as_of) == expected


# Rejects and runs

def test_a_reject_is_replaced_by_its_key_and_goes_once_its_call_is_published(tmp_path):
    landing.put_reject(tmp_path, reject('bad'))
    landing.put_reject(tmp_path, reject('worse'))
    publish(tmp_path)
    landing.put_reject(tmp_path, reject('bad', run_id='r2', message='still'))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT call_id, message FROM rejects ORDER BY 1') == [
        ('bad', 'still'), ('worse', 'no audio')]
    landing.put(tmp_path, at(5, call_id='bad', run_id='r3'))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT call_id FROM rejects') == [('worse',)]
    assert list(landing.rejects(tmp_path)) == []


def test_a_second_row_of_the_same_call_stays_rejected_when_the_first_is_published(tmp_path):
    landing.put(tmp_path, at(5, call_id='twin'))
    landing.put_reject(tmp_path, reject('twin', row=7))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT call_id, row FROM rejects') == [('twin', 7)]


def test_a_forced_run_that_fails_leaves_both_the_old_call_and_the_reject(tmp_path):
    landing.put(tmp_path, result('c1'))  # had landed when its run was killed
    landing.put_reject(tmp_path, reject('c1', run_id='r2', failed_at=NOW + timedelta(hours=1)))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT count(*) FROM calls UNION ALL SELECT count(*) FROM rejects') == [
        (1,), (1,)]


def test_what_was_rejected_before_is_given_back_as_it_was(tmp_path):
    row = reject('bad')
    assert rejected_before(tmp_path, [row.reject_key]) == {}
    landing.put_reject(tmp_path, row)
    publish(tmp_path)
    assert rejected_before(tmp_path, [row.reject_key, 'other']) == {row.reject_key: row}
    assert rejected_before(tmp_path, []) == {}


def test_what_is_published_is_known_by_audio_and_settings(tmp_path):
    assert published(tmp_path / 'nothing', ['c1']) == {}
    landing.put(tmp_path, result('c1', sha='abc', fingerprint='f9'))
    publish(tmp_path)
    assert published(tmp_path, ['c1', 'c2']) == {'c1': ('abc', 'f9')}


def test_a_run_published_twice_is_stored_once(tmp_path):
    for n in (0, 1):
        publish(tmp_path, run('r1', published=0, skipped=n))
    publish(tmp_path, run('r2', published=0))
    assert ask(tmp_path, 'SELECT run_id, calls_skipped FROM runs ORDER BY 1') == [
        ('r1', 1), ('r2', 0)]


def test_the_same_audio_under_two_ids_is_told(tmp_path):
    landing.put(tmp_path, result('a', sha='same'))
    assert publish(tmp_path).warnings == ()
    landing.put(tmp_path, result('b', sha='same'))
    (warning,) = publish(tmp_path).warnings
    assert warning == 'the same audio has been published as the calls a, b'


# Damage

def test_a_damaged_landing_file_is_set_aside_counted_and_stops_nobody_else(tmp_path):
    began = datetime.now(timezone.utc) - timedelta(seconds=5)
    landing.put(tmp_path, result('good'))
    bad = landing.put(tmp_path, result('bad'))
    bad.write_bytes(bad.read_bytes()[:1000])
    done = publish(tmp_path, replace(run(published=2), started_at=began))
    assert done.calls == 1 and done.rejects == 1
    assert (done.run.calls_published, done.run.calls_rejected) == (1, 1)
    assert ask(tmp_path, 'SELECT call_id FROM calls') == [('good',)]
    assert ask(tmp_path, 'SELECT call_id, step, error FROM rejects') == [
        ('bad', 'publish', 'damaged')]
    assert [p.name for p in (tmp_path / 'landing' / 'corrupt').iterdir()] == [bad.name]
    assert str(bad) in done.warnings[0] and 'landing/corrupt' in done.warnings[0]
    assert ask(tmp_path, 'SELECT calls_in = calls_published + calls_skipped + calls_rejected '
               'FROM runs') == [(True,)]
    landing.put(tmp_path, result('bad', run_id='r2', processed_at=datetime.now(timezone.utc)))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT count(*) FROM rejects') == [(0,)]


def test_a_damaged_reject_is_told_and_stops_nobody_else(tmp_path):
    landing.put_reject(tmp_path, reject('bad')).write_text('{')
    landing.put(tmp_path, result('good'))
    done = publish(tmp_path)
    assert done.calls == 1 and 'damaged' in done.warnings[0]


def test_half_written_files_go_after_a_day(tmp_path):
    folder = landing.put(tmp_path, result()).parent
    old, new = folder / 'x.parquet.1.part', folder / 'x.parquet.2.part'
    for path in (old, new):
        path.write_bytes(b'PAR1')
    os.utime(old, (time.time() - 90_000,) * 2)
    publish(tmp_path)
    assert not old.exists() and new.exists()


def test_a_call_that_lands_anew_while_it_is_published_waits_for_the_next_publish(
        tmp_path, monkeypatch):
    landing.put(tmp_path, result('c1', turns=2))
    save = catalog.save

    def save_late(root, new):
        landing.put(root, at(9, call_id='c1', turns=6))
        save(root, new)
    with monkeypatch.context() as m:
        m.setattr(catalog, 'save', save_late)
        publish(tmp_path)
    assert ask(tmp_path, 'SELECT count(*) FROM turns') == [(2,)]
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT count(*) FROM turns') == [(6,)]
    assert list(landing.landed(tmp_path)) == []


def test_a_fault_that_a_check_finds_is_a_warning(tmp_path):
    whole = result('c1')
    landing.put(tmp_path, replace(whole, kpis=(replace(whole.kpis[0], gap_s=9.0),)))
    (warning,) = publish(tmp_path).warnings
    assert 'exclusive_seconds' in warning and 'c1' in warning


def test_a_folder_that_cannot_be_written_or_named_is_an_error_with_a_way_out(tmp_path):
    (tmp_path / 'file').write_text('')
    for root in (tmp_path / 'file', tmp_path / 'a[b]'):
        with pytest.raises(WarehouseError) as e:
            publish(root)
        assert '--warehouse' in e.value.way_out


def test_a_full_disk_is_an_error_with_a_way_out_and_the_old_tables_stay(tmp_path, monkeypatch):
    landing.put(tmp_path, result('c1'))
    publish(tmp_path)
    landing.put(tmp_path, result('c2'))

    def full(*args):
        raise OSError(28, 'No space left on device')
    with monkeypatch.context() as m:
        m.setattr(tables, 'sync_new', full)
        with pytest.raises(WarehouseError) as e:
            publish(tmp_path)
    assert 'No space left' in e.value.message and 'same command again' in e.value.way_out
    assert ask(tmp_path, 'SELECT call_id FROM calls') == [('c1',)]
    assert publish(tmp_path).calls == 1
    assert ask(tmp_path, 'SELECT call_id FROM calls ORDER BY 1') == [('c1',), ('c2',)]


# Side by side

def test_a_second_publisher_waits_for_the_first_and_says_so(tmp_path):
    landing.put(tmp_path, result('c1'))
    said, waits = [], threading.Event()

    def say(line):
        said.append(line)
        waits.set()
    with files.locked(tmp_path):
        second = threading.Thread(target=publish, args=(tmp_path,), kwargs={'say': say})
        second.start()
        assert waits.wait(10)
        with pytest.raises(WarehouseError, match='another process is publishing'):
            publish(tmp_path, timeout_s=0.2)
        assert catalog.current(tmp_path) is None
    second.join(30)
    assert 'waiting for another process' in said[0]
    assert ask(tmp_path, 'SELECT call_id FROM calls') == [('c1',)]


def test_readers_see_whole_snapshots_while_publishes_go_on(tmp_path):
    landing.put(tmp_path, result('c0'))
    publish(tmp_path)
    stop, seen, errors = threading.Event(), [], []
    together = """SELECT (SELECT count(*) FROM calls), (SELECT count(DISTINCT call_id) FROM turns),
        (SELECT count(*) FROM kpis), (SELECT sum(passed) FROM rule_day WHERE rule_id = 'rule-0')"""

    def read():
        old = database.open_readonly(tmp_path)
        while not stop.wait(0.05):  # readers that do not rest only make the publishes slower
            try:
                seen.append(ask(tmp_path, together)[0])
                assert old.execute('SELECT count(*) FROM calls').fetchone() == (1,)
            except Exception as e:
                errors.append(e)
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for n in range(1, 4):
        landing.put(tmp_path, result(f'c{n}'))
        landing.put(tmp_path, result('c0', turns=2 * n))
        publish(tmp_path)
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert all(len(set(counts)) == 1 for counts in seen)
    assert len({counts[0] for counts in seen}) > 1


def test_other_readers_of_delta_tables_see_the_published_rows(tmp_path):
    landing.put(tmp_path, result('c1', day=None))
    publish(tmp_path)
    table = DeltaTable(str(tmp_path / 'tables' / 'turns'))
    assert table.count() == 4
    named = {field.name: field.metadata for field in table.schema().fields}
    assert named['start_s'] == {'comment': 'Start, seconds from the first sample'}
    log = ''.join(p.read_text() for p in (tmp_path / 'tables' / 'turns').rglob('*.json'))
    assert 'word0' not in log  # no text of a call in the clear outside the Parquet files


def test_a_publish_of_many_days_counts_them_all(tmp_path):
    days = [date(2026, 11, 1) + timedelta(days=n) for n in range(20)]
    for n, day in enumerate(days):
        landing.put(tmp_path, result(f'c{n}', day=day))
    publish(tmp_path)
    counted = run_sql(tmp_path, 'SELECT call_date, sum(passed + failed) FROM rule_day GROUP BY 1')
    assert {row[0] for row in counted.rows()} == set(days)
