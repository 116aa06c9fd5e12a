"""Judging stored calls again comes to what a run by the same standard would have come to."""

import os
import shutil
from dataclasses import replace
from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rescore import RescoreProgress, rescore_warehouse
from pipeline.settings import load_settings
from pipeline.standards import load_phrasebook, load_standard
from pipeline.yaml_records import ConfigError
from tests.conftest import etiquette
from tests.standard_for_tests import default_standard, phrasebook
from tests.stored_calls import heard, judged_by, later, silent
from transforms.assess import assess
from transforms.rescore import measured_by, rescore
from warehouse import catalog, database, landing, spans, tables
from warehouse.checking import run_checks
from warehouse.errors import WarehouseError
from warehouse.publish import publish
from warehouse.query import run_sql

CALLS = [*(heard(seed) for seed in range(24)), silent()]
TABLES = ('calls', 'turns', 'words', 'events', 'findings', 'kpis_all', 'rule_day')
# What a standard may change, as the lines of a file that extends the default one.
RULES = 'rules:\n  opening-greeting: {weight: 5}\nscores: {min_coverage: 0.2}\n'
CLOSING = 'closing: {cluster_end_s: 4.0, resume_words: 2}\nopening: {window_s: 8.0}\n'
MEASURES = ('silence: {warn_s: 1.0, bad_s: 3.0}\nhold: {join_gap_s: 2.0}\n'
            'overlaps: {headline_s: 0.4, edge_s: 0.2}\n')
CHANGES = {'weights': RULES, 'thresholds of rules': CLOSING, 'what is measured': MEASURES,
           'all of it': RULES + CLOSING + MEASURES, 'nothing': ''}
PHRASES = 'language: en\ncategories:\n  greeting: [your card was sent on monday]\n'


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('standards')


@pytest.fixture(scope='module')
def make(folder):
    """A standard called `default` from the lines that it changes."""
    def make(lines, name='default', file=None):
        path = folder / f'{file or abs(hash((lines, name)))}.yaml'
        path.write_text(f'extends: default\nname: {name}\n{lines}', encoding='utf-8')
        return path
    return make


@pytest.fixture(scope='module')
def shelf(tmp_path_factory):
    """Warehouses that were published once: standards -> folder."""
    return tmp_path_factory.mktemp('shelf'), {}


@pytest.fixture
def published(shelf):
    def published(root, standards, calls=CALLS, book=None):
        place, made = shelf
        key = (tuple((s.name, s.version) for s in standards), book)
        if calls is not CALLS or root.exists():
            land(root, standards, calls, book)
            return root
        if key not in made:
            made[key] = place / str(len(made))
            land(made[key], standards, calls, book)
        return shutil.copytree(made[key], root)
    return published


def land(root, standards, calls, book):
    for one in calls:
        landing.put(root, judged_by(one, standards, book))
    publish(root, standard=standards[0].name)


def configured(standard='default', *more, phrases=()):
    return replace(load_settings(None), standard=str(standard), standards=tuple(map(str, more)),
                   phrases=tuple(map(str, phrases)))


def again(root, names=(), settings=None, **given):
    return rescore_warehouse(root, settings or configured(), [str(n) for n in names],
                             command='etiquette rescore', workers=given.pop('workers', 1), **given)


def differences(one, other, names=TABLES):
    """The rows that are in one warehouse and not in the other, by table."""
    out = {}
    with duckdb.connect(':memory:') as con:
        for alias, root in (('a', one), ('b', other)):
            con.execute(f'CREATE SCHEMA {alias}; USE {alias}')
            database.fill(con, root, catalog.current(root))
        for name in names:
            for left, right in (('a', 'b'), ('b', 'a')):
                rows = con.execute(f'(SELECT * FROM {left}.{name}) EXCEPT ALL '
                                   f'(SELECT * FROM {right}.{name})').fetchall()
                if rows:
                    out[name, left] = rows
    return out


def dates_of(found):
    """The call dates of rows that differ."""
    at = {'kpis_all': 3, 'rule_day': 0}
    return {row[at.get(name, 1)] for (name, _), rows in found.items() for row in rows}


def ask(root, sql):
    return list(run_sql(root, sql).rows())


@pytest.mark.parametrize('change, full', [
    *((change, False) for change in CHANGES), ('all of it', True), ('nothing', True),
    *(pytest.param(change, True, marks=pytest.mark.slow)
      for change in sorted(CHANGES.keys() - {'all of it', 'nothing'}))])
