"""The seam of the engines, the cutting of speech, and the embedded engine on the samples."""

import csv
import dataclasses
import itertools
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lexicons import load_lexicon
from pipeline.settings import load_settings
from transforms.conversation import Audio, Lane, Reference
from transforms.decode import decode
from transforms.intervals import covered, total, union
from transforms.transcribe import (
    EngineError,
    load_transcriber,
    resolve_engine,
    told_phrases,
)
from transforms.transcribe.segments import (
    Word,
    at_16_khz,
    clip_words,
    fill_times,
    share_out,
    spoken_parts,
    stretches,
    to_words,
)
from warehouse.records import Words

SETTINGS = load_settings(None)
SAMPLES = Path(__file__).parent.parent / 'samples'
TRUTH = json.loads((SAMPLES / 'truth.json').read_text())
MANIFEST = {row['call_id']: row for row in csv.DictReader((SAMPLES / 'manifest.csv').open())}
ACTS = {'further_help': {'is', 'anything'}, 'thanks': {'thank', 'thanks'}, 'wish': {'have'},
        'farewell': {'goodbye', 'bye', 'good-bye'}}
CLOSING = sorted(call for call, truth in TRUTH.items()
                 if truth['closing'] and truth['sample_rate_hz'] == 16000)
NOBODY = Reference('nobody')


def options(**changes):
    return dataclasses.replace(SETTINGS.transcribe, **changes)


@pytest.fixture(scope='module')
def embedded():
    return load_transcriber(options(engine='pocketsphinx'), load_lexicon('en'))


def sample(call_id):
    row = MANIFEST[call_id]
    ref = Reference(call_id, **{key: str(SAMPLES / row[key]) or None
                                for key in ('audio_uri', 'agent_audio_uri', 'caller_audio_uri')
                                if row[key]})
    return decode(ref, SETTINGS.decode).audio


def closing(call_id):
    """The audio of a sample, and the agent's lane from the first closing act on."""
    truth = TRUTH[call_id]
    audio = sample(call_id)
    channel = truth['agent_channel'] if audio.channels == 2 else 0
    starts = min(act['start_s'] for act in truth['closing'])
    return audio, Lane(channel or 0, tuple(
        (max(turn['start_s'], starts), turn['end_s']) for turn in truth['turns']
        if turn['speaker'] == 'agent' and turn['end_s'] > starts))


# The embedded engine


@pytest.mark.parametrize('call_id', CLOSING)
def test_closing_phrases_of_wideband_calls_are_heard_when_they_are_said(call_id, embedded):
    audio, lane = closing(call_id)
    heard = embedded.hear(audio, (lane,), 'en', NOBODY).words[0]
    for act in TRUTH[call_id]['closing']:
        if act['speaker'] == 'agent':
            near = [word for word, start in zip(heard.text, heard.start_s, strict=True)
                    if abs(start - act['start_s']) < 0.25]
            assert ACTS[act['act']] & set(near), (act, heard.text)


def test_words_have_times_of_their_own_and_no_confidence(embedded):
    audio, lane = closing('announced-hold')
    heard = embedded.hear(audio, (lane,), 'en', NOBODY)
    words = heard.words[0]
    assert 'have a nice day' in ' '.join(words.text)
    assert set(words.confidence) == {None}
    assert set(words.time_quality) == {'aligned'}
    assert all(start < end for start, end in zip(words.start_s, words.end_s, strict=True))
    assert not any(set('<>[]()_+') & set(text) for text in words.text)
    assert (heard.transcriber, heard.model, heard.trust) == ('pocketsphinx', 'en-us', 'ok')


def test_nothing_is_heard_outside_of_speech(embedded):
    audio, lane = closing('announced-hold')
    last = Lane(lane.channel, lane.speech[-1:])
    words = embedded.hear(audio, (last, Lane(1)), 'en', NOBODY).words
    assert len(words[1]) == 0
    assert words[0].start_s[0] > last.speech[0][0] - 0.3
    assert words[0].end_s[-1] <= last.speech[0][1] + SETTINGS.transcribe.word_slack_s + 1e-3


def test_a_phrase_is_taken_apart_into_its_words_in_order(embedded):
    words = embedded.hear(*both('announced-hold'), 'en', NOBODY).words[0]
    text = list(words.text)
    at = text.index('nice')
    assert text[at - 2:at + 2] == ['have', 'a', 'nice', 'day']
    assert list(words.start_s) == sorted(words.start_s)


def both(call_id):
    audio, lane = closing(call_id)
    return audio, (lane,)


