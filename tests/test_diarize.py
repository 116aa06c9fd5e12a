import os
import subprocess
import sys
import wave
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import yaml

from transforms.diarize import (
    DiarizeOptions,
    import_pyannote,
    load_diarizer,
    load_encoder,
    wheel_file,
)
from transforms.intervals import subtract, union

OPTIONS = DiarizeOptions(
    engine='embedded', model=None, num_speakers=2, max_speakers=4, alone_share=0.06,
    segmentation_step=0.25,
    segmentation_threshold=0.6, min_cluster_size=4,
    min_duration_off_s=0.0, batch_size=32, threads=1, device='cpu')
RATE = 16_000
SAMPLE = Path(find_spec('pyannote').submodule_search_locations[0]) / 'audio' / 'sample'


@pytest.fixture(scope='module')
def diarizer():
    return load_diarizer(OPTIONS)


@pytest.fixture(scope='module')
def talk():
    with wave.open(str(SAMPLE / 'sample.wav')) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return samples.astype(np.float32) / 32768


@pytest.fixture(scope='module')
def truth():
    rows = (line.split() for line in (SAMPLE / 'sample.rttm').read_text().splitlines())
    return [(row[7], float(row[3]), float(row[3]) + float(row[4])) for row in rows]


def error_rate(found, truth):
    """The diarization error rate of half a minute, 0.25 s around each true edge left out."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate
    both = []
    for spans in (truth, found):
        annotation = Annotation()
        for i, (label, start, end) in enumerate(spans):
            annotation[Segment(start, end), i] = label
        both.append(annotation)
    # pyannote's collar is the width of what is left out, half of it on either side.
    return DiarizationErrorRate(collar=0.25)(*both, uem=Timeline([Segment(0, 30)]))


def test_two_people_on_the_telephone_are_told_apart(diarizer, talk, truth):
    found = diarizer(talk, RATE)
    assert diarizer.name == 'embedded'
    assert {label for label, _, _ in found} == {'SPEAKER_00', 'SPEAKER_01'}
    assert found == sorted(found, key=lambda span: span[1])
    assert error_rate(found, truth) < 0.04


def test_telephone_rate_is_diarized_as_well(diarizer, talk, truth):
    from scipy.signal import resample_poly
    narrow = resample_poly(talk, 1, 2).astype(np.float32)
    assert error_rate(diarizer(narrow, 8000), truth) < 0.08


def test_samples_as_they_are_kept_give_what_floats_give(diarizer, talk):
    from scipy.signal import resample_poly
    narrow = resample_poly(talk, 1, 2)
    kept = (narrow * 32768).round().clip(-32768, 32767).astype(np.int16)
    assert diarizer(kept, 8000) == diarizer(kept.astype(np.float32) / 32768, 8000)


def test_one_voice_is_not_made_two(diarizer, talk, truth):
    one = sorted((a, b) for label, a, b in truth if label == truth[0][0])
    other = sorted((a, b) for label, a, b in truth if label != truth[0][0])
    lone = talk * 0.001
    for a, b in subtract(one, union(other)):
        lone[round(a * RATE):round(b * RATE)] = talk[round(a * RATE):round(b * RATE)]
    assert {label for label, _, _ in diarizer(lone, RATE)} == {'SPEAKER_00'}


def test_a_call_diarized_twice_gives_the_same(diarizer, talk):
    assert diarizer(talk, RATE) == diarizer(talk, RATE)


@pytest.mark.parametrize('length_s', [0.0, 0.05, 0.2, 1.0, 2.0, 6.0])
def test_short_audio_is_diarized_and_nothing_lies_outside_it(diarizer, talk, length_s):
    length = round(length_s * RATE)
    for samples in (talk[7 * RATE:7 * RATE + length], np.zeros(length, np.float32)):
        found = diarizer(samples, RATE)
        assert all(0 <= start < end <= length_s for _, start, end in found)
    assert diarizer(np.zeros(length, np.float32), RATE) == []


def test_diarization_prints_and_warns_of_nothing(diarizer, talk, capsys, recwarn):
    diarizer(talk[:2 * RATE], RATE)
    assert capsys.readouterr() == ('', '')
    assert not recwarn.list


def test_the_encoder_tells_voices_apart(talk):
    import torch
    encoder = load_encoder()
    spans = [(11.2, 14.4), (18.7, 21.4), (15.0, 17.8)]  # one speaker twice, then the other
    with torch.inference_mode():
        voices = [encoder(torch.from_numpy(talk[round(a * RATE):round(b * RATE)])[None, None])[0]
                  for a, b in spans]
    assert all(voice.norm() == pytest.approx(1.0, abs=1e-4) for voice in voices)
    same, other = voices[0] @ voices[1], voices[0] @ voices[2]
    assert same > other + 0.1


def test_the_encoder_hears_only_where_it_is_told_to(talk):
    import torch
    encoder = load_encoder()
    samples = torch.from_numpy(np.concatenate([talk[11 * RATE:14 * RATE],
                                               talk[15 * RATE:18 * RATE]]))[None, None]
    weights = torch.zeros(2, 600)
    weights[0, :300] = weights[1, 300:] = 1.0
    with torch.inference_mode():
        first, second = encoder(samples.repeat(2, 1, 1), weights=weights)
        alone = encoder(samples[..., :3 * RATE])[0]
    assert first @ alone > 0.98
    assert first @ second < 0.9


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A pipeline's folder as a site would fetch it, made of the two bundled models."""
    import torch
    from pyannote.audio import __version__
    root = tmp_path_factory.mktemp('pipeline')
    for name in ('segmentation', 'embedding', 'plda'):
        (root / name).mkdir()
    (root / 'segmentation' / 'pytorch_model.bin').symlink_to(
        wheel_file('whisperx', 'assets', 'pytorch_model.bin'))
    encoder = load_encoder()
    torch.save({
        'state_dict': encoder.state_dict(), 'hyper_parameters': {},
        'pytorch-lightning_version': '2.0.0', 'pyannote.audio': {
            'versions': {'pyannote.audio': __version__},
            'architecture': {'module': 'transforms.voices', 'class': 'VoiceEncoder'},
            'specifications': encoder.specifications}},
        root / 'embedding' / 'pytorch_model.bin')
    flat, zero = np.eye(256), np.zeros(256)
    np.savez(root / 'plda' / 'xvec_transform.npz', mean1=zero, mean2=zero, lda=flat)
    np.savez(root / 'plda' / 'plda.npz', mu=zero, tr=flat, psi=np.ones(256))
    (root / 'config.yaml').write_text(yaml.safe_dump({
        'pipeline': {'name': 'pyannote.audio.pipelines.SpeakerDiarization', 'params': {
            'segmentation': '$model/segmentation', 'embedding': '$model/embedding',
            'plda': '$model/plda', 'clustering': 'AgglomerativeClustering',
            'segmentation_step': 0.25, 'segmentation_batch_size': 32,
            'embedding_batch_size': 32, 'embedding_exclude_overlap': True}},
        'params': {'segmentation': {'threshold': 0.6, 'min_duration_off': 0.0},
                   'clustering': {'method': 'centroid', 'min_cluster_size': 4,
                                  'threshold': 0.7}}}))
    return root


