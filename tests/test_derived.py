"""What is worked out for the views is what the tables say, whatever has been done to them."""

import json
from dataclasses import replace
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results import at, reject, result, run
from tests.stored_calls import heard, judged_by, later
from warehouse import catalog, commit, database, landing, tables
from warehouse.deriving import write_derived
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.schemas import TABLES

DERIVED = [name for name, table in TABLES.items() if table.derived]
VIEWS = [path.stem for path in database.view_files()]


def rows_of(con, name):
    return sorted(repr([rounded(value) for value in row])
                  for row in con.execute(f'SELECT * FROM {name}').fetchall())


def rounded(value):
    """Sums of floats depend on the order of rows in their last digits."""
    return float(f'{value:.9g}') if isinstance(value, float) else value


def shown(root, worked_out=True):
    """Every row of every derived table and view: as worked out, or as their statements say."""
    now = catalog.current(root)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        database.fill(con, root, now if worked_out else replace(now, derived={}))
        database.add_views(con)
        return {name: rows_of(con, name) for name in (*DERIVED, *VIEWS)}


def told_of(root):
    whole = shown(root)
    assert whole == shown(root, worked_out=False)
    return {name for name, rows in whole.items() if rows}


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Calls with holds, rings and interruptions on three days and one without a date."""
    root = tmp_path_factory.mktemp('derived')
    for seed in range(16):
        call = heard(seed, 24)
        landing.put(root, judged_by(call, manifest=json.dumps({'contact_id': f'k{seed // 3}'})))
    publish(root, run('r1', published=16))
    return root


def test_views_show_what_the_tables_say(root):
    assert {'call_facts', 'rule_month', 'failures', 'moments', 'holds', 'interruptions',
            'worst_calls', 'contact_transfers', 'coaching_agents'} <= told_of(root)


def test_they_still_do_when_calls_are_done_again_and_dates_are_corrected(root):
    for seed in range(0, 8, 2):
        landing.put(root, judged_by(later(heard(seed, 20), 5), call_date=date(2026, 12, seed + 1)))
    publish(root, run('r2', published=4))
    told_of(root)
    assert {'2026-12-01', '2026-11-01'} <= {str(day) for (day,) in run_sql(
        root, 'SELECT DISTINCT call_date FROM rule_month').rows() if day}


def test_what_another_program_worked_out_is_not_shown_and_all_of_it_is_done_anew(root):
    with commit.changing(root, 'changing') as opened:
        now = commit.next_catalog(opened, 'default', 'UTC')
        stale = commit.at_versions(now, **{name: tables.empty(root, name) for name in DERIVED})
        commit.make_visible(opened, replace(stale, derived=dict.fromkeys(DERIVED, 'older')))
    before = shown(root, worked_out=False)
    assert shown(root) == before and before['call_facts']
    landing.put(root, at(9, call_id='new', day=date(2026, 12, 24)))
    publish(root, run('r3'))
    told_of(root)
    listed = {name: tables.listed(root, name, catalog.current(root).tables[name]).files
              for name in DERIVED}
    assert all(len(files) > 4 for name, files in listed.items() if name != 'rule_month')


def test_only_the_days_that_were_touched_are_worked_out(root, tmp_path):
    before = catalog.current(root).tables
    landing.put(root, at(99, call_id='late', day=date(2026, 12, 24)))
    publish(root, run('r4'))
    after = catalog.current(root).tables
    for name in DERIVED:
        old, new = (set(tables.listed(root, name, of[name]).files) for of in (before, after))
        assert {str(day)[:7] for _, _, day in old ^ new} <= {'2026-12'}


def test_a_publish_of_rejects_alone_works_nothing_out(tmp_path):
    landing.put(tmp_path, result('c1'))
    publish(tmp_path)
    before = catalog.current(tmp_path).tables
    landing.put_reject(tmp_path, reject('bad'))
    publish(tmp_path)
    after = catalog.current(tmp_path).tables
    assert {name: after[name] for name in DERIVED} == {name: before[name] for name in DERIVED}


def test_a_catalog_from_before_there_were_derived_tables_is_answered(tmp_path):
    landing.put(tmp_path, result('c1'))
    publish(tmp_path)
    path = catalog.path_of(tmp_path, 1)
    row = json.loads(path.read_bytes())
    del row['derived']
    row['tables'] = {name: version for name, version in row['tables'].items()
                     if name not in DERIVED or name == 'rule_day'}
    path.write_text(json.dumps(row))
    (tmp_path / database.NAME).unlink()
    assert list(run_sql(tmp_path, 'SELECT call_id FROM worst_calls').rows()) == [('c1',)]
    assert list(run_sql(tmp_path, 'SELECT calls FROM agent_day').rows()) == [(1,)]


def test_a_first_change_of_an_older_warehouse_works_out_every_day(tmp_path):
    for n in range(3):
        landing.put(tmp_path, result(f'c{n}', day=date(2026, 10, n + 1)))
    publish(tmp_path)
    with commit.changing(tmp_path, 'changing') as opened:
        now = replace(commit.next_catalog(opened, 'default', 'UTC'), derived={})
        now = write_derived(tmp_path, now, [])
        commit.make_visible(opened, now)
    assert list(run_sql(tmp_path, 'SELECT count(*) FROM call_facts').rows()) == [(3,)]
    told_of(tmp_path)


NIGHTS = given(st.lists(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4)), min_size=1, max_size=4,
             unique_by=lambda one: one[0]), min_size=2, max_size=3))


@NIGHTS
@settings(max_examples=4, deadline=None)
def test_rows_are_those_of_their_statements_whatever_calls_are_replaced_and_moved(
        tmp_path_factory, nights):
    check_nights(tmp_path_factory.mktemp('nights'), nights)


@pytest.mark.slow
@NIGHTS
@settings(max_examples=12, deadline=None)
def test_rows_are_those_of_their_statements_after_many_nights(tmp_path_factory, nights):
    check_nights(tmp_path_factory.mktemp('nights'), nights)


def check_nights(root, nights):
    """`nights`: of each night the calls that land, and on which day (the last: none)."""
    days = (*(date(2026, month, 30) for month in (9, 10, 11, 12)), None)
    for n, night in enumerate(nights):
        for seed, day in night:
            landing.put(root, judged_by(later(heard(seed, 12 + n), n), call_date=days[day]))
        publish(root)
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        now = catalog.current(root)
        database.fill(con, root, now)
        worked_out = {name: rows_of(con, name) for name in DERIVED}
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        database.fill(con, root, replace(now, derived={}))
        assert worked_out == {name: rows_of(con, name) for name in DERIVED}
