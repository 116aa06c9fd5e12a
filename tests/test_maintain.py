"""Upkeep: nothing of what can be asked changes, and what is removed nobody needs any more."""

import json
import os
import time
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from tests.conftest import etiquette
from tests.copying import copy_of
from tests.killing import dump
from tests.results import reject, result, run
from warehouse import catalog, database, landing, sorting, tables
from warehouse.errors import WarehouseError
from warehouse.maintain import maintain
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.schemas import TABLES

DAYS = (date(2026, 11, 2), date(2026, 11, 3), None)
WEEK_S = 7 * 86400.0
MB = 1_000_000


def tend(root, retention_s=WEEK_S, **given):
    return maintain(root, retention_s=retention_s, target_bytes=128 * MB, **given)


def ask(root, sql, **given):
    return list(run_sql(root, sql, **given).rows())


def nights(root, count=4):
    """Some nights' publishes: each brings calls of three dates, and one call anew."""
    for n in range(count):
        for k, day in enumerate(DAYS):
            landing.put(root, result(f'call {10 * k + n}', day=day, turns=3 + n))
        landing.put(root, result('again', turns=n + 1))
        landing.put_reject(root, reject(f'bad {n}'))
        publish(root, run(f'r{n}'))
    return root


@pytest.fixture(scope='module')
def filled(tmp_path_factory):
    return nights(tmp_path_factory.mktemp('filled') / 'w')


@pytest.fixture
def stored(filled, tmp_path):
    return copy_of(filled, tmp_path / 'w')


def files_on_disk(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob('*') if path.is_file())


def aged(root, number, days):
    """Makes a catalog one that was published so many days ago."""
    path = catalog.path_of(root, number)
    at = datetime.now(timezone.utc) - timedelta(days=days)
    path.write_text(json.dumps({**json.loads(path.read_text()), 'published_at': at.isoformat()}))


def test_rows_stay_what_they_are_and_every_date_has_one_file_a_table(stored):
    before = dump(stored, ())
    done = tend(stored)
    assert done.joined and dump(stored, ()) == before
    for one in done.tables:
        dates = len({day for _, _, day in tables.files_of(tables.open_at(stored, one.name))})
        assert one.files_after == dates, one
        assert TABLES[one.name].of_a_call <= (one.files_before > one.files_after)
    now = catalog.current(stored)
    for name, table in TABLES.items():
        opened = tables.open_at(stored, name, now.tables[name])
        for path in tables.files(opened) if table.of_a_call else ():
            rows = pq.read_table(tables.folder(stored, name) / path, partitioning=None)
            keys = list(zip(*(rows[key].to_pylist() for key in table.sorted_by), strict=True))
            assert keys == sorted(keys), name


def test_a_second_upkeep_finds_nothing_to_do_and_changes_nothing(stored):
    tend(stored)
    before = files_on_disk(stored)
    done = tend(stored)
    assert not done.anything and files_on_disk(stored) == before


def test_a_dry_run_tells_what_would_be_done_and_does_nothing(stored):
    before = files_on_disk(stored)
    expected = tend(stored, dry_run=True)
    assert expected.anything and files_on_disk(stored) == before
    done = tend(stored)
    assert [(one.name, one.files_before, one.files_after) for one in expected.tables] == [
        (one.name, one.files_before, one.files_after) for one in done.tables]


def test_a_reader_who_opened_the_warehouse_before_goes_on_reading(stored):
    older = duckdb.connect(str(stored / database.NAME), read_only=True)
    (expected,) = older.execute('SELECT count(*) FROM words').fetchall()
    tend(stored)
    tend(stored)
    assert older.execute('SELECT count(*) FROM words').fetchall() == [expected]
    assert older.execute('SELECT max(turn) FROM turns').fetchall()
    assert ask(stored, 'SELECT count(*) FROM words', as_of=4) == [expected]
    assert ask(stored, 'SELECT count(*) FROM calls', as_of=1) == [(4,)]


def test_the_retention_counts_from_when_a_catalog_was_replaced_not_from_its_making(stored):
    aged(stored, 1, 400)
    aged(stored, 2, 300)  # current until catalog 3, of yesterday
    aged(stored, 3, 1)
    done = tend(stored)
    assert done.catalogs_removed == (1,)
    assert ask(stored, 'SELECT count(*) FROM calls', as_of=2) == [(7,)]
    assert tend(stored, retention_s=3600).catalogs_removed == (2,)
    assert catalog.numbers(stored) == [3, 4, 5]


