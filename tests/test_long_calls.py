"""Calls of hours in bounded memory: what `decode.max_duration_s` lets in, a worker can hold."""

import os
import subprocess
import sys

import pytest

from pipeline.settings import load_settings
from pipeline.sources import read_batch
from tests.bench.long_call import write_long_call
from tests.conftest import QUICK, rows
from transforms.decode import decode

HOUR_S, TEN_MINUTES_S = 3600.0, 600.0


def run(folder, *config, **environment):
    """The row of `runs` for the recordings of a folder, by one worker of a process of its own: the
    memory counted is the process's, and earlier tests leave their models in theirs."""
    subprocess.run(
        [sys.executable, '-m', 'pipeline', 'run', str(folder), *config,
         '--workers', '1', '--warehouse', str(folder / 'warehouse')],
        check=True, env={**os.environ, 'OMP_NUM_THREADS': '1', **environment})
    (done,) = rows(folder / 'warehouse', 'SELECT * FROM runs')
    assert done['calls_published'] == 1
    return done


@pytest.mark.parametrize('rate, codec', [(8000, 'pcm_mulaw'), (16000, 'pcm_s16le')])
def test_the_long_call_of_these_tests_is_as_long_as_it_says(tmp_path, rate, codec):
    path = tmp_path / 'long.wav'
    write_long_call(path, 400.0, rate, codec)  # longer than the dialogues that it repeats
    (ref,) = read_batch(str(tmp_path), load_settings(str(QUICK)).source).references
    decoded = decode(ref, load_settings(str(QUICK)).decode)
    assert (decoded.duration_s, decoded.sample_rate_hz, decoded.channels, decoded.codec) == (
        400.0, rate, 2, codec)
    assert abs(decoded.audio.samples[:, -rate:]).max() > 300


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_call_of_four_hours_in_two_channels_takes_less_than_3_gb(tmp_path):
    # The bench takes one at 16 kHz.
    write_long_call(tmp_path / 'long.wav', 4 * HOUR_S, 8000, 'pcm_mulaw')
    done = run(tmp_path, '--config', str(QUICK))
    assert done['audio_s'] == 4 * HOUR_S
    assert done['peak_rss_mb'] < 3000
    ((turns,),) = [row.values() for row in rows(tmp_path / 'warehouse',
                                                'SELECT count(*) FROM turns')]
    assert turns > 1000


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_minutes_with_the_default_engines_take_less_than_700_mb(tmp_path):
    write_long_call(tmp_path / 'long.wav', TEN_MINUTES_S)
    # Without the models' folder the embedded recogniser hears, whatever is here.
    done = run(tmp_path, HF_HUB_CACHE=os.devnull)
    assert done['audio_s'] == TEN_MINUTES_S
    assert done['peak_rss_mb'] < 700
