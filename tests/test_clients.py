"""Other programs that open the warehouse: pandas, polars, Delta readers, clients in the way."""

import os
import subprocess
import sys

import duckdb
import polars
import pytest
from deltalake import DeltaTable

from tests.results import result
from warehouse import landing
from warehouse.database import NAME
from warehouse.publish import publish
from warehouse.query import run_sql


@pytest.fixture
def root(tmp_path):
    root = tmp_path / 'w'
    landing.put(root, result('c1'))
    landing.put(root, result('c2', day=None, score=None))
    publish(root)
    return root


def rows(root, sql):
    return list(run_sql(root, sql).rows())


def test_pandas_and_polars_frames_have_the_types_and_the_nulls(root):
    with duckdb.connect(str(root / NAME), read_only=True) as con:
        query = con.sql('''SELECT call_id, call_date, etiquette_score, hold_count
            FROM kpis ORDER BY 1''')
        frame, pandas = query.pl(), query.df()
    assert frame.schema == {'call_id': polars.String, 'call_date': polars.Date,
                            'etiquette_score': polars.Float64, 'hold_count': polars.Int32}
    assert frame['etiquette_score'].to_list() == [80.0, None]
    assert list(pandas.columns) == frame.columns and pandas['call_id'].to_list() == ['c1', 'c2']
    assert pandas['etiquette_score'].isna().to_list() == [False, True]


@pytest.mark.parametrize('view', ['agent_day', 'agent_week', 'tca_call_summary', 'pca_flat',
                                  'coaching_agents', 'heard_and_told', 'hold_by_hour'])
def test_a_view_goes_into_a_frame_with_its_lists_and_structs(root, view):
    with duckdb.connect(str(root / NAME), read_only=True) as con:
        assert con.sql(f'FROM {view}').pl().height == con.sql(f'FROM {view}').df().shape[0]


def test_the_tables_are_read_without_duckdb_as_delta_tables(root):
    folder = str(root / 'tables' / 'kpis')
    frame = polars.scan_delta(folder).select('call_id', 'call_date', 'etiquette_score').collect()
    assert sorted(frame['call_id']) == ['c1', 'c2']
    assert [str(day) for day in frame.sort('call_id')['call_date']] == ['2026-11-04', 'None']
    names = [field.name for field in DeltaTable(folder).schema().fields]
    assert {'call_id', 'call_date', 'standard'} <= set(names)


def test_a_question_from_another_folder_and_a_relative_warehouse_give_the_same(root, tmp_path):
    code = 'import sys, duckdb; print(duckdb.connect(sys.argv[1], read_only=True)' \
           '.execute("SELECT count(*) FROM words").fetchone()[0])'
    for cwd, path in (('/', root / NAME), (tmp_path, f'w/{NAME}')):
        ran = subprocess.run([sys.executable, '-c', code, str(path)], cwd=cwd, text=True,
                             capture_output=True, check=True)
        assert ran.stdout.strip() == '24'


def test_publishes_go_on_under_a_client_that_asks_all_the_while(root):
    with duckdb.connect(str(root / NAME), read_only=True) as con:
        for n in range(3):
            landing.put(root, result(f'new-{n}'))
            publish(root)
            assert con.execute('SELECT count(*), count(DISTINCT call_id) FROM findings'
                               ).fetchone() == (4, 2)
    with duckdb.connect(str(root / NAME), read_only=True) as con:
        assert con.execute('SELECT count(*) FROM calls').fetchone() == (5,)


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write to a file of mode 0444')
def test_a_client_without_the_right_to_write_is_told_so_and_locks_nobody_out(root):
    with pytest.raises(duckdb.Error, match=r'(?i)read.only|permission'):
        duckdb.connect(str(root / NAME))
    assert rows(root, 'SELECT count(*) FROM calls') == [(2,)]


def test_a_client_that_writes_holds_up_neither_questions_nor_publishes_and_its_tables_go(root):
    with duckdb.connect(str(root / NAME)) as con:  # by mistake, as root
        con.execute('CREATE TABLE mine AS SELECT 1 AS a')
        landing.put(root, result('c3'))
        publish(root)
        assert rows(root, 'SELECT count(*) FROM calls') == [(3,)]
        con.execute('INSERT INTO mine VALUES (2)')
    assert rows(root, 'SELECT count(*) FROM calls') == [(3,)]
    assert ('mine',) not in rows(root, 'SHOW TABLES')
    assert not list(root.glob(f'{NAME}.*'))
