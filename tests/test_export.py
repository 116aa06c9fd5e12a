import csv
import json
import resource
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from pipeline.cli import run_command
from pipeline.commands import exporting
from tests.results import at, reject, result, run
from tests.stored_calls import heard, judged_by, silent
from warehouse import landing
from warehouse.errors import WarehouseError
from warehouse.export import FOLDERS, FORMATS, Options, Selection, export
from warehouse.export.source import TABLE_NAMES
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.schemas import TABLES

TEXT = 'a "quoted", text,\r\nof two lines\tand é日😀'
FORMULA = '=cmd|"/c calc"!A1'
SUFFIX = {'duckdb': 'a.duckdb', 'excel': 'a.xlsx'}


class Watch:
    def __init__(self):
        self.told, self.done = {}, {}

    def begin(self, what, rows):
        self.told[what], self.done[what] = rows, 0

    def add(self, rows):
        self.done[list(self.told)[-1]] += rows


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    for seed in range(5):
        landing.put(root, judged_by(heard(seed)))
    landing.put(root, judged_by(silent()))
    odd = result('c1', agent=FORMULA, day=date(2026, 10, 1), standards=('default', 'ko'))
    landing.put(root, replace(odd, turns=(odd.turns[0]._replace(text=TEXT), *odd.turns[1:])))
    landing.put_reject(root, reject())
    publish(root, run(published=7, rejected=1))
    return root


def ask(root, sql, **kwargs):
    return list(run_sql(root, sql, **kwargs).rows())


def made(root, format, tmp_path, **options):
    out = tmp_path / SUFFIX.get(format, 'a')
    export(root, format, out, Options(**options), Watch())
    return out


def comparable(table):
    """Its rows in an order of their own. A sum of integers is a float to plain Arrow."""
    return sorted(repr([float(value) if type(value) is int else value for value in row.values()])
                  for row in table.to_pylist())


