"""The rows of a query as a person sees them."""

import pytest

from pipeline.show import print_rows
from tests.results import result
from warehouse import landing
from warehouse.publish import publish
from warehouse.query import run_sql


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('shown')
    landing.put(root, result('c1'))
    landing.put(root, result('c2'))
    publish(root)
    return root


@pytest.fixture
def shown(root, capsys):
    def of(sql):
        print_rows(run_sql(root, sql), 'table')
        return capsys.readouterr().out.splitlines()
    return of


def test_columns_that_have_room_stand_side_by_side(shown):
    lines = shown('SELECT call_id, duration_s FROM calls ORDER BY 1')
    assert lines[1].split() == ['call_id', 'duration_s']
    assert [line.split()[0] for line in lines[3:5]] == ['c1', 'c2']


def test_columns_that_have_no_room_stand_a_line_each(shown):
    lines = shown('FROM kpis ORDER BY call_id')
    starts = [n for n, line in enumerate(lines) if line.startswith('row ')]
    assert [lines[n].split('─')[0].strip() for n in starts] == ['row 1 of 2', 'row 2 of 2']
    for n, call_id in zip(starts, ('c1', 'c2'), strict=True):
        assert ['call_id', call_id] in [line.split() for line in lines[n:]]
    assert max(map(len, lines)) <= 118


def test_a_long_word_alone_does_not_turn_a_table_into_lines(shown):
    lines = shown("SELECT call_id, repeat('x', 300) AS long FROM calls ORDER BY 1")
    assert lines[1].split() == ['call_id', 'long']


def test_an_answer_without_rows_says_of_which_columns(shown):
    assert shown('FROM kpis WHERE false')[0].startswith('no rows of ')
    assert shown('SELECT call_id FROM calls WHERE false')[1].split() == ['call_id']


def test_names_in_markup_are_shown_as_they_are(shown):
    columns = ', '.join(f'{n} AS "[red]column {n}[/red]"' for n in range(12))
    assert '[red]column 11[/red]  11' in [line.strip() for line in shown(f'SELECT {columns}')]