def test_files_go_once_no_catalog_names_them_and_as_of_says_which_catalogs_there_are(stored):
    before = dump(stored, ())
    tend(stored)
    done = tend(stored, retention_s=0)
    assert done.catalogs_removed == (1, 2, 3, 4)
    assert all(one.removed for one in done.tables)
    assert dump(stored, ()) == before
    named = {name: {str(path) for path in tables.files(tables.open_at(stored, name))}
             for name in TABLES}
    for name in TABLES:
        folder = tables.folder(stored, name)
        assert {str(path.relative_to(folder)) for path in folder.rglob('*.parquet')
                if '_delta_log' not in path.parts} == named[name]
    with pytest.raises(WarehouseError, match=r'there is no catalog 2.* has 5 to 5.*maintain'):
        ask(stored, 'SELECT 1', as_of=2)


def test_delta_tables_read_by_others_hold_the_same_rows_before_and_after(stored):
    counts = {name: DeltaTable(str(tables.folder(stored, name))).count() for name in TABLES}
    tend(stored, retention_s=0)
    tend(stored, retention_s=0)
    for name, count in counts.items():
        table = DeltaTable(str(tables.folder(stored, name)))
        assert table.count() == count, name
        logs = list((tables.folder(stored, name) / '_delta_log').glob('*.json'))
        assert len(logs) <= 2, name


def test_calls_are_replaced_and_added_after_an_upkeep_as_before_it(filled, stored, tmp_path):
    plain, tended = copy_of(filled, tmp_path / 'plain'), stored
    tend(tended, retention_s=0)
    for root in (plain, tended):
        landing.put(root, result('again', turns=9, day=None))
        landing.put(root, result('new', day=DAYS[0]))
        publish(root, run('later'))
    assert dump(tended, ()) == dump(plain, ())
    tend(tended, retention_s=0)
    assert dump(tended, ()) == dump(plain, ())


def test_a_kind_of_event_has_row_groups_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setitem(sorting.GROUP_ROWS_OF, 'events', 64)
    for n in range(60):
        landing.put(tmp_path, result(f'c{n:02}', turns=6))
    publish(tmp_path)
    tend(tmp_path)
    now = catalog.current(tmp_path)
    (path,) = tables.files(tables.open_at(tmp_path, 'events', now.tables['events']))
    footer = pq.read_metadata(tables.folder(tmp_path, 'events') / path)
    at = footer.schema.names.index('kind')
    kinds = [(group.column(at).statistics.min, group.column(at).statistics.max)
             for group in map(footer.row_group, range(footer.num_row_groups))]
    assert len(kinds) == 7
    assert sum(low <= 'hold' <= high for low, high in kinds) == 1  # 60 of 420 rows


def test_large_files_are_left_alone_when_a_late_call_comes(tmp_path, monkeypatch):
    monkeypatch.setitem(sorting.GROUP_ROWS_OF, 'events', 128)
    for n in range(20):
        landing.put(tmp_path, result(f'c{n:02}', turns=30))
    publish(tmp_path)
    small = 3000  # bytes, less than the events of a date: they are large files then
    maintain(tmp_path, retention_s=WEEK_S, target_bytes=small)
    opened = tables.open_at(tmp_path, 'events')
    before = {path for path, size, _ in tables.files_of(opened) if size >= small / 2}
    assert len(before) > 1
    landing.put(tmp_path, result('late'))
    publish(tmp_path)
    maintain(tmp_path, retention_s=WEEK_S, target_bytes=small)
    assert before <= set(map(str, tables.files(tables.open_at(tmp_path, 'events'))))
    assert not maintain(tmp_path, retention_s=WEEK_S, target_bytes=small).anything


def test_what_a_killed_change_left_goes_after_the_retention(stored):
    left = tables.folder(stored, 'words') / 'call_date=2026-11-02' / 'part-left.parquet'
    left.write_bytes(b'PAR1')
    tend(stored)
    assert left.exists()
    os.utime(left, (time.time() - 2 * WEEK_S,) * 2)
    done = {one.name: one for one in tend(stored).tables}
    assert not left.exists() and done['words'].removed == 1


def test_the_ledger_of_a_run_that_was_killed_goes_after_a_week(stored):
    old, new = stored / 'ledger' / 'old', stored / 'ledger' / 'new'
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / 'host-1.jsonl').write_text('{}\n')
    for path in (old / 'host-1.jsonl', old):
        os.utime(path, (time.time() - 8 * 86400,) * 2)
    assert tend(stored).ledgers_removed == 1
    assert not old.exists() and new.exists()


# Columns that come later

def without_column(monkeypatch, name, column):
    table = TABLES[name]
    monkeypatch.setitem(TABLES, name, replace(table, schema=pa.schema(
        [f for f in table.schema if f.name != column])))
    monkeypatch.setattr(landing, 'SCHEMA', pa.schema([
        *(f for f in landing.SCHEMA if f.name not in (column, *landing.NESTED)),
        *(pa.field(n, pa.list_(TABLES[n].nested)) for n in landing.NESTED)]).remove_metadata())


