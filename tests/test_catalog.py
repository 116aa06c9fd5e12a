import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.copying import copy_of
from tests.results import result
from warehouse import catalog, database, files, landing
from warehouse.database import NAME, open_readonly
from warehouse.errors import WarehouseError
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.records import Event
from warehouse.schemas import TABLES

VIEWS = Path(database.__file__).parent / 'views'
VIEW_NAMES = sorted(path.stem for path in VIEWS.glob('*.sql'))
CLIENT = """
import sys, duckdb
con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'ro')
for sql in sys.argv[3:]:
    answer = con.execute(sql).fetchall()
print(answer, flush=True)
sys.stdin.read()
"""


def ask(root, sql, **kwargs):
    return list(run_sql(root, sql, **kwargs).rows())


def client(root, mode, *sql, cwd='/'):
    """Any DuckDB client: another process that knows nothing of us. It stays open."""
    process = subprocess.Popen([sys.executable, '-c', CLIENT, str(root / NAME), mode, *sql],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd)
    return process, process.stdout.readline().strip()


@pytest.fixture(scope='module')
def filled(tmp_path_factory):
    root = tmp_path_factory.mktemp('filled') / 'w'
    landing.put(root, result('c1'))
    landing.put(root, result('c2', day=None, score=40.0))
    publish(root)
    return root


@pytest.fixture
def root(filled, tmp_path):
    return copy_of(filled, tmp_path / 'w')


def test_any_client_reads_the_file_from_anywhere_and_cannot_write_it(root):
    process, answer = client(root, 'ro', 'SELECT call_id FROM kpis ORDER BY 1')
    process.communicate()
    assert answer == "[('c1',), ('c2',)]"
    assert (root / NAME).stat().st_mode & 0o777 == 0o444


def test_a_client_left_open_keeps_its_snapshot_and_a_new_one_sees_the_new(root):
    old = duckdb.connect(str(root / NAME), read_only=True)
    assert old.execute('SELECT count(*) FROM calls').fetchone() == (2,)
    landing.put(root, result('c3'))
    landing.put(root, result('c1', turns=2))
    publish(root)
    assert old.execute('SELECT count(*) FROM calls').fetchone() == (2,)
    assert old.execute("SELECT count(*) FROM turns WHERE call_id = 'c1'").fetchone() == (4,)
    assert ask(root, 'SELECT count(*) FROM calls') == [(3,)]
    process, answer = client(root, 'ro', 'SELECT count(*) FROM calls')
    process.communicate()
    assert answer == '[(3,)]'


def test_a_client_that_opened_it_for_writing_and_died_breaks_nothing(root):
    process, _ = client(root, 'rw', 'CREATE TABLE mine (a INT)', 'INSERT INTO mine VALUES (1)')
    assert (root / f'{NAME}.wal').exists()
    assert ask(root, 'SELECT count(*) FROM calls') == [(2,)]  # while it still holds the file
    process.kill()
    process.wait()
    landing.put(root, result('c3'))
    publish(root)
    assert not (root / f'{NAME}.wal').exists()
    assert ask(root, 'SELECT count(*) FROM calls') == [(3,)]
    assert ('mine',) not in ask(root, 'SHOW TABLES')


def test_a_killed_writers_log_does_not_hide_the_tables_before_the_next_publish(root):
    process, _ = client(root, 'rw', 'CREATE TABLE mine (a INT)', 'INSERT INTO mine VALUES (1)')
    process.kill()
    process.wait()
    assert ask(root, 'SELECT count(*) FROM calls') == [(2,)]


@pytest.mark.parametrize('content', [None, b'', b'not a database', b'\0' * 20000])
def test_a_missing_or_broken_file_is_made_again(root, content):
    (root / NAME).unlink()
    if content is not None:
        (root / NAME).write_bytes(content)
    assert ask(root, 'SELECT count(*) FROM calls') == [(2,)]
    with duckdb.connect(str(root / NAME), read_only=True) as con:
        assert con.execute('SELECT count(*) FROM calls').fetchone() == (2,)


def test_a_database_that_somebody_else_made_is_replaced(root):
    (root / NAME).unlink()
    with duckdb.connect(str(root / NAME)) as con:
        con.execute('CREATE TABLE calls AS SELECT 1 AS call_id')
    assert ask(root, 'SELECT count(*) FROM calls') == [(2,)]


def test_a_moved_warehouse_is_made_good_by_the_next_question(root, tmp_path):
    moved = tmp_path / "elsewhere é {x} it's #"
    root.rename(moved)
    assert ask(moved, 'SELECT count(*) FROM calls') == [(2,)]
    process, answer = client(moved, 'ro', 'SELECT count(*) FROM words')
    process.communicate()
    assert answer == '[(24,)]'
    landing.put(moved, result('c1', turns=2))
    publish(moved)
    assert ask(moved, 'SELECT count(*) FROM calls') == [(2,)]
    assert ask(moved, 'SELECT count(*) FROM calls', as_of=1) == [(2,)]