def query(path, sql):
    with duckdb.connect(str(path), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.sql(sql).fetchall()


def cells(path):
    with path.open(encoding='utf-8', newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope='module')
def carried(root, tmp_path_factory):
    """A DuckDB file that was renamed and carried away from where it was made."""
    made_at = made(root, 'duckdb', tmp_path_factory.mktemp('x'))
    return made_at.rename(tmp_path_factory.mktemp('elsewhere') / 'november calls.db')


def test_the_duckdb_file_answers_every_question_as_the_warehouse_does(root, carried):
    names = [name for (name,) in ask(root, """SELECT view_name FROM duckdb_views()
        WHERE NOT internal AND view_name <> 'about'""")]
    assert len(names) > 20
    with duckdb.connect(str(carried), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        for name in names:
            answer = con.sql(f'FROM {name}').to_arrow_table()
            assert comparable(answer) == comparable(run_sql(root, f'FROM {name}').table()), name


def test_the_duckdb_file_has_tables_with_types_and_comments(carried):
    columns = {row[0]: row[1:] for row in query(carried, """
        SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = 'calls'""")}
    assert set(columns) == set(TABLES['calls'].schema.names)
    assert columns['started_at'] == ('TIMESTAMP WITH TIME ZONE', 'Instant of the first sample, UTC')
    tables = query(carried, "SELECT table_name, comment FROM duckdb_tables() ORDER BY 1")
    assert [name for name, _ in tables] == sorted(
        {*TABLES, 'about', 'kpis_all'} - {'kpis'})
    assert dict(tables)['calls'] == TABLES['calls'].comment
    assert query(carried, "SELECT comment FROM duckdb_views() WHERE view_name = 'kpis'") == [
        (TABLES['kpis'].comment,)]


def test_the_duckdb_file_shows_one_standard_and_holds_all(carried):
    assert query(carried, 'SELECT DISTINCT standard FROM kpis') == [('default',)]
    assert query(carried, 'SELECT DISTINCT standard FROM kpis_all ORDER BY 1') == [
        ('default',), ('ko',)]


def test_the_duckdb_file_says_what_it_is_of(root, carried):
    ((number, at_),) = ask(root, 'SELECT catalog, published_at FROM about')
    assert query(carried, 'SELECT catalog, standard, timezone, selection FROM about') == [
        (number, 'default', 'UTC', 'all calls')]
    assert query(carried, 'SELECT epoch_us(published_at) FROM about') == [
        (round(at_.timestamp() * 1e6),)]


def test_a_selection_of_the_duckdb_file_narrows_its_views_too(root, tmp_path):
    path = made(root, 'duckdb', tmp_path, selection=Selection(since=date(2026, 11, 3)))
    kept = ask(root, "SELECT call_id FROM calls WHERE call_date >= '2026-11-03' ORDER BY 1")
    assert 0 < len(kept) < 6
    assert query(path, 'SELECT call_id FROM calls ORDER BY 1') == kept
    assert query(path, 'SELECT DISTINCT call_id FROM words ORDER BY 1') == kept
    assert query(path, 'SELECT min(call_date) FROM agent_day')[0][0] >= date(2026, 11, 3)
    assert query(path, 'SELECT sum(calls) FROM queue_day') == [(len(kept),)]
    assert query(path, 'SELECT selection FROM about') == [('calls from 2026-11-03',)]
    assert query(path, 'FROM rejects') == []


@pytest.mark.parametrize('selection, where', [
    (Selection(until=date(2026, 11, 2)), "call_date <= '2026-11-02'"),
    (Selection(agent='a1'), "agent_id = 'a1'"), (Selection(agent=FORMULA), "agent_id LIKE '=%'"),
    (Selection(queue="' OR true --"), 'false'),
    (Selection(date(2026, 11, 2), date(2026, 11, 4), 'a1', 'cards'),
     "call_date >= '2026-11-02' AND agent_id = 'a1' AND queue = 'cards'")])
def test_tables_and_views_hold_the_selected_calls_alone(root, tmp_path, selection, where):
    out = made(root, 'parquet', tmp_path, selection=selection)
    kept = [call_id for (call_id,) in ask(
        root, f'SELECT call_id FROM calls WHERE {where} ORDER BY 1')]
    for name in ('calls', 'kpis', 'turns', 'words', 'findings', 'events', 'worst_calls'):
        table = pq.read_table(out / f'{name}.parquet')
        wanted = ask(root, f'SELECT count(*) FROM {name} WHERE call_id IN (SELECT call_id FROM '
                           f'calls WHERE {where})')
        assert [(table.num_rows,)] == wanted, name
        assert set(table['call_id'].to_pylist()) <= set(kept), name
    days = pq.read_table(out / 'agent_day.parquet')
    assert sum(days['calls'].to_pylist()) == len(kept)


def test_an_older_catalog_is_exported_as_it_was(tmp_path):
    root = tmp_path / 'w'
    for minutes, score in ((0, 70.0), (1, 80.0)):
        landing.put(root, at(minutes, score=score))
        publish(root)
    for number, score in ((1, 70.0), (2, 80.0), (None, 80.0)):
        path = made(root, 'duckdb', tmp_path, as_of=number, force=True)
        assert query(path, 'SELECT etiquette_score FROM kpis') == [(score,)]


def test_csv_says_what_the_tables_say(root, tmp_path):
    out = made(root, 'csv', tmp_path, raw=True)
    assert {path.name for path in out.iterdir()} == {
        'export.json', *(f'{name}.csv' for name in (
            *TABLE_NAMES, 'agent_day', 'queue_day', 'rule_compliance', 'worst_calls',
            'interruptions', 'holds'))}
    for name in ('calls', 'turns', 'kpis', 'findings', 'runs', 'agent_day'):
        table = run_sql(root, f'FROM {name}').table()
        again = pa_csv.read_csv(
            out / f'{name}.csv', parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=table.schema, null_values=[''], strings_can_be_null=True,
                quoted_strings_can_be_null=False))
        assert comparable(again) == comparable(table), name


def test_csv_ends_its_lines_as_the_rfc_says_and_quotes_what_needs_it(root, tmp_path):
    out = made(root, 'csv', tmp_path, tables=('turns', 'kpis'))
    data = (out / 'turns.csv').read_bytes()
    assert data.startswith(b'call_id,call_date,turn,') and data.endswith(b'\r\n')
    assert b'"a ""quoted"", text,\r\nof two lines\tand \xc3\xa9' in data
    assert TEXT in {row['text'] for row in cells(out / 'turns.csv')}
    assert sorted(path.name for path in out.iterdir()) == ['export.json', 'kpis.csv', 'turns.csv']


def test_an_unknown_value_is_empty_in_csv_and_an_empty_text_is_two_quotes(tmp_path):
    root = tmp_path / 'w'
    landing.put(root, result(score=float('nan')))
    publish(root)
    out = made(root, 'csv', tmp_path, tables=('kpis',))
    header, line = (out / 'kpis.csv').read_text(encoding='utf-8').splitlines()
    told = dict(zip(header.split(','), line.split(','), strict=True))
    assert told['signoff_order'] == '""' and told['signoff_spoken'] == ''
    assert told['etiquette_score'] == told['ring_at_least_s'] == ''


def test_csv_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe_unless_raw(
        root, tmp_path):
    guarded = made(root, 'csv', tmp_path)
    assert {"'" + FORMULA} == {row['agent_id'] for row in cells(guarded / 'calls.csv')
                               if 'cmd' in row['agent_id']}
    assert [row for path in guarded.glob('*.csv') for row in cells(path)
            for name, value in row.items() if value[:1] in '=+@\t\r' and value] == []
    raw = made(root, 'csv', tmp_path, raw=True, force=True)
    assert FORMULA in {row['agent_id'] for row in cells(raw / 'calls.csv')}


def test_csv_numbers_below_zero_stay_numbers(root, tmp_path):
    out = made(root, 'csv', tmp_path, tables=('turns',))
    levels = [row['level_dbfs'] for row in cells(out / 'turns.csv') if row['level_dbfs']]
    assert levels and all(float(level) < 0 for level in levels)


def test_csv_begins_with_a_byte_order_mark_only_where_it_is_asked_for(root, tmp_path):
    for bom in (False, True):
        out = made(root, 'csv', tmp_path, tables=('calls',), bom=bom, force=True)
        assert (out / 'calls.csv').read_bytes().startswith(b'\xef\xbb\xbfcall_id') is bom


def test_csv_has_lists_and_structs_as_json(root, tmp_path):
    out = made(root, 'csv', tmp_path, tables=('worst_calls', 'tca_call_summary'))
    failed = [json.loads(row['failed']) for row in cells(out / 'worst_calls.csv') if row['failed']]
    assert failed and all(isinstance(rule, str) for rules in failed for rule in rules)
    for row in cells(out / 'tca_call_summary.csv'):
        assert json.loads(row['ConversationCharacteristics'])['NonTalkTime']['TotalTimeMillis'] >= 0


def test_parquet_keeps_types_and_comments(root, tmp_path):
    out = made(root, 'parquet', tmp_path)
    for name, table in ((name, TABLES[name]) for name in TABLE_NAMES):
        schema = pq.read_schema(out / f'{name}.parquet')
        assert schema.equals(table.schema), name
        assert all(schema.field(field.name).metadata[b'comment'] == field.metadata[b'comment']
                   for field in table.schema), name
    assert pa.types.is_list(pq.read_schema(out / 'worst_calls.parquet').field('failed').type)


def test_more_rows_than_a_batch_arrive_whole(tmp_path):
    root = tmp_path / 'w'
    for n in range(6):
        landing.put(root, result(f'c{n}', turns=200, words=100))
    publish(root)
    ((count,),) = ask(root, 'SELECT count(*) FROM words')
    assert count == 120_000
    assert query(made(root, 'duckdb', tmp_path), 'SELECT count(*), sum(start_s) FROM words') == [
        (count, pytest.approx(ask(root, 'SELECT sum(start_s) FROM words')[0][0]))]
    out = made(root, 'parquet', tmp_path, tables=('words',))
    assert pq.read_metadata(out / 'words.parquet').num_row_groups == 2
    assert pq.read_metadata(out / 'words.parquet').num_rows == count
    out = made(root, 'csv', tmp_path, tables=('words',), force=True)
    assert (out / 'words.csv').read_bytes().count(b'\r\n') == count + 1


def test_all_tables_are_of_one_moment_whatever_is_published_meanwhile(tmp_path):
    root = tmp_path / 'w'
    landing.put(root, result('c1'))
    publish(root)

    class Meanwhile(Watch):
        def begin(self, what, rows):
            super().begin(what, rows)
            if what == 'turns':
                landing.put(root, at(1, call_id='c1', turns=8))
                landing.put(root, result('c2'))
                publish(root)

    export(root, 'duckdb', tmp_path / 'a.duckdb', Options(), Meanwhile())
    assert ask(root, 'SELECT count(*) FROM words') == [(36,)]
    for name, count in (('calls', 1), ('turns', 4), ('words', 12), ('kpis', 1)):
        assert query(tmp_path / 'a.duckdb', f'SELECT count(*) FROM {name}') == [(count,)], name


@pytest.mark.parametrize('format', FORMATS)
def test_how_far_it_is_is_told_to_the_last_row(root, tmp_path, format):
    watch = Watch()
    done = export(root, format, tmp_path / 'a', Options(), watch)
    assert watch.told == watch.done
    assert {name: rows for name, rows in done.rows.items() if name in watch.told} == watch.told
    files = done.path.iterdir() if format in FOLDERS else [done.path]
    assert done.size == sum(path.stat().st_size for path in files)


@pytest.mark.parametrize('format', FORMATS)
def test_what_is_there_already_is_replaced_only_by_force(root, tmp_path, format):
    out = made(root, format, tmp_path)
    before = sorted(path.name for path in tmp_path.rglob('*'))
    with pytest.raises(WarehouseError, match=r'there already.*--force'):
        made(root, format, tmp_path)
    made(root, format, tmp_path, force=True)
    assert sorted(path.name for path in tmp_path.rglob('*')) == before
    assert out.exists()


@pytest.mark.parametrize('format', FOLDERS)
def test_a_folder_that_no_export_made_is_never_replaced(root, tmp_path, format):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'thesis.txt').write_text('mine')
    (tmp_path / 'a' / 'export.json').write_text('[]')
    with pytest.raises(WarehouseError, match='no export has put there'):
        made(root, format, tmp_path, force=True)
    assert (tmp_path / 'a' / 'thesis.txt').read_text() == 'mine'


