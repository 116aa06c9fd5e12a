"""Commands that change the tables, killed at any moment; and a disk that is full or read-only."""

import shutil

import pytest

from tests.killing import begun, dump, killed_after, moments, seconds_of, stopped_at
from tests.upkeep_commands import (
    CALLER,
    erase_caller,
    maintain_all,
    prepare,
    publish_all,
    rescore_all,
)
from warehouse import catalog, commit, database, erase, history, maintain, rewrite, tables
from warehouse.proof import search

COMMANDS = {'publish': publish_all, 'rescore': rescore_all, 'maintain': maintain_all,
            'erase': erase_caller}


@pytest.fixture(scope='module')
def prepared(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp('prepared') / 'w')


@pytest.fixture(scope='module')
def copy_of(prepared, tmp_path_factory):
    def copy():
        folder = tmp_path_factory.mktemp('copy')
        shutil.copy(prepared.parent / 'standard.yaml', folder)
        return shutil.copytree(prepared, folder / 'w')
    return copy


@pytest.fixture(scope='module')
def undisturbed(copy_of):
    """name -> (what the tables hold after the command, seconds it takes)"""
    out = {}
    for name, command in COMMANDS.items():
        root = copy_of()
        took_s = seconds_of(command, root)
        out[name] = dump(root), took_s
    return out


def check_whole(name, root, before, after):
    """Nothing of the killed command is seen, or all of it."""
    seen = dump(root)
    assert seen in (before, after), name


def check_done(name, root, after):
    COMMANDS[name](root)
    assert dump(root) == after
    assert not list(root.glob('.staging-*')) and not list(root.glob('.building-*'))
    if name == 'erase':
        assert not search(root, [CALLER]).hits and not (root / erase.NOTE).exists()
    if name == 'maintain':
        assert not maintain.maintain(root, retention_s=0, target_bytes=10**8).anything


@pytest.mark.slow
@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_killed_fifty_times_loses_nothing_and_doubles_nothing(
        name, copy_of, prepared, undisturbed):
    before, (after, within_s) = dump(prepared), undisturbed[name]
    left, killed = 50, 0
    while left > 0 or not killed:
        root = copy_of()
        for moment in moments(max(1, min(left, 3)), within_s):
            killed += killed_after(begun(COMMANDS[name], root), moment)
            check_whole(name, root, before, after)
            left -= 1
        check_done(name, root, after)
        shutil.rmtree(root.parent)
        if not killed:  # the command is faster now than when it was timed
            within_s /= 2


def test_after_any_killed_command_another_one_makes_the_tables_good(
        copy_of, prepared, undisturbed):
    before, published = dump(prepared), undisturbed['publish'][0]
    for name in ('maintain', 'rescore'):
        root = copy_of()
        (moment,) = moments(1, undisturbed[name][1])
        begun_one = begun(COMMANDS[name], root)
        if killed_after(begun_one, moment) and dump(root) == before:
            publish_all(root)
            assert dump(root) == published, name


def slow(*point):
    return pytest.param(*point, marks=pytest.mark.slow)


UPKEEP = [(maintain, 'joined', 2), slow(maintain, 'swap_files', 0), (maintain, 'swap_files', 2),
          slow(rewrite, 'sync', 1), slow(tables, 'sync_new', 1), slow(database, 'build', 0),
          (catalog, 'save', 0), slow(database, 'install', 0), slow(maintain, 'remove_catalogs', 1),
          (maintain, 'remove_old', 12), slow(history, '_logs_before', 10),
          slow(tables, 'open_at', 60)]


@pytest.mark.parametrize('module, name, nth', UPKEEP)
def test_an_upkeep_stopped_at_any_step_changes_no_row_and_the_next_goes_on(
        module, name, nth, monkeypatch, copy_of, prepared):
    root = copy_of()
    with stopped_at(monkeypatch, module, name, nth):
        maintain_all(root)
    assert dump(root) == dump(prepared)
    check_done('maintain', root, dump(prepared))


ERASURE = [slow(erase, 'joined', 0), (erase, 'swap_files', 3), slow(tables, 'replace_all', 0),
           slow(erase, 'write_derived', 0), slow(tables, 'commit_clean', 4),
           slow(catalog, 'save', 0), (database, 'install', 0), slow(erase, '_remove_landed', 0),
           slow(erase, 'remove_catalogs', 0), slow(erase, 'remove_old', 0),
           (erase, 'remove_old', 5), slow(erase, 'search', 0)]


@pytest.mark.parametrize('module, name, nth', ERASURE)
def test_an_erasure_stopped_at_any_step_is_finished_by_the_same_command(
        module, name, nth, monkeypatch, copy_of, prepared, undisturbed):
    root = copy_of()
    with stopped_at(monkeypatch, module, name, nth):
        erase_caller(root)
    check_whole('erase', root, dump(prepared), undisturbed['erase'][0])
    check_done('erase', root, undisturbed['erase'][0])


def test_an_upkeep_after_one_that_was_stopped_before_it_was_seen_sets_the_tables_back(
        monkeypatch, copy_of, prepared):
    root = copy_of()
    with stopped_at(monkeypatch, commit.catalogs, 'save'):
        maintain_all(root)
    said = []
    maintain.maintain(root, retention_s=0, target_bytes=10**8, say=said.append)
    assert any('was set back' in line for line in said)
    assert dump(root) == dump(prepared)