@pytest.mark.parametrize('name, column, value', [('calls', 'caller_snr_db', 9.0),
                                                 ('turns', 'f0_iqr_st', 2.5)])
def test_a_column_that_was_added_later_is_null_in_joined_files_of_older_calls(
        tmp_path, monkeypatch, name, column, value):
    with monkeypatch.context() as m:
        without_column(m, name, column)
        for call_id in ('old', 'older'):
            landing.put(tmp_path, result(call_id, day=DAYS[0]))
            publish(tmp_path)
        landing.put(tmp_path, result('alone', day=DAYS[1]))
        publish(tmp_path)
    landing.put(tmp_path, result('new', day=DAYS[0], **(
        {column: value} if name == 'calls' else {})))
    publish(tmp_path)
    expected = {('old', None), ('older', None), ('alone', None), ('new', value)}
    wanted = f'SELECT DISTINCT call_id, {column} FROM {name}'
    assert set(ask(tmp_path, wanted)) == expected
    tend(tmp_path)
    assert set(ask(tmp_path, wanted)) == expected
    landing.put(tmp_path, result('newest', day=DAYS[1], **(
        {column: value} if name == 'calls' else {})))
    publish(tmp_path)
    tend(tmp_path, retention_s=0)
    assert set(ask(tmp_path, wanted)) == expected | {('newest', value)}


def test_files_are_read_as_alike_once_they_all_have_every_column_and_not_before(
        tmp_path, monkeypatch):
    with monkeypatch.context() as m:
        without_column(m, 'turns', 'f0_iqr_st')
        for n in range(20):
            landing.put(tmp_path, result(f'old {n:02}', day=DAYS[0], turns=30))
        publish(tmp_path)
        maintain(tmp_path, retention_s=WEEK_S, target_bytes=3000)
    for call_id in ('new', 'newer'):
        landing.put(tmp_path, result(call_id, day=DAYS[0]))
        publish(tmp_path)
    wanted = 'SELECT call_id, turn, f0_iqr_st FROM turns ORDER BY ALL'
    expected = ask(tmp_path, wanted)
    assert catalog.current(tmp_path).mixed == ('turns',)
    maintain(tmp_path, retention_s=WEEK_S, target_bytes=3000)  # the older file is large: it stays
    assert catalog.current(tmp_path).mixed == ('turns',) and ask(tmp_path, wanted) == expected
    tend(tmp_path)
    assert catalog.current(tmp_path).mixed == () and ask(tmp_path, wanted) == expected
    landing.put(tmp_path, result('newest', day=DAYS[1]))
    publish(tmp_path)
    assert catalog.current(tmp_path).mixed == ()
    assert ask(tmp_path, 'SELECT bool_or(f0_iqr_st IS NOT NULL) FROM turns GROUP BY call_id '
                         'ORDER BY call_id')[:3] == [(True,)] * 3


def test_an_older_program_keeps_a_column_that_a_newer_one_has_added(tmp_path, monkeypatch):
    for call_id in ('a', 'b'):
        landing.put(tmp_path, result(call_id, caller_snr_db=7.0))
        publish(tmp_path)
    with monkeypatch.context() as m:
        without_column(m, 'calls', 'caller_snr_db')
        assert tend(tmp_path).joined
    assert set(ask(tmp_path, 'SELECT call_id, caller_snr_db FROM calls', as_of=3)) == {
        ('a', 7.0), ('b', 7.0)}


# The command

def test_the_command_prints_a_table_or_json_and_takes_a_retention(stored):
    ran = etiquette('maintain', '--warehouse', stored)
    assert ran.code == 0, ran.err
    assert 'findings' in ran.out and 'catalog 5' in ran.out
    assert 'nothing to do' in etiquette('maintain', '--warehouse', stored).out
    told = etiquette('maintain', '--warehouse', stored, '--retention', '0s', '--json').json()
    assert told['catalogs_removed'] == [1, 2, 3, 4]
    assert {one['name']: one['files_after'] for one in told['tables']}['runs'] == 1


def test_a_retention_that_is_none_and_a_folder_without_warehouse_are_told(tmp_path):
    ran = etiquette('maintain', '--retention', 'a week')
    assert ran.code == 2 and '12h or 7d' in ran.err
    for more in ((), ('--dry-run',)):
        ran = etiquette('maintain', '--warehouse', tmp_path / 'none', *more)
        assert ran.code == 2 and 'Run a batch first' in ran.err
