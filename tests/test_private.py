"""Calls are private: nothing leaves the machine."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import QUICK, SAMPLES, environment, etiquette

GUARD = Path(__file__).parent / 'guard'


def guarded(log):
    return {'PYTHONPATH': str(GUARD), 'SOCKET_GUARD_LOG': str(log)}


def test_a_run_with_the_embedded_engines_attempts_no_connection(tmp_path):
    """Words by the embedded recogniser, lanes of a mono call by the bundled pyannote models."""
    log = tmp_path / 'attempts'
    manifest = tmp_path / 'm.csv'
    for name in ('us-in-order.flac', 'mono-metadata.flac'):
        (tmp_path / name).write_bytes((SAMPLES / name).read_bytes())
    manifest.write_text('audio_uri\nus-in-order.flac\nmono-metadata.flac\n')
    ran = etiquette('run', manifest, '--warehouse', tmp_path / 'w', '--workers', '2', '--json',
                    **guarded(log))
    assert ran.code == 0, ran.err
    assert ran.json()['calls_published'] == 2
    assert not log.exists(), log.read_text()


def test_the_guard_of_these_tests_sees_an_attempt_in_a_child_process(tmp_path):
    log = tmp_path / 'attempts'
    code = ("import subprocess, sys; subprocess.run([sys.executable, '-c', "
            "'import socket; socket.create_connection((\"192.0.2.1\", 80), 1)'])")
    subprocess.run([sys.executable, '-c', code], env=environment(**guarded(log)),
                   stderr=subprocess.DEVNULL)
    assert '192.0.2.1' in log.read_text()


def test_telemetry_of_pyannote_is_off_before_its_import():
    code = ('import os; from transforms.diarize import import_pyannote; import_pyannote(); '
            'assert os.environ["PYANNOTE_METRICS_ENABLED"] == "0"; '
            'from pyannote.audio.telemetry.metrics import is_metrics_enabled; '
            'assert not is_metrics_enabled(); print("off")')
    env = environment()
    env.pop('PYANNOTE_METRICS_ENABLED', None)
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, env=env,
                         cwd=QUICK.parent.parent.parent)
    assert out.stdout.strip() == 'off', out.stderr