def test_a_rescore_leaves_the_rows_that_a_run_by_the_standard_leaves(
        tmp_path, make, change, full, published):
    path = make(CHANGES[change])
    standard = load_standard(str(path))
    run = published(tmp_path / 'run', [standard])
    stored = published(tmp_path / 'stored', [default_standard()])
    done = again(stored, settings=configured(path), full=full)
    assert done.run.calls_published == done.run.calls_in == len(CALLS)
    assert done.measured == (len(CALLS) if full or 'silence' in CHANGES[change] else 0)
    assert differences(run, stored) == {}
    assert run_checks(stored) == [] and done.warnings == ()
    back = again(stored)
    assert back.standards == {'default': default_standard().version}
    assert differences(published(tmp_path / 'first', [default_standard()]), stored) == {}


def test_the_standards_of_this_test_differ_in_what_they_find(tmp_path, make, published):
    stored = published(tmp_path / 'stored', [default_standard()])
    for change, lines in CHANGES.items():
        other = published(tmp_path / change, [load_standard(str(make(lines)))])
        seen = {name for name, _ in differences(stored, other)}
        assert ('events' in seen) == ('silence' in lines), change
        assert ('kpis_all' in seen) == bool(lines), change


def test_changed_phrases_are_looked_for_again(tmp_path, folder, published):
    site = folder / 'site.yaml'
    site.write_text(PHRASES, encoding='utf-8')
    from pipeline.lexicons import load_lexicons
    lexicons = load_lexicons((str(site),))
    standard, book = load_standard('default', lexicons), load_phrasebook('en', lexicons)
    run = published(tmp_path / 'run', [standard], book=book)
    stored = published(tmp_path / 'stored', [default_standard()])
    assert {name for name, _ in differences(run, stored)} >= {'events', 'findings'}
    assert again(stored, settings=configured(phrases=[site])).measured == len(CALLS)
    assert differences(run, stored) == {}


def test_several_processes_come_to_the_same_as_one(tmp_path, make, monkeypatch, published):
    path = make(CHANGES['all of it'])
    run = published(tmp_path / 'run', [load_standard(str(path))])
    stored = published(tmp_path / 'stored', [default_standard()])
    monkeypatch.setattr('warehouse.rejudge.SPAN_CALLS', 9)
    again(stored, settings=configured(path), workers=2)
    assert differences(run, stored) == {}


@pytest.mark.parametrize('limit', ['spans', 'chunks', 'sorted'])
def test_neither_the_size_of_portions_nor_the_order_of_rows_changes_a_row(
        tmp_path, make, monkeypatch, limit, published):
    path = make(CHANGES['all of it'])
    run = published(tmp_path / 'run', [load_standard(str(path))])
    stored = tmp_path / 'stored'
    for part in (CALLS[::2], CALLS[1::2]):  # two files a date, over the same range
        published(stored, [default_standard()], part)
    if limit == 'sorted':
        monkeypatch.setattr(spans, '_MOST_LIVE_ROWS', 10)
        assert 'words' in spans.out_of_order(spans.spans_of(
            stored, catalog.current(stored), None, None, tmp_path / 'scratch')[0])
    else:
        monkeypatch.setattr('warehouse.spans.spans_of.__defaults__', (3,))
        monkeypatch.setattr('pipeline.rescore_worker.CALLS_AT_ONCE', 2 if limit == 'chunks' else 9)
    again(stored, settings=configured(path))
    assert differences(run, stored) == {}
    assert not list(stored.glob('.staging-*'))


def test_rows_of_other_standards_stay_and_those_of_the_named_one_alone_change(
        tmp_path, make, published):
    other, changed = make(MEASURES, 'other'), make(RULES, 'other')
    standards = [default_standard(), load_standard(str(other))]
    stored = published(tmp_path / 'stored', standards)
    run = published(tmp_path / 'run', [default_standard(), load_standard(str(changed))])
    done = again(stored, [changed])
    assert differences(run, stored) == {}
    assert done.measured == len(CALLS)  # the stored measures are those of two standards
    assert again(stored, [changed]).measured == 0  # and now they agree
    assert differences(run, stored) == {}


def test_a_standard_that_was_never_computed_takes_the_measures_of_one_that_measures_alike(
        tmp_path, make, published):
    new = make(RULES + CLOSING, 'new')
    stored = published(tmp_path / 'stored', [default_standard()])
    assert again(stored, [new]).measured == 0
    run = published(tmp_path / 'run', [default_standard(), load_standard(str(new))])
    assert differences(run, stored) == {}
    assert ask(stored, 'SELECT DISTINCT standard FROM kpis') == [('default',)]


def test_without_a_name_the_configured_standards_are_computed(tmp_path, make, published):
    first, second = make(MEASURES, 'first'), make(RULES, 'second')
    stored = published(tmp_path / 'stored', [default_standard()])
    done = again(stored, settings=configured(first, second))
    assert (set(done.standards), done.shown) == ({'first', 'second'}, 'first')
    standards = [load_standard(str(path)) for path in (first, second)]
    run = published(tmp_path / 'run', [*standards, default_standard()])
    assert differences(run, stored) == {}
    assert ask(stored, 'SELECT DISTINCT standard FROM kpis') == [('first',)]
    assert run_checks(stored) == []


