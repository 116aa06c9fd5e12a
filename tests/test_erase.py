"""Erasing: calls are gone from every file of the warehouse, and the others are as they were."""

import json
import os
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

import pytest

from tests.conftest import etiquette
from tests.copying import copy_of
from tests.killing import dump
from tests.results import at, reject, result, run
from warehouse import catalog, erase, landing, ledger
from warehouse.erase import look_for
from warehouse.finding import Wanted
from warehouse.maintain import maintain
from warehouse.proof import Finder, Hit, search
from warehouse.publish import publish
from warehouse.query import run_sql

DAY, OTHER_DAY = date(2026, 11, 2), date(2026, 11, 3)
CALLER, OTHER = '+15550142', '+15550177'
GONE = ('gone-1', 'gone-2', 'landed-1')
TARGET = 128_000_000


def ask(root, sql, **given):
    return list(run_sql(root, sql, **given).rows())


def erased(root, **wanted):
    return erase.erase(root, Wanted(**wanted), target_bytes=TARGET)


def fill(root, with_caller=True):
    """Publishes of several nights; with or without the calls of one caller."""
    def of_caller(call_id, **given):
        return result(call_id, caller_id=CALLER, manifest=json.dumps(
            {'call_id': call_id, 'caller_id': CALLER}), **given)
    for n in range(3):
        landing.put(root, result(f'stays-{n}', day=DAY, caller_id=OTHER))
        if with_caller:
            landing.put(root, of_caller('gone-1', day=DAY, turns=n + 2))
            landing.put(root, of_caller('gone-2', day=None))
            landing.put_reject(root, replace(reject('gone-3'), manifest=json.dumps(
                {'caller_id': CALLER})))
        landing.put_reject(root, reject('stays'))
        command = f'etiquette run {"gone-1" if with_caller else "[erased]"}.csv'
        publish(root, replace(run(f'r{n}'), command=command))
    landing.put(root, result('landed-2', caller_id=OTHER))
    if with_caller:
        path = landing.put(root, of_caller('landed-1'))
        path.with_name(f'{path.name}.0a1b.part').write_bytes(b'PAR1')
        landing.put_reject(root, replace(reject('gone-4'), manifest=json.dumps(
            {'caller_id': CALLER})))
    return root


@pytest.fixture(scope='module')
def filled(tmp_path_factory):
    return fill(tmp_path_factory.mktemp('filled') / 'w')


@pytest.fixture
def root(filled, tmp_path):
    return copy_of(filled, tmp_path / 'w')


def bytes_of(root):
    return b''.join(path.read_bytes() + str(path).encode() for path in sorted(root.rglob('*'))
                    if path.is_file())


def test_nothing_of_a_callers_calls_is_left_in_any_file_and_all_else_is_as_if_they_never_were(
        root, tmp_path):
    never = fill(tmp_path / 'never', with_caller=False)
    before = search(root, [*GONE, CALLER])
    assert {hit.place for hit in before.hits} >= {'call_id', 'caller_id', 'manifest', 'bytes',
                                                  'name', 'command', 'statistics'}
    assert any('_delta_log' in hit.path for hit in before.hits)
    done = erased(root, callers=(CALLER,))
    assert set(done.found.calls) == {'gone-1', 'gone-2'} and set(done.found.landed) == {'landed-1'}
    assert not done.left and done.searched.files >= 30 and done.searched.unpacked_bytes > 10_000
    assert not search(root, [*GONE, 'gone-3', 'gone-4', CALLER]).hits
    for text in (*GONE, 'gone-3', 'gone-4', CALLER):
        assert text.encode() not in bytes_of(root)
    assert dump(root, ()) == dump(never, ())
    publish(root)
    publish(never)
    assert dump(root, ()) == dump(never, ())


def test_older_catalogs_go_and_as_of_says_so(root):
    done = erased(root, callers=(CALLER,))
    assert done.catalogs_removed == (1, 2, 3) and catalog.numbers(root) == [4]
    with pytest.raises(Exception, match=r'has 4 to 4; what is older was removed by .*erase'):
        ask(root, 'SELECT 1', as_of=2)


