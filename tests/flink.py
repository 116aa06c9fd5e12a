"""Beam's Flink job server for tests: where its jar is, and the flags that run a pipeline on it.

The embedded Flink is a Java process that Beam starts from the job-server jar and ends with the
test process; our own code runs in the test process (the LOOPBACK environment).
"""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import apache_beam
import pytest

JAR_VARIABLE = 'ETIQUETTE_FLINK_JAR'
GROUP = 'org.apache.beam'
ARTIFACT = 'beam-runners-flink-1.19-job-server'
# The jar is one large file; a registry that has not sent it by then is as good as none.
FETCH_LIMIT_S = 300


def flink_jar() -> Path:
    """The job-server jar: the file named by ETIQUETTE_FLINK_JAR, else one in the local Maven
    repository that is of the installed Beam's version, else fetched with Maven.

    Skips the calling test, saying why, where none can be had. A variable that names no file fails
    the test instead: whoever set it wanted Flink to be tested.
    """
    named = os.environ.get(JAR_VARIABLE)
    if named:
        if not Path(named).is_file():
            pytest.fail(f'{JAR_VARIABLE} names no file: {named}')
        return Path(named)
    if shutil.which('java') is None:
        pytest.skip('Flink needs Java, and there is no java on the PATH')
    jar = _newest_local() or _fetch()
    if isinstance(jar, str):
        pytest.skip(f'{jar}; name the Flink job-server jar in {JAR_VARIABLE} to run this test')
    return jar


def flink_flags(jar: Path) -> list[str]:
    """Pipeline options that run on an embedded Flink, with our code in the calling process.

    Naming the jar keeps Beam from downloading one, and `[local]` keeps a Flink that the machine is
    set up for out of the test. The pipeline has to be run in the main thread: Beam sets a signal
    handler there that ends the Java process.
    """
    return [
        '--runner=FlinkRunner',
        f'--flink_job_server_jar={jar}',
        '--flink_master=[local]',
        '--environment_type=LOOPBACK',
        '--parallelism=1',
    ]


def _repository() -> Path:
    return Path.home() / '.m2' / 'repository' / Path(*GROUP.split('.'))


def _newest_local() -> Path | None:
    version = apache_beam.__version__
    found = _repository().glob(
        f'beam-runners-flink-*-job-server/{version}/beam-runners-flink-*-job-server-{version}.jar'
    )
    return max(found, key=_flink_version, default=None)


def _flink_version(jar: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r'\d+', jar.name.split('-job-server')[0]))


@functools.cache
def _fetch() -> Path | str:
    """The fetched jar, or why there is none. Asked once a session: a registry's refusal takes
    seconds and does not change while the tests run."""
    mvn = shutil.which('mvn')
    if mvn is None:
        return 'no Flink job-server jar in the local Maven repository, and no mvn to fetch it'
    wanted = f'{GROUP}:{ARTIFACT}:{apache_beam.__version__}'
    command = [mvn, '-q', '-B', 'dependency:get', '-Dtransitive=false', f'-Dartifact={wanted}']
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_LIMIT_S)
    except subprocess.TimeoutExpired:
        return f'Maven did not bring {wanted} within {FETCH_LIMIT_S} s'
    jar = _newest_local()
    if done.returncode or jar is None:
        return f'Maven cannot bring {wanted}'
    return jar