def test_events_follow_when_all_rows_of_a_call_come_to_be_measured_otherwise(
        tmp_path, make, published):
    """Else a later rescore would take events for what they are not."""
    one, two = make(MEASURES, 'one'), make(MEASURES, 'two')
    stored = published(tmp_path / 'stored', [
        replace(default_standard(), name='one'), replace(default_standard(), name='two')])
    for name in (one, two):
        again(stored, [name])
    assert again(stored, [one]).measured == 0
    run = published(tmp_path / 'run', [load_standard(str(path)) for path in (one, two)])
    assert differences(run, stored) == {}


def test_a_range_of_dates_leaves_all_other_dates_alone(tmp_path, make, published):
    path = make(CHANGES['all of it'])
    stored = published(tmp_path / 'stored', [default_standard()])
    before = published(tmp_path / 'before', [default_standard()])
    run = published(tmp_path / 'run', [load_standard(str(path))])
    days = (date(2026, 11, 3), date(2026, 11, 4))
    done = again(stored, settings=configured(path), since=days[0], until=days[1])
    inside = [one for one in CALLS if one[0].call_date in days]
    assert done.run.calls_published == len(inside)
    assert dates_of(differences(stored, before)) == set(days)
    assert dates_of(differences(stored, run)) == {date(2026, 11, 2), None}
    assert again(stored, since=days[1]).run.calls_published == sum(
        one[0].call_date == days[1] for one in CALLS)


def test_what_was_rescored_can_be_published_over_again_and_an_older_catalog_still_reads(
        tmp_path, make, published):
    path = make(CHANGES['all of it'])
    standard = load_standard(str(path))
    stored = published(tmp_path / 'stored', [default_standard()])
    before = ask(stored, 'SELECT * FROM findings ORDER BY ALL')
    number = catalog.current(stored).number
    again(stored, settings=configured(path))
    published(stored, [standard], [later(one, 5) for one in CALLS[:15]])
    run = published(tmp_path / 'run', [standard], [
        *(later(one, 5) for one in CALLS[:15]), *CALLS[15:]])
    assert differences(run, stored) == {}
    assert list(run_sql(stored, 'SELECT * FROM findings ORDER BY ALL', as_of=number).rows()) == \
        before
    again(stored, full=True)
    assert {name for name, _ in differences(run, stored)} >= {'events', 'findings'}


def test_delta_knows_the_range_of_call_ids_of_every_file_of_a_rescore(tmp_path, published):
    stored = published(tmp_path / 'stored', [default_standard()])
    again(stored, full=True)
    for name in ('events', 'findings', 'kpis'):
        actions = tables.open_at(stored, name).get_add_actions(flatten=True)
        with duckdb.connect(':memory:') as con:
            con.register('actions', actions)
            for path, rows, low, high in con.execute(
                    'SELECT path, num_records, "min.call_id", "max.call_id" FROM actions'
                    ).fetchall():
                file = tables.folder(stored, name) / path
                assert con.execute(f'SELECT count(*), min(call_id), max(call_id) FROM '
                                   f"read_parquet('{file}')").fetchone() == (rows, low, high)
                names = {row[0] for row in con.execute(
                    f"SELECT name FROM parquet_schema('{file}')").fetchall()}
                assert 'call_date' not in names


def test_a_rescore_is_a_row_of_runs_that_adds_up(tmp_path, published):
    stored = published(tmp_path / 'stored', [default_standard()])
    done = again(stored)
    assert ask(stored, 'SELECT run_id, command, calls_in, calls_published, calls_skipped, '
                       'calls_rejected FROM runs') == [
        (done.run.run_id, 'etiquette rescore', len(CALLS), len(CALLS), 0, 0)]
    assert done.run.work_s > 0 and done.run.peak_rss_mb > 0


def test_an_empty_warehouse_is_told_so(tmp_path):
    with pytest.raises(WarehouseError, match=r'nothing is published in it. Run a batch first'):
        again(tmp_path / 'none')
    publish(tmp_path / 'empty')
    with pytest.raises(WarehouseError, match=r'holds no calls. Run a batch first'):
        again(tmp_path / 'empty')


def test_a_range_without_calls_names_the_range_that_has_some(tmp_path, published):
    stored = published(tmp_path / 'stored', [default_standard()])
    with pytest.raises(WarehouseError, match=r'no call is dated from 2027-01-01: of 25 calls they '
                                             'are of 2026-11-02 to 2026-11-04'):
        again(stored, since=date(2027, 1, 1))
    assert catalog.current(stored).number == 1