def test_a_single_call_goes_by_its_id_whatever_is_in_it(tmp_path):
    for call_id in ("it's", 'say "hi"', 'straße/7 %', 'c-1', 'c-10', 'x'):
        landing.put(tmp_path, result(call_id))
    publish(tmp_path)
    landing.put(tmp_path, at(3, call_id='straße/7 %'))
    for call_id in ("it's", 'say "hi"', 'straße/7 %', 'c-1', 'x'):
        done = erased(tmp_path, call_ids=(call_id,))
        assert not done.left, (call_id, done.searched)
    assert ask(tmp_path, 'SELECT call_id FROM calls') == [('c-10',)]


def test_calls_of_a_range_of_dates_or_older_than_a_date_go(tmp_path):
    for n, day in enumerate((date(2025, 1, 1), DAY, OTHER_DAY, None)):
        landing.put(tmp_path, result(f'c{n}', day=day, processed_at=datetime(
            2026, 11, 5, tzinfo=timezone.utc)))
    publish(tmp_path)
    assert not erased(tmp_path, since=DAY, until=DAY).left
    assert ask(tmp_path, 'SELECT call_id FROM calls ORDER BY 1') == [('c0',), ('c2',), ('c3',)]
    erased(tmp_path, before=date(2026, 1, 1))
    assert ask(tmp_path, 'SELECT call_id FROM calls ORDER BY 1') == [('c2',), ('c3',)]
    erased(tmp_path, before=date(2026, 11, 6))
    assert ask(tmp_path, 'SELECT count(*) FROM calls UNION ALL SELECT count(*) FROM rule_day'
               ) == [(0,), (0,)]


def test_the_days_of_erased_calls_are_counted_anew(tmp_path):
    for n in range(3):
        landing.put(tmp_path, result(f'call-{n}', day=DAY))
    publish(tmp_path)
    erased(tmp_path, call_ids=('call-1',))
    assert ask(tmp_path, "SELECT passed FROM rule_day WHERE rule_id = 'rule-0'") == [(2,)]


def test_a_call_that_was_another_callers_before_stays_but_nobody_knows_of_it(tmp_path):
    landing.put(tmp_path, result('call-1', caller_id=CALLER))
    publish(tmp_path)
    landing.put(tmp_path, at(5, call_id='call-1', caller_id=OTHER))
    publish(tmp_path)
    assert search(tmp_path, [CALLER]).hits
    done = erased(tmp_path, callers=(CALLER,))
    assert not done.found and not done.left
    assert ask(tmp_path, 'SELECT call_id FROM calls') == [('call-1',)]
    assert not search(tmp_path, [CALLER]).hits


def test_an_id_that_is_nowhere_changes_nothing(root):
    before = sorted(root.rglob('*'))
    for wanted in ({'call_ids': ('gone-7',)}, {'until': date(2020, 1, 1)}):
        done = erased(root, **wanted)
        assert not done.left and not done.catalogs_removed
    assert sorted(root.rglob('*')) == before


def test_what_is_left_in_a_file_that_is_not_ours_is_told_and_the_next_erasure_goes_on(root):
    note = root / 'notes.txt'
    note.write_text(f'asked for by {CALLER}, who had gone-10 and gone-1')
    done = erased(root, call_ids=('gone-1',))
    assert [(hit.path, hit.value) for hit in done.searched.hits] == [('notes.txt', 'gone-1')]
    assert look_for(root, Wanted()).unfinished
    said = []
    maintain(root, retention_s=1e6, target_bytes=TARGET, say=said.append)
    assert said == ['an erasure was not finished: run the same `etiquette erase` again']
    note.unlink()
    assert not erased(root, call_ids=('gone-1',)).left
    assert not (root / erase.NOTE).exists()


def test_a_note_that_a_killed_erasure_had_half_written_goes(root):
    half = root / f'{erase.NOTE}.0a1b.part'
    half.write_text('["gone-1"')
    assert not erased(root, call_ids=('gone-1',)).left and not half.exists()


def test_a_parquet_file_that_cannot_be_read_is_not_taken_for_clean(root):
    (root / 'odd.parquet').write_bytes(b'PAR1 nonsense PAR1')
    done = erased(root, call_ids=('gone-1',))
    assert done.left and done.searched.unread == ('odd.parquet',)


