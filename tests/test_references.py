"""Audio that a site supplies is found again: through a codec, at any level, from any offset."""

from __future__ import annotations

import wave
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pipeline.settings import fingerprint_of, load_settings
from pipeline.yaml_records import ConfigError
from tests.signals import audio, music, silence, voice
from transforms.errors import CallError
from transforms.references import Mark, ReferenceFile, load_references
from transforms.sounds import hear_sounds

SETTINGS = load_settings(None)
OPTIONS = SETTINGS.sounds
NOISE = 0.0005


def save(path: Path, x: np.ndarray) -> None:
    with wave.open(str(path), 'wb') as file:
        file.setparams((1, 2, 8000, 0, 'NONE', ''))
        file.writeframes(np.round(32767 * x).astype('<i2').tobytes())


@pytest.fixture(scope='module')
def moh(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('references') / 'moh.wav'
    save(path, 0.3 * tune() / np.abs(tune()).max())
    return path


@cache
def tune() -> np.ndarray:
    return music('melody with drums', 20, seed=3)


def loaded(path: Path, label: str) -> tuple[Mark, ...]:
    return load_references([ReferenceFile(str(path), label)], SETTINGS.decode, OPTIONS.spectrum,
                           OPTIONS.matching)


def heard(x, path, label='music', noise=NOISE):
    found = hear_sounds(audio(x, noise=noise), OPTIONS, references=loaded(path, label))
    return [s for s in found if s.evidence.startswith(f'matches file {path.name}, correlation ')]


def call(part: np.ndarray) -> np.ndarray:
    return np.concatenate([0.06 * voice(10, seed=1), silence(0.5), part, silence(0.5),
                           0.06 * voice(8, seed=2, pitch_hz=190)])


@pytest.mark.parametrize('level', [0.01, 0.1])
@pytest.mark.parametrize('offset_s', [0, 7.3, 15.1])
def test_hold_music_from_a_file_is_found_at_any_level_wherever_in_the_loop_it_starts(
        moh, offset_s, level):
    part = level * np.resize(np.roll(tune(), -round(8000 * offset_s)), 8000 * 14)
    (hold,) = heard(call(part), moh)
    assert (hold.kind, hold.label, hold.channel) == ('hold', 'music', 0)
    assert (hold.start_s, hold.end_s) == pytest.approx((10.5, 24.5), abs=0.6)


def test_a_file_is_found_under_line_noise(moh):
    (hold,) = heard(call(0.05 * tune()[:8000 * 12]), moh, noise=0.05 * 10 ** (-10 / 20))
    assert (hold.start_s, hold.end_s) == pytest.approx((10.5, 22.5), abs=1.0)


def test_other_music_and_voices_match_no_file(moh):
    for other in ('band', 'arpeggio', 'melody with drums'):
        assert heard(call(0.05 * music(other, 20, seed=8)), moh) == []


def test_a_prompt_from_a_file_is_an_announcement(tmp_path):
    path = tmp_path / 'prompt.wav'
    prompt = voice(5, seed=77, pitch_hz=210)
    save(path, 0.05 * prompt)
    (found,) = heard(call(0.03 * prompt), path, 'announcement')
    assert (found.kind, found.label) == ('ivr', 'announcement')
    assert (found.start_s, found.end_s) == pytest.approx((10.5, 15.5), abs=0.5)


def test_a_silent_reference_is_refused_by_name(tmp_path):
    path = tmp_path / 'nothing.wav'
    save(path, np.zeros(80000))
    with pytest.raises(CallError, match=r'nothing\.wav'):
        loaded(path, 'music')


def write(folder: Path, references: str) -> Path:
    path = folder / 'mine.yaml'
    path.write_text(f'sounds:\n  references: {references}\n')
    return path


def test_a_path_is_relative_to_the_settings_file_and_only_its_content_counts(moh, tmp_path):
    for name in ('a.wav', 'b.wav'):
        (tmp_path / name).write_bytes(moh.read_bytes())
    one = load_settings(str(write(tmp_path, '[{path: a.wav, label: music}]')))
    assert one.sounds.references == (ReferenceFile(str(tmp_path / 'a.wav'), 'music'),)
    two = load_settings(str(write(tmp_path, '[{path: b.wav, label: music}]')))
    assert fingerprint_of(one) == fingerprint_of(two) != fingerprint_of(SETTINGS)
    save(tmp_path / 'b.wav', 0.1 * tune()[:80000])
    assert fingerprint_of(two) != fingerprint_of(one)
    other = replace(one.sounds, references=(replace(one.sounds.references[0],
                                                    label='announcement'),))
    assert fingerprint_of(replace(one, sounds=other)) != fingerprint_of(one)


def test_a_missing_reference_is_a_fault_of_the_settings_that_names_it(tmp_path):
    with pytest.raises(ConfigError, match=r'mine.yaml:2: `sounds.references`: .*gone.wav: no such'):
        load_settings(str(write(tmp_path, '[{path: gone.wav, label: music}]')))


def test_a_reference_of_another_label_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='label'):
        load_settings(str(write(tmp_path, '[{path: a.wav, label: jingle}]')))