def test_an_unknown_standard_names_the_nearest_one(tmp_path):
    with pytest.raises(ConfigError, match=r'`defualt` is none of .* `default`'):
        again(tmp_path, ['defualt'])


@pytest.mark.parametrize('workers', [1, 2])
@pytest.mark.parametrize('name', ['calls', 'words', 'findings', 'kpis'])
def test_a_damaged_table_is_named_and_nothing_changes(
        tmp_path, make, monkeypatch, name, workers, published):
    stored = published(tmp_path / 'stored', [default_standard()])
    before = catalog.current(stored)
    monkeypatch.setattr('warehouse.rejudge.SPAN_CALLS', 9)
    for path in tables.files(tables.open_at(stored, name)):
        file = tables.folder(stored, name) / path
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(WarehouseError, match=f'{name}.*Restore the folder `tables` from a'):
        again(stored, settings=configured(make(MEASURES)), workers=workers)
    assert catalog.current(stored) == before
    assert not list(stored.glob('.staging-*'))


def test_a_call_that_cannot_be_judged_is_named_and_nothing_changes(
        tmp_path, monkeypatch, published):
    stored = published(tmp_path / 'stored', [default_standard()])
    from pipeline.failed import RunFailedError

    def failing(*args, **kwargs):
        raise KeyError('greeting')
    monkeypatch.setattr('transforms.rescore.judged', failing)
    with pytest.raises(RunFailedError, match=r'call call 0.* cannot be judged: KeyError'):
        again(stored)
    assert catalog.current(stored).number == 1


def test_the_command_says_what_it_did(tmp_path, make, published):
    published(tmp_path / 'w', [default_standard()])
    ran = etiquette('rescore', '--warehouse', tmp_path / 'w', '--standard', make(RULES, 'mine'),
                    '--standard', 'default', '--workers', 2, '--json')
    assert ran.code == 0, ran.err
    told = ran.json()
    assert (told['calls_in'], told['calls_published'], told['calls_measured']) == (25, 25, 0)
    assert set(told['standards']) == {'mine', 'default'} and told['catalog'] == 2
    ran = etiquette('rescore', '--warehouse', tmp_path / 'w', '--from', '2026-11-04',
                    '--workers', 1)
    assert ran.code == 0 and 'calls judged by default, version' in ran.out, ran.err


@pytest.mark.parametrize('args, says', [
    (['--standard', 'defualt'], 'default'), (['--from', 'yesterday'], 'write 2026-11-30'),
    (['--from', '2026-11-05', '--to', '2026-11-04'], 'is after'), (['--ful'], '--full'),
    ([], 'Run a batch first')])
def test_wrong_use_is_told_with_the_way_out(tmp_path, args, says):
    ran = etiquette('rescore', '--warehouse', tmp_path, *args)
    assert ran.code == 2
    assert says in ran.err and 'Traceback' not in ran.err


def test_on_a_terminal_there_is_a_bar_of_the_calls_judged():
    import io

    class Terminal(io.StringIO):
        def isatty(self):
            return True
    out = Terminal()
    with RescoreProgress(4000, out) as progress:
        progress.add(1000)
    assert '1000/4000' in out.getvalue() and 'calls a second' in out.getvalue()


@given(st.integers(0, 10_000), st.sampled_from(list(CHANGES)), st.sampled_from(list(CHANGES)))
@settings(max_examples=60, deadline=None)
def test_a_call_judged_again_is_judged_as_if_for_the_first_time(made, seed, before, after):
    one = heard(seed)
    stored = judged_by(one, [made[before]])
    stored = replace(stored, findings=tuple(f for f in stored.findings if f.stage == 'kpi'))
    (found,) = rescore([stored], [made[after]], phrasebook(), shown='default')
    first = assess(*one, made[after], phrasebook())
    assert (stored.events if found.events is None else found.events) == first.events
    assert sorted(found.findings, key=repr) == sorted(first.findings, key=repr)
    assert found.kpis == first.kpis
    assert found.is_measured == (measured_by(made[before].version)
                                 != measured_by(made[after].version))


@pytest.fixture(scope='module')
def made(make):
    return {change: load_standard(str(make(lines))) for change, lines in CHANGES.items()}


def test_a_killed_worker_ends_the_rescore_and_nothing_changes(tmp_path, monkeypatch, published):
    from pipeline.failed import RunFailedError
    stored = published(tmp_path / 'stored', [default_standard()])
    monkeypatch.setattr('warehouse.rejudge.SPAN_CALLS', 9)
    monkeypatch.setattr('pipeline.rescore.work', die)
    with pytest.raises(RunFailedError, match='a worker process died'):
        again(stored, workers=2)
    assert catalog.current(stored).number == 1 and not list(stored.glob('.staging-*'))


def die(task):
    os._exit(9)


