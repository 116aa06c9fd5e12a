"""Exports that were killed, and what the next one into the same folder finds."""

import os
import time
import uuid

import pytest

from tests.exports import made
from tests.killing import begun
from tests.results import result
from warehouse import landing
from warehouse.export import destination
from warehouse.publish import publish

NOBODY = 2 ** 22 + 1  # beyond the greatest process id there can be


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    landing.put(root, result())
    publish(root)
    return root


def left(folder, host=None, pid=NOBODY):
    """What an export of a process that was killed leaves."""
    path = folder / (f'.etiquette-export-{host or os.uname().nodename}-{pid}-'
                     f'{uuid.uuid4().hex}.part')
    (path / 'new').mkdir(parents=True)
    (path / 'new' / 'calls.csv').write_text('call_id\r\n')
    return path


def days_old(path, days):
    for one in (*path.rglob('*'), path):
        os.utime(one, (time.time() - days * 86400,) * 2)
    return path


def die_half_way(out):
    with destination.whole_folder(out) as folder:
        (folder / 'calls.csv').write_text('call_id\r\n')
        os._exit(9)


def hidden(folder):
    return {path for path in folder.iterdir() if path.name.startswith('.')}


@pytest.mark.parametrize('format', ['csv', 'duckdb'])
def test_what_a_killed_export_left_goes_with_the_next_export_into_the_same_folder(
        root, tmp_path, format):
    process = begun(die_half_way, tmp_path / 'b')
    process.join()
    assert process.exitcode == 9 and len(hidden(tmp_path)) == 1
    left(tmp_path)
    made(root, format, tmp_path, tables=('runs',))
    assert not hidden(tmp_path) and not (tmp_path / 'b').exists()


def test_an_export_that_still_writes_is_left_alone_however_long_it_takes(root, tmp_path):
    own = days_old(left(tmp_path, pid=os.getpid()), 3)
    (own / 'new' / 'calls.csv').write_text('call_id\r\nc1\r\n')
    made(root, 'csv', tmp_path, tables=('runs',))
    assert hidden(tmp_path) == {own}


def test_a_process_that_has_the_number_of_a_dead_export_keeps_nothing_for_more_than_a_day(
        root, tmp_path):
    days_old(left(tmp_path, pid=os.getpid()), 2)
    made(root, 'csv', tmp_path, tables=('runs',))
    assert not hidden(tmp_path)


def test_what_another_machine_left_goes_after_a_day(root, tmp_path):
    young, old = left(tmp_path, 'elsewhere'), days_old(left(tmp_path, 'else-where'), 2)
    nameless = old.rename(tmp_path / f'.etiquette-export-{uuid.uuid4().hex}.part')
    days_old(left(tmp_path, 'elsewhere'), 2)
    made(root, 'csv', tmp_path, tables=('runs',))
    assert hidden(tmp_path) == {young} and not nameless.exists()


def test_a_folder_whose_export_was_killed_as_it_was_replaced_is_there_again(root, tmp_path):
    before = made(root, 'csv', tmp_path, tables=('runs',))
    (left(tmp_path) / 'old').mkdir()
    (half,) = hidden(tmp_path)
    before.rename(half / 'old' / before.name)  # killed between the two renames
    made(root, 'duckdb', tmp_path, tables=('runs',))
    assert (before / 'runs.csv').exists() and not hidden(tmp_path)


def test_every_file_of_a_folder_would_survive_a_power_cut_before_it_is_seen(
        root, tmp_path, monkeypatch):
    out, synced = tmp_path / 'a', []
    real = destination.sync

    def sync(path):
        synced.append((path.name, out.exists()))
        real(path)
    monkeypatch.setattr(destination, 'sync', sync)
    made(root, 'csv', tmp_path, tables=('runs', 'calls'))
    before = {name for name, seen in synced if not seen}
    assert before == {'runs.csv', 'calls.csv', 'export.json', 'new'}
    assert synced[-1] == (tmp_path.name, True)