def test_a_copy_does_not_read_the_original(root, tmp_path):
    subprocess.run(['cp', '-r', root, tmp_path / 'copy'], check=True)
    landing.put(root, result('c9'))
    publish(root)
    assert ask(tmp_path / 'copy', 'SELECT root FROM about') == [(str(tmp_path / 'copy'),)]
    assert ask(tmp_path / 'copy', 'SELECT count(*) FROM calls') == [(2,)]


def test_a_folder_that_cannot_be_written_is_read_all_the_same(root, tmp_path, monkeypatch):
    moved = tmp_path / 'readonly'
    root.rename(moved)

    def refuse(*args, **kwargs):
        raise WarehouseError('the warehouse cannot be written', way_out='')
    monkeypatch.setattr(database, 'locked', refuse)
    assert ask(moved, 'SELECT count(*) FROM calls') == [(2,)]
    assert not [p for p in moved.iterdir() if p.name.startswith('.building')]


def test_a_question_does_not_wait_for_a_publish_that_goes_on(root):
    (root / NAME).unlink()
    with files.locked(root):
        assert ask(root, 'SELECT count(*) FROM calls') == [(2,)]


def test_an_older_catalog_shows_the_tables_as_they_were(root):
    landing.put(root, result('c1', turns=2))
    landing.put(root, result('c3'))
    publish(root)
    assert ask(root, 'SELECT count(*) FROM turns', as_of=1) == [(8,)]
    assert ask(root, 'SELECT count(*) FROM turns', as_of=2) == [(10,)]
    assert ask(root, 'SELECT count(*) FROM turns') == [(10,)]
    assert catalog.numbers(root) == [1, 2]
    for number in (0, 3, -1):
        with pytest.raises(WarehouseError, match=f'no catalog {number}: .* has 1 to 2'):
            ask(root, 'SELECT 1', as_of=number)


def test_a_warehouse_that_is_not_there_is_an_error_that_makes_nothing(tmp_path):
    with pytest.raises(WarehouseError) as e:
        run_sql(tmp_path / 'none', 'SELECT 1')
    assert str(tmp_path / 'none') in str(e.value) and '--warehouse' in e.value.way_out
    assert not (tmp_path / 'none').exists()


def test_a_damaged_catalog_is_named_with_a_way_out(root):
    catalog.path_of(root, 1).write_text('{')
    with pytest.raises(WarehouseError) as e:
        ask(root, 'SELECT 1')
    assert 'catalog/1.json' in str(e.value) and 'backup' in e.value.way_out
    with pytest.raises(WarehouseError):
        publish(root)


def test_every_table_and_column_carries_its_meaning(root):
    with open_readonly(root) as con:
        views = dict(con.execute('SELECT view_name, comment FROM duckdb_views() '
                                 'WHERE NOT internal').fetchall())
        columns = {(t, c): comment for t, c, comment in con.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() "
            "WHERE database_name = 'etiquette'").fetchall()}
    assert all(views.values()), views
    for name, table in TABLES.items():
        for field in table.schema:
            assert columns[name, field.name] == field.metadata[b'comment'].decode()


def test_kpis_and_views_show_the_chosen_standard_and_kpis_all_every_one(tmp_path):
    landing.put(tmp_path, result('c1', standards=('default', 'ja')))
    publish(tmp_path, standard='ja')
    assert ask(tmp_path, 'SELECT standard FROM kpis') == [('ja',)]
    assert ask(tmp_path, 'SELECT standard FROM kpis_all ORDER BY 1') == [('default',), ('ja',)]
    assert ask(tmp_path, 'SELECT calls FROM agent_day') == [(1,)]
    assert ask(tmp_path, 'SELECT sum(passed) FROM rule_compliance') == [(1,)]
    assert publish(tmp_path, standard='default').catalog_version == 2
    assert ask(tmp_path, 'SELECT standard FROM kpis') == [('default',)]


# Views

@pytest.mark.parametrize('name', VIEW_NAMES)
def test_a_view_says_which_question_it_answers_and_answers_it_on_an_empty_warehouse(
        root, tmp_path, name):
    sql = (VIEWS / f'{name}.sql').read_text()
    header = database.comment_of(sql)
    assert header and ('?' in header or 'dashboards' in header)
    assert f'CREATE VIEW {name} AS' in sql
    publish(tmp_path / 'empty')
    assert ask(tmp_path / 'empty', f'SELECT * FROM {name}') == []
    assert run_sql(root, f'SELECT * FROM {name}').columns


