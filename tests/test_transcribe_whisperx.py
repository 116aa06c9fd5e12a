"""The WhisperX engine: the real library, on models that the tests build, with no network."""

import dataclasses
import socket
import statistics

import numpy as np
import pytest

from pipeline.settings import load_settings
from tests.tiny_models import tiny_aligner, tiny_whisper
from transforms.conversation import Audio, Lane, Reference
from transforms.errors import CallError
from transforms.transcribe import EngineError, load_transcriber, resolve_engine

RATE = 16_000
TEXT = 'good morning, room 42 is free.'
WORDS = ('good', 'morning,', 'room', '42', 'is', 'free.')
CALL = Reference('c1', audio_uri='/calls/c1.wav')


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')
    return {
        'english': tiny_whisper(folder / 'english', ' ' + TEXT,
                                words=('good', 'morning', 'room', '42', 'is', 'free')),
        'japanese': tiny_whisper(folder / 'japanese', 'はい。', 'ja'),
        'aligner': tiny_aligner(folder / 'aligner'),
        'empty': tmp_path_factory.mktemp('empty'),
    }


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError(f'a connection was attempted: {args[1:]}')
    monkeypatch.setattr(socket.socket, 'connect', refuse)
    monkeypatch.setattr(socket.socket, 'connect_ex', refuse)
    monkeypatch.setattr(socket, 'getaddrinfo', refuse)


DEFAULT = load_settings(None).transcribe


def options(model, aligners=None, engine='whisperx', **changes):
    """The default settings on a CPU, each stretch of speech alone unless `changes` say more."""
    chosen = {'model': str(model), 'model_dir': None, 'device': 'cpu', 'compute_type': 'float32',
              'batch_size': 2, 'beam_size': 1, 'window_s': 0.0, 'aligners': aligners or {}}
    return dataclasses.replace(DEFAULT, engine=engine, language=None, threads=1, pad_s=0.15,
                               whisperx=dataclasses.replace(DEFAULT.whisperx, **chosen | changes))


def recording(seconds=12.0, rate=RATE, channels=2):
    """Noise, loud where LANES say that somebody speaks."""
    noise = np.random.default_rng(3).normal(0, 20, (channels, int(seconds * rate)))
    for lane in LANES:
        for start, end in lane.speech:
            noise[lane.channel % channels, int(start * rate):int(end * rate)] *= 100
    return Audio(noise.astype(np.int16), rate)


LANES = (Lane(0, ((1.0, 3.0), (3.2, 4.0), (6.0, 7.5))), Lane(1, ((4.5, 5.5),)))


@pytest.fixture(scope='module')
def aligned(models):
    transcriber = load_transcriber(options(models['english'], {'en': str(models['aligner'])}))
    return transcriber, transcriber.hear(recording(), LANES, 'en', CALL)


def test_each_lane_is_heard_in_its_own_speech_and_aligned_word_by_word(aligned):
    transcriber, heard = aligned
    assert heard.transcriber == transcriber.name == 'whisperx'
    # Two stretches of the first lane (0.2 s apart is one, 2 s apart are two), one of the second.
    assert [words.text for words in heard.words] == [WORDS * 2, WORDS]
    for words, lane in zip(heard.words, LANES, strict=True):
        first, last = lane.speech[0][0] - 0.15, lane.speech[-1][1] + 0.1
        assert all(first <= start <= end <= last + 1e-3
                   for start, end in zip(words.start_s, words.end_s, strict=True))
        assert list(words.start_s) == sorted(words.start_s)


def test_words_of_the_aligners_alphabet_are_aligned_and_figures_interpolated(aligned):
    _, heard = aligned
    words = heard.words[1]
    assert words.time_quality == ('aligned', 'aligned', 'aligned', 'interpolated', 'aligned',
                                  'aligned')
    assert words.confidence[3] is None
    assert all(0 <= score <= 1 for n, score in enumerate(words.confidence) if n != 3)


def test_no_word_ends_later_than_its_voice_activity_and_a_tenth_of_a_second(aligned):
    _, heard = aligned
    for words, lane in zip(heard.words, LANES, strict=True):
        for start, end in zip(words.start_s, words.end_s, strict=True):
            inside = [span for span in lane.speech if span[0] < end and start <= span[1] + 0.1]
            assert not inside or end <= max(span[1] for span in inside) + 0.1 + 1e-3


def test_the_transcript_is_trusted_from_the_median_word_score_on(aligned, models):
    _, heard = aligned
    scores = [score for words in heard.words for score in words.confidence if score is not None]
    assert statistics.median(scores) < 0.6  # a random aligner
    assert (heard.trust, heard.language) == ('low', 'en')
    assert '0.60' in heard.why
    lenient = options(models['english'], {'en': str(models['aligner'])},
                      ok_score=statistics.median(scores))
    assert load_transcriber(lenient).hear(recording(), LANES, 'en', CALL).trust == 'ok'


