import csv
import io
import json
from datetime import date, datetime, timezone

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.results import result
from warehouse import landing
from warehouse.errors import QueryError
from warehouse.publish import publish
from warehouse.query import run_sql, to_arrow, to_csv, to_json, to_parquet


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    landing.put(root, result('c1'))
    landing.put(root, result('c2', day=None, agent='=cmd|"x"!A1'))
    publish(root)
    return root


def ask(root, sql, **kwargs):
    return list(run_sql(root, sql, **kwargs).rows())


def refused(root, sql):
    with pytest.raises(QueryError) as e:
        ask(root, sql)
    assert e.value.way_out
    return str(e.value)


@pytest.mark.parametrize('sql', [
    'SELECT count(*) FROM calls', 'FROM calls SELECT count(*)', 'SELECT count(*) FROM calls;',
    '-- how many?\nSELECT count(*) FROM calls', 'WITH c AS (FROM calls) SELECT count(*) FROM c',
    '(SELECT count(*) FROM calls)'])
def test_a_question_is_answered(root, sql):
    assert ask(root, sql) == [(2,)]


@pytest.mark.parametrize('sql', [
    'SHOW TABLES', 'DESCRIBE kpis', 'SUMMARIZE calls', 'VALUES (1)', 'EXPLAIN SELECT 1',
    'EXPLAIN ANALYZE SELECT count(*) FROM calls', 'PIVOT kpis ON standard USING count(*)'])
def test_so_is_what_else_only_reads(root, sql):
    assert ask(root, sql)


@pytest.mark.parametrize('sql, kind', [
    ("COPY calls TO '{root}/out.csv'", 'COPY'), ("COPY (SELECT 1) TO '/tmp/out.csv'", 'COPY'),
    ("ATTACH '{root}/other.duckdb'", 'ATTACH'), ("ATTACH ':memory:' AS m", 'ATTACH'),
    ('INSTALL httpfs', 'LOAD'), ('LOAD httpfs', 'LOAD'), ('SET threads = 1', 'SET'),
    ('PRAGMA version', 'PRAGMA'), ('CALL pragma_version()', 'CALL'), ('CHECKPOINT', 'CALL'),
    ("INSERT INTO calls SELECT * FROM calls", 'INSERT'), ('DELETE FROM calls', 'DELETE'),
    ("UPDATE calls SET call_id = 'x'", 'UPDATE'), ('DROP VIEW calls', 'DROP'),
    ('CREATE TABLE t (a INT)', 'CREATE'), ('CREATE TEMP TABLE t (a INT)', 'CREATE'),
    ("EXPORT DATABASE '{root}/out'", 'EXPORT'), ('USE memory', 'SET'),
    ('SET VARIABLE x = 1', 'SET'), ('PREPARE p AS SELECT 1', 'PREPARE'),
    ("EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/out.csv'", 'COPY'),
    ("EXPLAIN (ANALYZE, FORMAT json) COPY (SELECT 1) TO '{root}/out.csv'", 'COPY')])
def test_what_is_no_question_is_refused_by_name_and_does_nothing(root, sql, kind):
    before = sorted(root.rglob('*'))
    assert f'questions only, and this is {kind}' in refused(root, sql.format(root=root))
    assert sorted(root.rglob('*')) == before


@pytest.mark.parametrize('sql', [
    "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'", "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM read_blob('{root}/../../../../../etc/passwd')",
    "SELECT * FROM read_parquet('http://127.0.0.1:1/x.parquet')",
    "SELECT * FROM query('FROM read_text(''/etc/passwd'')')",
    "SELECT * FROM sniff_csv('/etc/passwd')", "FROM read_duckdb('/etc/passwd')"])
def test_no_file_outside_the_warehouse_can_be_read(root, sql):
    assert 'root:' not in refused(root, sql.format(root=root))


@pytest.mark.parametrize('sql', ['SELECT 1; SELECT 2', 'SELECT 1; DROP VIEW calls', '', ' ; ',
                                 '-- only a comment'])
def test_one_statement_is_answered_at_a_time(root, sql):
    assert 'one statement is answered at a time' in refused(root, sql)


@pytest.mark.parametrize('sql, hint', [
    ('SELECT agent_interuptions FROM kpis', 'agent_interruptions (in '),
    ('SELECT Ring_To_Answer FROM kpis', 'ring_to_answer_s (in '),
    ('SELECT k.hold_totals FROM kpis k', 'hold_total_s (in '),
    ('SELECT * FROM kpi', 'Nearest: kpis'), ('SELECT * FROM agents_day', 'agent_day')])
def test_a_name_that_is_not_there_brings_the_nearest(root, sql, hint):
    assert hint in refused(root, sql)


def test_a_name_that_resembles_nothing_says_how_to_look(root):
    assert 'DESCRIBE kpis' in refused(root, 'SELECT qqqqqq FROM kpis')