def test_an_empty_folder_is_filled(root, tmp_path):
    (tmp_path / 'a').mkdir()
    assert (made(root, 'csv', tmp_path, tables=('runs',)) / 'runs.csv').exists()


@pytest.mark.parametrize('format', FORMATS)
def test_nothing_is_written_into_the_warehouse(root, tmp_path, format):
    (tmp_path / 'link').symlink_to(root)
    before = sorted(root.rglob('*'))
    for out in (root, root / 'x', root / 'catalog' / 'x', tmp_path / 'link' / 'x'):
        with pytest.raises(WarehouseError, match='in the warehouse itself'):
            export(root, format, out, Options(force=True), Watch())
    assert sorted(root.rglob('*')) == before


def test_a_link_is_replaced_and_what_it_points_to_is_not(root, tmp_path):
    (tmp_path / 'precious').write_text('mine')
    (tmp_path / 'a.duckdb').symlink_to(tmp_path / 'precious')
    made(root, 'duckdb', tmp_path, force=True)
    assert (tmp_path / 'precious').read_text() == 'mine'
    assert not (tmp_path / 'a.duckdb').is_symlink()


def test_a_file_is_no_folder_and_a_folder_no_file(root, tmp_path):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(WarehouseError, match='is a file, and this export is a folder'):
        export(root, 'csv', tmp_path / 'file', Options(force=True), Watch())
    with pytest.raises(WarehouseError, match='is a folder, and this export is one file'):
        export(root, 'excel', tmp_path / 'folder', Options(force=True), Watch())


