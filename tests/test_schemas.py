import pytest

from warehouse.records import Call, Event, Finding, Kpis, Reject, Run, Turn, Words
from warehouse.schemas import TABLES

RECORDS = {'calls': Call, 'turns': Turn, 'words': Words, 'events': Event, 'findings': Finding,
           'kpis': Kpis, 'rejects': Reject, 'runs': Run}


@pytest.mark.parametrize('name', RECORDS)
def test_a_table_has_the_columns_of_its_record(name):
    added = set() if name in ('calls', 'rejects', 'runs') else {'call_id', 'call_date'}
    added |= {'word'} if name == 'words' else set()
    assert set(TABLES[name].schema.names) == set(RECORDS[name].__annotations__) | added


@pytest.mark.parametrize('name', TABLES)
def test_every_column_says_what_it_means(name):
    assert TABLES[name].comment
    for field in TABLES[name].schema:
        assert len(field.metadata[b'comment']) >= 3, field.name


@pytest.mark.parametrize('name', TABLES)
def test_seconds_are_doubles_and_instants_are_in_utc(name):
    for field in TABLES[name].schema:
        if field.name.endswith('_s'):
            assert str(field.type) in ('double', 'list<item: double>'), field.name
        if field.name.endswith('_at'):
            assert str(field.type) == 'timestamp[us, tz=UTC]', field.name


@pytest.mark.parametrize('name', TABLES)
def test_a_key_is_made_of_columns(name):
    assert set(TABLES[name].key) <= set(TABLES[name].schema.names)


def test_rows_of_a_call_lie_in_the_folder_of_its_date():
    assert all(table.by_date for table in TABLES.values() if table.of_a_call)
    assert all('call_date' in t.schema.names for t in TABLES.values() if t.by_date)