def test_fleet_figures_pool_their_parts(tmp_path):
    for call_id, interruptions, talk_s in (('long', 1, 600.0), ('short', 1, 60.0),
                                           ('mono', None, 300.0)):
        whole = result(call_id)
        landing.put(tmp_path, replace(whole, kpis=(replace(
            whole.kpis[0], agent_interruptions=interruptions, caller_talk_s=talk_s,
            agent_talk_s=talk_s),)))
    publish(tmp_path)
    ((rate, known, count),) = ask(tmp_path, """
        SELECT agent_interruptions_per_min, calls_interruptions_known, agent_interruptions
        FROM agent_day""")
    assert (known, count) == (2, 2)
    assert rate == pytest.approx(2 / 11)  # 2 in 11 minutes; the mean of the rates would be 0.55


def test_worst_calls_come_worst_first_with_what_they_failed(root):
    assert ask(root, 'SELECT call_id, etiquette_score, failed FROM worst_calls') == [
        ('c2', 40.0, ['rule-1: heard']), ('c1', 80.0, ['rule-1: heard'])]


def test_an_interruption_is_shown_with_what_was_cut_off(tmp_path):
    whole = result('c1')
    overlaps = [('interruption_taken', 1.0, 1.6), ('interruption_taken', 1.0, 1.4),
                ('backchannel', 1.0, 1.9)]
    events = (*whole.events, *(Event(5 + n, 'overlap', label, 'caller', start, end)
                               for n, (label, start, end) in enumerate(overlaps)))
    landing.put(tmp_path, replace(whole, events=events, kpis=(
        replace(whole.kpis[0], caller_interruptions=1),)))
    publish(tmp_path)
    assert ask(tmp_path, """SELECT interrupter, outcome, round(overlap_s, 3), cut_off_text
        FROM interruptions""") == [
        ('caller', 'interruption_taken', 0.6, 'word0 word1 word2')]
    ((shape,),) = ask(tmp_path, 'SELECT ConversationCharacteristics FROM tca_call_summary')
    assert shape['Interruptions'] == {
        'TotalCount': 1, 'TotalTimeMillis': 600, 'InterruptionsByInterrupter': {
            'AGENT': [], 'CUSTOMER': [{'BeginOffsetMillis': 1000, 'DurationMillis': 600,
                                       'EndOffsetMillis': 1600}]}}
    assert shape['NonTalkTime']['TotalTimeMillis'] == 2000
    assert shape['TotalConversationDurationMillis'] == 10000


def test_interruptions_are_counted_from_four_lengths_on_per_minute_of_who_is_cut_off(tmp_path):
    lengths = {'interruption_failed': 0.3, 'interruption_taken': 0.75, 'contested': 1.0,
               'backchannel': 0.5}
    for call_id, count in (('stereo', 2), ('mono', None)):
        whole = result(call_id)
        events = (*whole.events, *(
            Event(5 + n, 'overlap', label, 'agent', 0.0, length)
            for n, (label, length) in enumerate(lengths.items())))
        landing.put(tmp_path, replace(whole, events=events, kpis=(
            replace(whole.kpis[0], agent_interruptions=count, caller_talk_s=30.0),)))
    publish(tmp_path)
    columns = [f'agent_interruptions_{ms}ms' for ms in (300, 500, 1000, 2000)]
    assert ask(tmp_path, f'''SELECT call_id, {', '.join(columns)}, caller_interruptions_300ms,
        agent_interruptions_500ms_per_min FROM interruption_sensitivity ORDER BY 1''') == [
        ('mono', *[None] * 6), ('stereo', 3, 2, 1, 0, 0, 4.0)]


def test_the_pca_table_has_the_columns_and_types_of_the_one_it_stands_for(root):
    rows = run_sql(root, 'FROM pca_flat ORDER BY guid')
    assert rows.columns == (
        'guid', 'agent', 'cust', 'conversationlocation', 'languagecode', 'conversationtime',
        'processtime', 'duration', 'customer_sentimentscore', 'agent_sentimentscore',
        'customer_totaltimesecs', 'agent_totaltimesecs', 'nontalktime', 'combinedanalyticsgraph',
        'actionitemsdetectedtext', 'issuesdetectedtext', 'outcomesdetectedtext',
        'categoriesdetectedtext', 'customentities', 'categoriesdetected', 'url_to_display',
        'summary', 'partitiontimestamp')
    assert rows.types[5] == 'VARCHAR' and rows.types[19] == 'VARCHAR[]'
    first = dict(zip(rows.columns, next(rows.rows()), strict=True))
    assert first['conversationlocation'] == 'UTC' and first['partitiontimestamp'] == '2026/11/04'
    assert first['conversationtime'] == '2026-11-04 09:30:00' and first['nontalktime'] == 2.0
    assert first['categoriesdetected'] == ['rule-1'] and first['issuesdetectedtext'] is None