def test_a_slip_in_the_sql_is_shown_where_it_is(root):
    assert 'LINE 1: SELEC 1' in refused(root, 'SELEC 1')


def test_an_error_that_only_the_rows_bring_is_explained_too(root):
    assert 'out of luck' in refused(root, "SELECT error('out of luck') FROM calls")


def test_parameters_take_the_place_of_question_marks(root):
    assert ask(root, 'SELECT call_id FROM calls WHERE call_id = ?', parameters=["c1"]) == [('c1',)]
    assert ask(root, 'SELECT $a + 1', parameters={'a': 1}) == [(2,)]
    assert ask(root, 'SELECT call_id FROM calls WHERE call_id = ?',
               parameters=["' OR 1=1 --"]) == []


def test_values_are_pythons_own_and_sums_of_integers_are_integers(root):
    rows = run_sql(root, """SELECT sum(agent_interruptions) AS n, max(call_date) AS d,
        TIMESTAMPTZ '2026-11-04 10:00:00+01' AS t, [1, 2] AS l, {'a': 1} AS s, NULL AS x
        FROM kpis""")
    assert rows.columns == ('n', 'd', 't', 'l', 's', 'x')
    ((n, d, t, items, struct, x),) = rows.rows()
    assert (n, d, items, struct, x) == (0, date(2026, 11, 4), [1, 2], {'a': 1}, None)
    assert isinstance(n, int)
    assert t == datetime(2026, 11, 4, 9, tzinfo=timezone.utc) and t.utcoffset().seconds == 0


def test_a_name_that_occurs_twice_is_told_apart(root):
    assert run_sql(root, 'SELECT 1 AS a, 2 AS a, 3 AS a_2').columns == ('a', 'a_2', 'a_2_2')


def test_csv_reads_back_as_written(root):
    text = to_csv(run_sql(root, """SELECT call_id, agent_id, call_date, [1, 2] AS l,
        'a "quoted", line' || chr(10) || 'break' AS text FROM kpis ORDER BY 1"""))
    assert list(csv.reader(io.StringIO(text))) == [
        ['call_id', 'agent_id', 'call_date', 'l', 'text'],
        ['c1', 'a7', '2026-11-04', '[1, 2]', 'a "quoted", line\nbreak'],
        ['c2', '\'=cmd|"x"!A1', '', '[1, 2]', 'a "quoted", line\nbreak']]


def test_a_formula_in_a_csv_is_text_unless_it_is_asked_for_raw(root):
    sql = '''SELECT '@SUM(A1)' AS "=a", -3.5 AS n, -1 AS i, ['=b'] AS l, '+1555' AS t, NULL AS x'''
    assert to_csv(run_sql(root, sql)) == (
        "'=a,n,i,l,t,x\n'@SUM(A1),-3.5,-1,\"[\"\"=b\"\"]\",'+1555,\n")
    assert to_csv(run_sql(root, sql), raw=True) == (
        '=a,n,i,l,t,x\n@SUM(A1),-3.5,-1,"[""=b""]",+1555,\n')


def test_json_is_a_list_of_objects_that_any_parser_takes(root):
    text = to_json(run_sql(root, """SELECT call_id, call_date, 'nan'::DOUBLE AS n, 1.5::DECIMAL(5,2)
        AS d, INTERVAL 90 SECOND AS i, {'l': ['é']} AS s, 'a'::BLOB AS b FROM calls ORDER BY 1"""))
    first, second = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    assert first == {'call_id': 'c1', 'call_date': '2026-11-04', 'n': None, 'd': 1.5,
                     'i': 'P0M0DT90S', 's': {'l': ['é']}, 'b': '61'}
    assert second['call_date'] is None
    assert json.loads(to_json(run_sql(root, 'FROM calls WHERE FALSE'))) == []


def test_parquet_and_arrow_keep_the_types(root):
    sql = 'SELECT call_id, call_date, duration_s FROM calls ORDER BY 1'
    table = pq.read_table(io.BytesIO(to_parquet(run_sql(root, sql))))
    assert [str(t) for t in table.schema.types] == ['string', 'date32[day]', 'double']
    assert table['call_id'].to_pylist() == ['c1', 'c2']
    assert pa.ipc.open_stream(to_arrow(run_sql(root, sql))).read_all().equals(table)


def test_the_whole_answer_of_many_rows_arrives(root):
    rows = run_sql(root, 'SELECT range AS n FROM range(25000)')
    assert [n for (n,) in rows.rows()] == list(range(25000))


def test_two_questions_may_be_open_at_once(root):
    one, other = run_sql(root, 'SELECT 1'), run_sql(root, 'SELECT 2')
    assert (list(other.rows()), list(one.rows())) == ([(2,)], [(1,)])


def test_a_long_question_draws_no_bar_amid_its_answer(root):
    answer = run_sql(root, "SELECT current_setting('enable_progress_bar')")
    assert list(answer.rows()) == [(False,)]