def test_the_ledger_of_a_run_that_is_over_goes_and_that_of_a_live_one_is_told(root):
    for name in ('over', 'live'):
        folder = root / 'ledger' / name
        folder.mkdir(parents=True)
        ledger.append(folder, ledger.Entry('k', ledger.STARTED, 'gone-1'))
    over = next((root / 'ledger' / 'over').iterdir())
    over.rename(over.with_name(over.name.rpartition('-')[0] + '-999999999.jsonl'))
    past = (datetime.now() - timedelta(hours=2)).timestamp()
    for path in ((root / 'ledger' / 'over'), *(root / 'ledger' / 'over').iterdir()):
        os.utime(path, (past, past))
    done = erased(root, call_ids=('gone-1',))
    assert not (root / 'ledger' / 'over').exists()
    assert done.left and all(hit.path.startswith('ledger/live') for hit in done.searched.hits)


def test_erasing_after_an_upkeep_and_upkeep_after_erasing(root):
    maintain(root, retention_s=1e6, target_bytes=TARGET)
    assert not erased(root, callers=(CALLER,)).left
    assert not search(root, [*GONE, CALLER]).hits
    before = dump(root)
    maintain(root, retention_s=0, target_bytes=TARGET)
    assert dump(root) == before


# The search

def test_many_values_are_found_as_few_are():
    ids = [f'2026-11-04-call-{n:05}@pbx' for n in range(3000)]
    data = b'\x00\xff"' + ids[17].encode() + b'"\n' + ids[2999].encode() + b'x' + ids[5].encode()
    assert Finder(ids).find(data, whole_cells=False) == {ids[17]}
    assert Finder(ids[:20]).find(data, whole_cells=False) == {ids[17]}
    lines = ('\n'.join(['', 'ab', ids[3], ''])).encode()
    assert Finder([*ids, 'ab']).find(lines, whole_cells=True) == {'ab', ids[3]}


@pytest.mark.parametrize('text, found', [
    ('"call-1"', True), ('call-1.parquet', True), ("id = 'call-1'", True), ('call-10', False),
    ('recall-1', False), ('x-call-1', False), ('line\\ncall-1', True), ('통화call-1통화', True)])
def test_an_id_is_found_where_it_stands_alone(text, found):
    assert bool(Finder(['call-1']).find(text.encode(), whole_cells=False)) is found


# The command

def test_the_command_asks_unless_told_yes_and_a_dry_run_only_counts(root):
    before = sorted(root.rglob('*'))
    for more, code in (((), 2), (('--dry-run',), 0)):
        ran = etiquette('erase', '--caller', CALLER, '--warehouse', root, *more)
        assert ran.code == code and '2 published calls' in ran.out
        assert sorted(root.rglob('*')) == before
    ran = etiquette('erase', '--caller', CALLER, '--warehouse', root, '--yes', '--json')
    assert ran.code == 0, ran.err
    told = ran.json()
    assert set(told['calls']) == {'gone-1', 'gone-2'} and told['searched']['hits'] == []
    assert '/audio/gone-1.wav' in told['recordings']


def test_the_command_exits_with_3_and_a_list_when_something_is_left(root):
    (root / 'notes.txt').write_text('gone-1')
    ran = etiquette('erase', '--call', 'gone-1', '--warehouse', root, '--yes')
    assert ran.code == 3 and 'left: gone-1 in notes.txt' in ran.out


def test_erasing_without_saying_what_is_wrong_use():
    for args, told in (((), 'name the calls'), (('--older-than', 'long'), '12h or 7d'),
                       (('--from', '2026-11-03', '--to', '2026-11-02'), 'is after')):
        ran = etiquette('erase', *args)
        assert ran.code == 2 and told in ran.err


def test_what_a_waiting_call_says_of_an_erased_one_is_found_inside_its_file(tmp_path):
    whole = result('stays', turns=1)
    path = landing.put(tmp_path, replace(whole, turns=(
        whole.turns[0]._replace(text='as I said in call-1 ' * 40),)))
    hits = search(tmp_path, {'call-1'}).hits
    assert Hit(str(path.relative_to(tmp_path)), 'turns', 'call-1') in hits
