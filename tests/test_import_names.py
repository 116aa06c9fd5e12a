"""Calls by the names of their recordings."""

import pytest

from pipeline.rows import ManifestError
from tests.importing import by_id, imported, recording


def told(tmp_path, name, **options):
    """The cells of a recording of this name, but for its audio_uri."""
    recording(tmp_path / f'{name}.wav')
    result = imported('names', tmp_path, **options)
    assert not result.broken, result.broken
    (row,) = result.rows
    cells = dict(row.cells)
    assert cells.pop('audio_uri') == f'{name}.wav'
    return cells


BEGAN = '2024-03-04T08:30:02+00:00'


@pytest.mark.parametrize('kind, said', [
    ('q', {'direction': 'inbound', 'queue': '600', 'caller_id': '030123'}),
    ('exten', {'direction': 'inbound', 'agent_id': '600', 'caller_id': '030123'}),
    ('in', {'direction': 'inbound', 'caller_id': '030123'}),
    ('rg', {'direction': 'inbound', 'caller_id': '030123'}),
    ('out', {'direction': 'outbound', 'agent_id': '030123', 'caller_id': '600'}),
    ('force', {})])
def test_freepbx_names_say_kind_called_and_calling_number(tmp_path, kind, said):
    cells = told(tmp_path, f'{kind}-600-030123-20240304-093002-1709541000.101')
    assert cells == {'call_id': '1709541000.101', 'started_at': BEGAN, **said}


def test_the_zone_of_a_freepbx_name_is_read_from_its_uniqueid(tmp_path):
    assert told(tmp_path, 'in-1-2-20240304-143002-1709541000.1')['started_at'] == BEGAN
    # Ten minutes after its channel was made it might be a quarter of an hour by another clock.
    recording(tmp_path / 'in-1-2-20240304-094000-1709541000.2.wav')
    result = imported('names', tmp_path)
    assert [one.where.rpartition('/')[2] for one in result.broken] == [
        'in-1-2-20240304-094000-1709541000.2.wav']
    assert '--timezone' in result.broken[0].way_out
    assert len(imported('names', tmp_path, zone='Europe/Berlin').rows) == 2


@pytest.mark.parametrize('name, said', [
    ('[Ann Lee]_101-0301234567', {'direction': 'outbound', 'agent_id': '101',
                                  'caller_id': '0301234567'}),
    ('[0301234567]_0301234567-101', {'direction': 'inbound', 'agent_id': '101',
                                     'caller_id': '0301234567'}),
    ('[]_101-102', {})])
def test_a_3cx_name_says_who_called_whom_and_when(tmp_path, name, said):
    assert told(tmp_path, f'{name}_20240304093002(17)', zone='Europe/Berlin') == {
        'call_id': '3cx-20240304093002-17', 'started_at': BEGAN, **said}


def test_the_defaults_of_post_call_analytics_read_its_own_examples(tmp_path):
    assert told(tmp_path, 'Auto1_GUID_001_AGENT_AndrewK_DT_2021-12-01T07-55-51',
                zone='America/New_York') == {
        'call_id': '001', 'agent_id': 'AndrewK', 'started_at': '2021-12-01T12:55:51+00:00'}


def test_post_call_analytics_other_example_is_read_by_its_five_settings(tmp_path):
    name = ('AutoRepairs1_CUST_12345_GUID_2a602c1a-4ca3-4d37-a933-444d575c0222_AGENT_BobS_'
            'DATETIME_07.55.51.067-09-16-2021')
    assert told(tmp_path, name, zone='UTC', style='pca',
                datetime_regex=r'(\d{2}).(\d{2}).(\d{2}).(\d{3})-(\d{2})-(\d{2})-(\d{4})',
                datetime_field_map='%H %M %S %f %m %d %Y') == {
        'call_id': '2a602c1a-4ca3-4d37-a933-444d575c0222', 'agent_id': 'BobS',
        'caller_id': '12345', 'started_at': '2021-09-16T07:55:51.067000+00:00'}


@pytest.mark.parametrize('pattern, name, options, said', [
    ('{agent_id}_{date}_{time}', 'anna_2024-03-04_09-30-02', {}, {'agent_id': 'anna'}),
    ('{agent_id}_{date}_{time}', 'anna_04.03.2024_093002', {'date_order': 'dmy'},
     {'agent_id': 'anna'}),
    ('{queue}/{agent_id}-{datetime}-{}', 'sales/anna-20240304T093002-x9', {},
     {'queue': 'sales', 'agent_id': 'anna'}),
    ('{epoch}_{direction}_{caller_id}', '1709541002_inbound_030-1', {},
     {'direction': 'inbound', 'caller_id': '030-1'})])
def test_a_pattern_of_ones_own_names_columns(tmp_path, pattern, name, options, said):
    cells = told(tmp_path, name, zone='Europe/Berlin', pattern=pattern, **options)
    assert cells == {'started_at': BEGAN, **said}


@pytest.mark.parametrize('name, cause', [
    ('call', 'no known pattern'), ('[A]_1-2_20241304093002(1)', 'no date and time'),
    ('in-1-2-20240231-093002-1709541000.1', 'no date and time'),
    ('_GUID_1_2024-03-31T02-30-00', 'never occurs')])
def test_a_name_that_says_nothing_or_what_cannot_be_is_broken(tmp_path, name, cause):
    recording(tmp_path / f'{name}.wav')
    (one,) = imported('names', tmp_path, zone='Europe/Berlin').broken
    assert cause in one.cause and one.way_out


@pytest.mark.parametrize('options, told', [
    ({'pattern': '{agent}'}, 'is no column'), ({'agent_regex': '('}, 'no regular expression'),
    ({'guid_regex': 'x'}, 'no group'), ({'pattern': '{queue}{queue}'}, 'redefinition')])
def test_a_pattern_that_cannot_be_used_is_refused(tmp_path, options, told):
    with pytest.raises(ManifestError, match=told):
        imported('names', tmp_path, **options)


def test_one_guid_in_two_names_is_told_and_the_first_is_taken(tmp_path):
    for day in ('04', '05'):
        recording(tmp_path / f'a_GUID_7_DT_2024-03-{day}T09-30-02.wav')
    result = imported('names', tmp_path, zone='UTC')
    assert len(by_id(result)) == 1
    assert 'is also that of' in result.broken[0].cause


def test_groups_of_a_regex_that_found_nothing_are_left_out(tmp_path):
    assert told(tmp_path, 'x_CUST_12_GUID_7_', cust_regex='_CUST_(.*?)(-[a-z]+)?_') == {
        'call_id': '7', 'caller_id': '12'}
