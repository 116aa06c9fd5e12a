"""A disk that is full or read-only: a clear error, and the tables are as they were."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import environment
from tests.small_disk import COMMANDS
from tests.upkeep_commands import prepare

NAMESPACE = ['unshare', '-rm']


def can_mount():
    return bool(shutil.which('unshare')) and subprocess.run(
        [*NAMESPACE, 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /tmp'], check=False,
        capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not can_mount(), reason='no mount namespaces here')


@pytest.fixture(scope='module')
def prepared(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp('prepared') / 'w', count=3)


def on_small_disk(name, root, how):
    ran = subprocess.run([*NAMESPACE, sys.executable, '-m', 'tests.small_disk', name, str(root),
                          how], cwd=Path(__file__).parent.parent, env=environment(),
                         capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    return told['root'], told['attempts']


@pytest.mark.parametrize('name', COMMANDS)
def test_on_a_read_only_disk_a_command_names_the_folder_and_the_way_out(name, prepared):
    root, (told,) = on_small_disk(name, prepared, 'read-only')
    assert root in told['message'] and 'Read-only' in told['message']
    assert '--warehouse' in told['way_out'] and told['as_before']


@pytest.mark.slow
@pytest.mark.parametrize('name', COMMANDS)
def test_on_a_full_disk_a_command_says_so_changes_nothing_and_goes_on_once_there_is_room(
        name, prepared):
    root, attempts = on_small_disk(name, prepared, 'full')
    *failed, last = attempts
    assert failed and last['message'] is None
    for told in failed:
        assert root in told['message'], told
        assert 'space' in told['message'] and 'same command again' in told['way_out'], told
        assert told['as_before'], told
    assert last['as_before'] is (name == 'maintain')