@pytest.mark.parametrize(('language', 'trust', 'why'), [
    ('en', 'ok', ''), ('en-GB', 'ok', ''), ('EN_us', 'ok', ''),
    (None, 'low', 'nothing says that the call is in English'),
    ('ko', 'none', 'the embedded engine knows no language `ko`'),
])
def test_the_embedded_engine_is_trusted_with_english_alone(language, trust, why, embedded):
    audio, lane = closing('announced-hold')
    heard = embedded.hear(audio, (lane,), language, NOBODY)
    assert (heard.trust, heard.why) == (trust, why)
    assert bool(len(heard.words[0])) == (trust != 'none')


@pytest.mark.parametrize('noise_dbfs', [None, -60.0, -40.0])
def test_a_telephone_call_stored_at_16_khz_is_not_trusted_whatever_its_noise(noise_dbfs, embedded):
    truth = TRUTH['fr-caller-interrupts']
    turns = [turn for turn in truth['turns'] if turn['speaker'] == 'agent'][-2:]
    audio = sample('fr-caller-interrupts')
    assert audio.rate == 8000
    lane = Lane(truth['agent_channel'], tuple((t['start_s'], t['end_s']) for t in turns))
    heard = embedded.hear(audio, (lane,), 'en', NOBODY)
    assert heard.trust == 'low'
    assert set(heard.words[0].time_quality) == {'interpolated'}  # heard in one quick pass
    samples = np.stack([at_16_khz(audio.window(channel), audio.rate) for channel in (0, 1)])
    if noise_dbfs is not None:
        samples += np.random.default_rng(5).normal(0, 10 ** (noise_dbfs / 20), samples.shape)
    stored = Audio(np.round(np.clip(samples, -1, 0.999) * 32768).astype(np.int16), 16000)
    assert embedded.hear(stored, (lane,), 'en', NOBODY).trust == 'low'


def test_a_silent_call_has_no_words_and_no_trust(embedded):
    audio = Audio(np.zeros((2, 16000), np.int16), 16000)
    for lanes in ((), (Lane(0), Lane(1))):
        heard = embedded.hear(audio, lanes, 'en', NOBODY)
        assert heard.trust == 'none'
        assert heard.words == (Words(),) * len(lanes)


def test_digital_zero_and_a_hundredth_of_a_second_are_heard_as_nothing(embedded):
    audio = Audio(np.zeros((1, 16000), np.int16), 16000)
    for span in ((0.2, 0.9), (0.99, 1.0), (0.0, 0.01)):
        words = embedded.hear(audio, (Lane(0, (span,)),), 'en', NOBODY).words[0]
        assert len(words) <= 1


def test_a_phrase_that_cannot_be_pronounced_stops_the_run_and_names_the_word():
    wrong = dataclasses.replace(SETTINGS.transcribe.pocketsphinx,
                                phrases=('thank you', 'welcome to xqzzy'))
    with pytest.raises(EngineError, match='`welcome to xqzzy` has the word `xqzzy`') as caught:
        load_transcriber(options(engine='pocketsphinx', pocketsphinx=wrong))
    assert 'transcribe.pocketsphinx.phrases' in caught.value.way_out


# The seam


def test_an_engine_is_told_the_phrases_of_the_list_that_its_options_name():
    lexicon, chosen = load_lexicon('en'), options()
    told = told_phrases(chosen, 'pocketsphinx', lexicon)
    assert lexicon.categories['farewell'] in told[2]
    assert told_phrases(chosen, 'whisperx', lexicon) == []  # prompts are off
    prompt = dataclasses.replace(chosen.whisperx.prompt, enabled=True)
    prompted = options(whisperx=dataclasses.replace(chosen.whisperx, prompt=prompt))
    assert lexicon.categories['greeting'] in told_phrases(prompted, 'whisperx', lexicon)[2]


def test_no_engine_gives_no_words_and_no_trust():
    deaf = load_transcriber(options(engine='none'))
    audio = Audio(np.zeros((2, 16000), np.int16), 16000)
    heard = deaf.hear(audio, (Lane(0, ((0.0, 1.0),)), Lane(1)), 'en', NOBODY)
    assert (heard.transcriber, heard.trust, heard.language) == ('none', 'none', 'en')
    assert [len(words) for words in heard.words] == [0, 0]


def test_auto_takes_the_embedded_engine_where_no_weights_are_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv('HF_HUB_CACHE', str(tmp_path))
    engine = resolve_engine(options(engine='auto'))
    assert engine.name == 'pocketsphinx'
    assert load_transcriber(options(engine='auto')).why == engine.why


def test_an_engine_that_is_missing_says_the_way_out_across_processes(tmp_path, monkeypatch):
    monkeypatch.setenv('HF_HUB_CACHE', str(tmp_path))
    with pytest.raises(EngineError) as caught:
        resolve_engine(options(engine='whisperx'))
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.way_out) == (str(caught.value), caught.value.way_out)
    assert again.way_out in str(again) or again.way_out[1:] in str(again)


