"""`etiquette tables`: what there is to ask, without a warehouse."""

import json

import pytest

from pipeline.cli import run_command
from warehouse.describe import describe
from warehouse.publish import publish
from warehouse.query import run_sql


def test_every_table_and_view_is_listed(capsys):
    assert run_command(['tables']) == 0
    out = capsys.readouterr().out
    assert all(f' {one.name} ' in out for one in describe())


def test_one_is_shown_with_its_columns_types_and_meanings(capsys):
    assert run_command(['tables', 'kpis']) == 0
    out = capsys.readouterr().out
    assert 'hold_longest_s' in out and 'DOUBLE' in out and 'The longest hold' in out
    assert run_command(['tables', 'holds', '--format', 'json']) == 0
    (holds,) = json.loads(capsys.readouterr().out)
    assert holds['is_view'] and {'name': 'duration_s', 'type': 'DOUBLE',
                                 'means': 'How long it lasted'} in holds['columns']


def test_an_unknown_name_brings_the_nearest(capsys):
    assert run_command(['tables', 'agent_dai']) == 2
    assert 'Did you mean `agent_day`?' in capsys.readouterr().err


def test_a_warehouse_carries_the_same_columns_types_and_meanings(tmp_path):
    publish(tmp_path)
    stored = {(row[0], row[1]): row[2:] for row in run_sql(tmp_path, '''
        SELECT table_name, column_name, data_type, comment FROM duckdb_columns()
        WHERE database_name = 'etiquette' AND NOT internal''').rows()}
    for one in describe():
        for column in one.columns:
            kind, comment = stored[one.name, column.name]
            assert kind == column.type, (one.name, column.name)
            assert comment in (None, column.means) or not one.is_view


@pytest.mark.parametrize('view, column', [('agents_compared', 'score_lo'), ('holds', 'started_at'),
                                          ('coaching_agents', 'rank')])
def test_a_comment_behind_a_column_of_a_view_is_its_comment_in_duckdb(tmp_path, view, column):
    publish(tmp_path)
    ((comment,),) = run_sql(tmp_path, '''SELECT comment FROM duckdb_columns()
        WHERE table_name = $view AND column_name = $column''',
                              parameters={'view': view, 'column': column}).rows()
    assert comment in {c.means for one in describe() if one.name == view for c in one.columns}
    assert comment
