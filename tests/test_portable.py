"""The same graph on other runners gives the same tables."""

import pytest

from tests.conftest import QUICK, SAMPLES, etiquette, rows
from tests.flink import flink_flags, flink_jar
from tests.test_killed import tables

EMBEDDED = ['--runner=PortableRunner', '--job_endpoint=embed', '--environment_type=LOOPBACK']


@pytest.fixture(scope='module')
def batch(tmp_path_factory):
    folder = tmp_path_factory.mktemp('calls')
    for name in ('us-in-order.flac', 'de-hold-music.ogg', 'silent.flac'):
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    (folder / 'broken.wav').write_text('not audio')
    return folder


@pytest.fixture(scope='module')
def local(batch, tmp_path_factory):
    return run_on(batch, tmp_path_factory.mktemp('local'), [])


def run_on(batch, root, flags):
    ran = etiquette('run', batch, '--config', QUICK, '--warehouse', root, *flags)
    assert ran.code == 1, ran.err  # one call is rejected
    (run,) = rows(root, 'SELECT * FROM runs')
    assert (run['calls_in'], run['calls_published'], run['calls_rejected']) == (4, 3, 1)
    return tables(root)


def test_the_portable_runner_gives_the_tables_of_the_local_one(batch, local, tmp_path):
    assert run_on(batch, tmp_path, EMBEDDED) == local


@pytest.mark.slow
def test_embedded_flink_gives_the_tables_of_the_local_one(batch, local, tmp_path):
    assert run_on(batch, tmp_path, flink_flags(flink_jar())) == local