# Cutting speech, and putting words back


SPANS = st.lists(st.tuples(st.floats(0, 118), st.floats(0.05, 40)), max_size=12).map(
    lambda pairs: [(a, b) for a, b in union((start, min(120.0, start + length))
                                            for start, length in pairs) if b - a > 0.02])


@given(SPANS, st.floats(0, 1), st.floats(0, 0.4))
def test_stretches_hold_all_speech_once_and_little_besides(speech, gap_s, pad_s):
    audio = Audio(np.zeros((1, 120 * 100), np.int16), 100)
    chosen = options(join_gap_s=gap_s, pad_s=pad_s, max_segment_s=29.0)
    cut = stretches(audio, 0, speech, chosen)
    assert all(0 <= start < end <= 120 for start, end in cut)
    assert all(a[1] <= b[0] + 1e-9 for a, b in itertools.pairwise(cut))
    assert all(end - start <= 29.0 + 2 * pad_s + 1e-9 for start, end in cut)
    assert sum(covered(span, cut) for span in speech) == pytest.approx(total(speech), abs=1e-6)
    assert total(cut) <= total(speech) + len(speech) * (gap_s + 2 * pad_s) + 1e-6


def test_a_monologue_that_is_too_long_is_cut_where_it_is_quietest():
    samples = np.full((1, 60 * 100), 9000, np.int16)
    samples[0, 2500:2510] = 10  # 25.0 to 25.1 s
    cut = stretches(Audio(samples, 100), 0, [(0.0, 40.0)], options(max_segment_s=29.0, pad_s=0.0))
    assert len(cut) == 2
    assert 24.95 < cut[0][1] < 25.15


def word(text, start=None, end=None, quality='aligned'):
    return Word(start, end, text, 0.9, quality if start is not None else 'none')


def test_a_word_of_a_mono_call_goes_to_whoever_speaks_most_of_it_else_to_the_nearest():
    lanes = (Lane(0, ((1.0, 3.0),)), Lane(0, ((2.8, 5.0),)))
    words = [word('a', 1.1, 1.5), word('b', 2.5, 3.0), word('c', 2.9, 3.4), word('d', 7.0, 7.2),
             word('e')]
    first, second = share_out(words, lanes)
    assert [w.text for w in first] == ['a', 'b']
    assert [w.text for w in second] == ['c', 'd', 'e']


def test_a_word_ends_with_its_voice_activity_and_not_seconds_later():
    speech = [(1.0, 2.0), (2.1, 2.5), (9.0, 9.5)]
    words = clip_words([word('in', 1.2, 1.4), word('long', 2.2, 7.0), word('over', 2.3, 9.2),
                        word('none'), word('away', 5.0, 5.5)], speech, 0.1)
    assert [w.end_s for w in words] == [1.4, pytest.approx(2.6), pytest.approx(2.6), None, 5.5]
    assert all(w.start_s is None or w.start_s <= w.end_s for w in words)


def test_words_without_a_time_share_what_lies_between_their_neighbours():
    filled = fill_times([word('a', 1.0, 1.2), word('bb'), word('cc'), word('d', 2.2, 2.4)],
                        (0.0, 3.0))
    assert [(w.start_s, w.end_s, w.quality) for w in filled] == [
        (1.0, 1.2, 'aligned'), (1.2, pytest.approx(1.7), 'interpolated'),
        (pytest.approx(1.7), pytest.approx(2.2), 'interpolated'), (2.2, 2.4, 'aligned')]
    alone = fill_times([word('a'), word('b')], (1.0, 2.0))
    assert [(w.start_s, w.end_s) for w in alone] == [(1.0, 1.5), (1.5, 2.0)]


@given(st.lists(st.tuples(st.none() | st.floats(0, 9), st.floats(0, 1)), max_size=20))
def test_columns_are_parallel_in_order_of_time_and_lose_no_word(times):
    words = to_words([word(str(n), start, None if start is None else start + length)
                      for n, (start, length) in enumerate(times)])
    assert sorted(words.text, key=int) == [str(n) for n in range(len(times))]
    assert {len(column) for column in dataclasses.astuple(words)} == {len(times)}
    known = [start for start in words.start_s if start is not None]
    assert known == sorted(known)


def test_a_word_is_written_with_its_punctuation_and_compared_without():
    assert spoken_parts("Hello, it's - me!", 'en') == [
        ('Hello,', 'Hello'), ("it's-", "it's"), ('me!', 'me')]
    assert spoken_parts('はい。 ええ', 'ja') == [('は', 'は'), ('い。', 'い'), ('え', 'え'),
                                             ('え', 'え')]
    assert spoken_parts('...', 'en') == []