def test_without_an_aligner_on_disk_whispers_own_word_times_are_taken(models):
    transcriber = load_transcriber(options(models['english'], {'en': 'nobody/has-this-model'}))
    heard = transcriber.hear(recording(), LANES, 'en', CALL)
    assert [words.text for words in heard.words] == [WORDS * 2, WORDS]
    for words, lane in zip(heard.words, LANES, strict=True):
        assert set(words.time_quality) == {'interpolated'}
        assert all(lane.speech[0][0] - 0.15 - 1e-3 <= start <= end <= lane.speech[-1][1] + 0.15
                   for start, end in zip(words.start_s, words.end_s, strict=True))
        assert all(0 <= score <= 1 for score in words.confidence)


def test_the_language_is_detected_where_nobody_gives_it_and_japanese_has_a_word_a_character(models):
    heard = load_transcriber(options(models['japanese'])).hear(recording(), LANES, None, CALL)
    assert heard.language == 'ja'
    assert [(note.label, note.confidence > 0.9) for note in heard.notes] == [('language', True)]
    assert [words.text for words in heard.words] == [('は', 'い。') * 2, ('は', 'い。')]


@pytest.mark.parametrize('aligner', [True, False])
def test_stretches_that_share_a_window_give_their_words_back_to_where_they_were_said(aligner,
                                                                                  models):
    aligners = {'en': str(models['aligner'])} if aligner else {}
    transcriber = load_transcriber(options(models['english'], aligners, window_s=29.0))
    heard = transcriber.hear(recording(), LANES, 'en', CALL)
    assert [words.text for words in heard.words] == [WORDS, WORDS]  # a window says it once
    for words, lane in zip(heard.words, LANES, strict=True):
        assert all(any(first - 0.16 <= start <= end <= last + 0.26 for first, last in lane.speech)
                   for start, end in zip(words.start_s, words.end_s, strict=True))


def test_telephone_audio_of_8_khz_is_heard_at_the_same_times(models):
    transcriber = load_transcriber(options(models['english'], {'en': str(models['aligner'])}))
    heard = transcriber.hear(recording(rate=8000), LANES, 'en-GB', CALL)
    assert [words.text for words in heard.words] == [WORDS * 2, WORDS]
    assert heard.words[1].start_s[0] == pytest.approx(4.35, abs=1.0)


def test_a_mono_call_is_heard_once_and_its_words_go_to_whoever_speaks(models):
    transcriber = load_transcriber(options(models['english'], {'en': str(models['aligner'])}))
    lanes = (Lane(0, ((1.0, 3.0),)), Lane(0, ((5.0, 7.0),)))
    heard = transcriber.hear(recording(channels=1), lanes, 'en', CALL)
    assert [words.text for words in heard.words] == [WORDS, WORDS]
    assert heard.words[0].end_s[-1] < 4.0 < heard.words[1].start_s[0]


def test_a_silent_call_has_no_words_and_no_trust(models):
    heard = load_transcriber(options(models['english'])).hear(recording(), (Lane(0), Lane(1)), None,
                                                              CALL)
    assert [len(words) for words in heard.words] == [0, 0]
    assert heard.trust == 'none'


def test_a_language_that_whisper_does_not_know_is_the_calls_fault_not_the_runs(models):
    transcriber = load_transcriber(options(models['english']))
    with pytest.raises(CallError, match=r'c1\.wav: Whisper knows no language `xq`') as caught:
        transcriber.hear(recording(), LANES, 'xq', CALL)
    assert caught.value.field == 'language'


def test_a_configuration_that_names_whisperx_fails_at_load_where_the_weights_are_missing(models):
    for missing in (models['empty'], 'large-v3'):
        with pytest.raises(EngineError, match='is not on this machine') as caught:
            load_transcriber(options(missing, model_dir=str(models['empty'])))
        assert 'transcribe.whisperx.model' in caught.value.way_out


def test_auto_takes_whisperx_where_its_weights_are_on_disk_and_says_why(models, tmp_path):
    here = resolve_engine(options(models['english'], engine='auto'))
    assert (here.name, here.model) == ('whisperx', str(models['english']))
    assert str(models['english']) in here.why
    away = resolve_engine(options(tmp_path / 'nothing', engine='auto'))
    assert (away.name, away.model) == ('pocketsphinx', 'en-us')
    assert 'no weights of WhisperX' in away.why


def test_weights_in_the_hub_cache_are_found_by_their_hub_name(models, tmp_path):
    cached = tmp_path / 'models--Systran--faster-whisper-small'
    snapshot = cached / 'snapshots' / 'abc123'
    snapshot.parent.mkdir(parents=True)
    (cached / 'refs').mkdir()
    (cached / 'refs' / 'main').write_text('abc123')
    chosen = options('small', engine='auto', model_dir=str(tmp_path))
    assert resolve_engine(chosen).name == 'pocketsphinx'
    snapshot.symlink_to(models['english'])
    assert resolve_engine(chosen).name == 'whisperx'