def test_a_pipeline_of_ones_own_runs_from_its_folder(folder, talk, truth):
    options = replace(OPTIONS, engine='pyannote', model=str(folder))
    diarizer = load_diarizer(options)
    assert diarizer.name == f'pyannote:{folder}'
    assert error_rate(diarizer(talk, RATE), truth) < 0.06


def test_an_engine_or_a_pipeline_that_is_not_there_is_named_with_the_way_out(tmp_path):
    with pytest.raises(RuntimeError, match="'best': use 'embedded' or 'pyannote'"):
        load_diarizer(replace(OPTIONS, engine='best'))
    with pytest.raises(RuntimeError, match=r'set diarize\.model'):
        load_diarizer(replace(OPTIONS, engine='pyannote'))
    with pytest.raises(RuntimeError, match=r'cannot be loaded.*set diarize\.model'):
        load_diarizer(replace(OPTIONS, engine='pyannote', model=str(tmp_path)))


def test_telemetry_is_off_before_pyannote_is_imported():
    code = ('import os\n'
            'from transforms.diarize import import_pyannote\n'
            'import_pyannote()\n'
            'from pyannote.audio.telemetry.metrics import is_metrics_enabled\n'
            'print(os.environ["PYANNOTE_METRICS_ENABLED"], is_metrics_enabled())\n')
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True,
                         env={**os.environ, 'PYANNOTE_METRICS_ENABLED': '1'})
    assert out.stdout.split() == ['0', 'False']


def test_telemetry_is_switched_off_though_pyannote_was_imported_before(monkeypatch):
    import_pyannote()
    monkeypatch.setenv('PYANNOTE_METRICS_ENABLED', 'true')
    from pyannote.audio.telemetry.metrics import is_metrics_enabled
    assert is_metrics_enabled()
    import_pyannote()
    assert not is_metrics_enabled()


def test_the_module_alone_imports_no_torch():
    code = ('import sys, transforms.diarize, transforms.lanes, transforms.vad, transforms.roles\n'
            'print([m for m in ("torch", "pyannote", "onnxruntime", "scipy") '
            'if m in sys.modules])\n')
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == '[]'
