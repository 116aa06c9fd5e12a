"""Every check of the tables finds the fault that it is there for, and no other does."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.results import result
from tests.stored_calls import heard, judged_by, silent
from warehouse import catalog, checking, database, landing
from warehouse.checking import run_checks
from warehouse.publish import publish
from warehouse.records import Event, Words

CHECKS = Path(checking.__file__).parent / 'checks'
# Not what a landing file can bring: rows that only a broken table could hold.
BY_HAND = {
    'call_twice': "CREATE OR REPLACE VIEW calls AS SELECT 'c' AS call_id FROM range(2)",
    'rows_without_call': 'CREATE OR REPLACE VIEW calls AS FROM calls_before LIMIT 0',
    'rule_day_counts': 'CREATE OR REPLACE VIEW rule_day AS FROM rule_day_before LIMIT 1',
    'run_accounts': 'CREATE OR REPLACE VIEW runs AS SELECT 1 AS run_id, 3 AS calls_in, '
                    '1 AS calls_published, 1 AS calls_skipped, 0 AS calls_rejected'}


def broken(name, whole):
    """The result with the fault that a check is there for."""
    kpis, first = whole.kpis[0], whole.findings[0]

    def measured(**columns):
        return replace(whole, kpis=(replace(kpis, **columns),))

    def found(**columns):
        return replace(whole, findings=(first._replace(**columns), *whole.findings[1:]))

    return {
        'call_without_kpis': lambda: replace(whole, kpis=(), findings=()),
        'exclusive_seconds': lambda: measured(gap_s=kpis.gap_s + 0.06),
        'finding_score': lambda: found(score=None),
        'finding_without_kpis': lambda: replace(whole, findings=(
            *whole.findings, first._replace(standard='another'))),
        'hold_count': lambda: measured(hold_count=2),
        'hold_seconds': lambda: measured(hold_longest_s=3.0),
        'holds_overlap': lambda: replace(
            measured(hold_count=2, hold_longest_s=1.2), events=(
                *whole.events[:-1], Event(4, 'hold', 'music', None, 8.0, 9.2, 0.9, 'music'),
                Event(5, 'hold', 'metadata', None, 9.0, 9.8, 1.0, 'told'))),
        'kpi_without_reason': lambda: measured(transfer_count=None),
        'kpis_key_twice': lambda: replace(whole, kpis=(kpis, kpis)),
        'kpis_unlike_call': lambda: measured(agent_id='another'),
        'out_of_range': lambda: measured(agent_talk_ratio=1.5),
        'rule_counts': lambda: measured(rules_passed=7),
        'spans_outside_call': lambda: replace(measured(gap_s=None), call=replace(
            whole.call, duration_s=5.0)),
        'turn_order': lambda: replace(whole, turns=whole.turns[1:], words=Words()),
        'version_in_call': lambda: found(rule_version='v0'),
        'version_in_day': lambda: replace(
            measured(rule_version='v0'), findings=tuple(
                finding._replace(rule_version='v0') for finding in whole.findings)),
        'word_without_turn': lambda: replace(whole, turns=()),
    }[name]()


FAULTS = sorted({p.stem for p in CHECKS.glob('*.sql')} - BY_HAND.keys())


def day_of(name):
    return date(2026, 10, FAULTS.index(name) + 1)


@pytest.fixture(scope='module')
def faulty(tmp_path_factory):
    """What a publish warns of, and what the checks find, of a call with each fault on a day of its
    own: (warnings, faults)."""
    root = tmp_path_factory.mktemp('faulty')
    for name in FAULTS:
        landing.put(root, broken(name, result(name, day=day_of(name))))
    landing.put(root, result('sound', day=day_of('version_in_day')))  # a day has two versions then
    return publish(root).warnings, run_checks(root)


def test_no_check_finds_a_fault_but_those_that_are_there(faulty):
    warnings, faults = faulty
    assert sorted(fault.check for fault in faults) == FAULTS
    assert len(warnings) == len(FAULTS)


@pytest.mark.parametrize('name', FAULTS)
def test_a_check_finds_its_fault_and_only_that(faulty, name):
    warnings, faults = faulty
    assert len([line for line in warnings if line.startswith(f'check {name} (')]) == 1
    (fault,) = [fault for fault in faults if fault.check == name]
    assert fault.rows
    assert all(row.get('call_id', name) == name
               and row.get('call_date', day_of(name)) == day_of(name) for row in fault.rows)


@pytest.mark.parametrize('name', sorted(BY_HAND))
def test_a_check_of_broken_tables_finds_its_fault(tmp_path, name):
    landing.put(tmp_path, result('c1'))
    publish(tmp_path)
    with duckdb.connect() as con:
        database.fill(con, tmp_path, catalog.current(tmp_path))
        assert not con.execute((CHECKS / f'{name}.sql').read_text()).fetchall()
        for table in ('calls', 'rule_day'):
            if f'{table}_before' in BY_HAND[name]:
                con.execute(f'ALTER VIEW {table} RENAME TO {table}_before')
        con.execute(BY_HAND[name])
        assert con.execute((CHECKS / f'{name}.sql').read_text()).fetchall()


def test_no_check_finds_a_fault_in_calls_as_they_are_judged(tmp_path):
    for one in (*map(heard, range(12)), silent()):
        landing.put(tmp_path, judged_by(one))
    assert publish(tmp_path).warnings == ()


def test_a_fault_names_the_first_rows_of_it_and_how_many_there_are(tmp_path):
    for n in range(5):
        landing.put(tmp_path, broken('hold_count', result(f'bad-{n}')))
    (warning,) = publish(tmp_path).warnings
    assert '5 found, first: call_id bad-' in warning


def test_checks_look_at_the_touched_dates_only_after_a_publish(tmp_path):
    landing.put(tmp_path, broken('hold_count', result('bad')))
    assert len(publish(tmp_path).warnings) == 1
    landing.put(tmp_path, result('sound', day=None))
    assert publish(tmp_path).warnings == ()
    assert len(run_checks(tmp_path)) == 1


def test_a_date_whose_calls_have_none_of_the_rows_that_they_should_have_is_checked_too(tmp_path):
    whole = result('bare')
    landing.put(tmp_path, replace(whole, turns=(), words=Words(), events=(), findings=()))
    assert whole.kpis[0].hold_count
    assert [fault.check for fault in run_checks_after_publish(tmp_path)].count('hold_count') == 1


def test_faults_of_dates_that_are_looked_at_one_by_one_are_told_together(tmp_path, monkeypatch):
    monkeypatch.setattr(checking, '_TOGETHER', 1)
    for n in range(5):
        landing.put(tmp_path, broken('hold_count', result(f'bad-{n}', day=date(2026, 10, n + 1))))
    (fault,) = run_checks_after_publish(tmp_path)
    assert (fault.check, fault.count, len(fault.rows)) == ('hold_count', 5, 3)


def run_checks_after_publish(root):
    publish(root)
    return run_checks(root)