def test_a_folder_that_is_not_there_is_said_to_be_missing(root, tmp_path):
    with pytest.raises(WarehouseError, match='there is no folder'):
        export(root, 'csv', tmp_path / 'no' / 'a', Options(), Watch())


def test_a_place_that_cannot_be_written_is_said_to_be_it(root):
    with pytest.raises(WarehouseError, match=r'the export to /proc/a failed: .*Put right'):
        export(root, 'csv', Path('/proc/a'), Options(), Watch())


def test_a_table_that_is_not_there_brings_those_that_are(root, tmp_path):
    with pytest.raises(WarehouseError, match=r'no table or view kpi\. There is .*kpis'):
        made(root, 'csv', tmp_path, tables=('calls', 'kpi'))
    assert list(tmp_path.iterdir()) == []


def test_a_warehouse_in_which_nothing_is_published_has_nothing_to_export(tmp_path):
    with pytest.raises(WarehouseError, match='nothing is published'):
        export(tmp_path / 'none', 'csv', tmp_path / 'a', Options(), Watch())


@pytest.mark.parametrize('format', FORMATS)
def test_a_disk_that_is_full_leaves_what_was_there_and_nothing_half_written(
        root, tmp_path, format):
    made(root, format, tmp_path)
    before = {path: path.stat().st_size for path in tmp_path.rglob('*')}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))  # a write beyond it fails
    try:
        with pytest.raises(WarehouseError, match=r'nothing is left of it\. Put right'):
            made(root, format, tmp_path, force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {path: path.stat().st_size for path in tmp_path.rglob('*')} == before


def test_the_command_prints_the_rows_and_where_they_are(root, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_command(['export', 'csv', '--out', 'tables', '--tables', 'kpis,runs',
                        '--queue', 'cards', '--warehouse', str(root)]) == 0
    told = capsys.readouterr().out.split()
    ((count,),) = ask(root, "SELECT count(*) FROM kpis WHERE queue = 'cards'")
    assert told[told.index('kpis') + 1] == str(count)
    assert told[told.index('calls,') - 1] == str(count) and 'tables;' in told


def test_a_selection_of_no_call_is_said_to_be_one(root, tmp_path, capsys):
    assert run_command(['export', 'csv', '--out', str(tmp_path / 'a'), '--agent', 'nobody',
                        '--warehouse', str(root)]) == 0
    assert 'no call is in this selection' in capsys.readouterr().out
    assert cells(tmp_path / 'a' / 'calls.csv') == []


def test_the_command_offers_every_format():
    assert exporting.FORMATS == FORMATS


def test_the_command_tells_machines_in_json(root, tmp_path, capsys):
    assert run_command(['export', 'vcon', '--out', str(tmp_path / 'v'), '--json',
                        '--warehouse', str(root)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told['rows'] == {'calls': 7} and told['path'] == str(tmp_path / 'v')
    assert len(list((tmp_path / 'v').glob('*.vcon.json'))) == 7


@pytest.mark.parametrize('args, why', [
    (('csv', '--audio-url', 'https://x'), '--audio-url is for vcon'),
    (('excel', '--bom'), '--bom is for csv'), (('duckdb', '--raw'), '--raw is for csv'),
    (('vcon', '--tables', 'kpis'), 'a vCon holds a call'),
    (('vcon', '--audio-url', 'http://x'), 'https:// alone'),
    (('csv', '--from', '2026-11-02', '--to', '2026-11-01'), 'no call is in that range')])
def test_wrong_use_is_said_in_a_sentence(root, tmp_path, capsys, args, why):
    assert run_command(['export', *args, '--out', str(tmp_path / 'a'),
                        '--warehouse', str(root)]) == 2
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


