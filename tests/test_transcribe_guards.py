"""What Whisper makes up is dropped and noted; what agents say is not. The model is a fake one."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lexicons import load_lexicon
from pipeline.settings import load_settings
from transforms.assess import perceived
from transforms.conversation import Audio, Conversation, Lane, Reference
from transforms.stages import note_event, notes_of
from transforms.transcribe.guards import (
    compression_ratio,
    gate_of,
    known_phrase,
    without_loops,
)
from transforms.transcribe.segments import INTERPOLATED, Word
from transforms.transcribe.whisper_model import Decoded
from transforms.transcribe.whisperx_engine import WhisperxTranscriber

SETTINGS = load_settings(None)
GUARDS = SETTINGS.transcribe.whisperx.guards
RATE = 8000
CALL = Reference('c1', audio_uri='/calls/c1.wav')
SURE, UNSURE = -0.2, -0.9  # mean log probabilities
MADE_UP = [('en', 'Thanks for watching!'), ('ja', 'ご視聴ありがとうございました。'),
           ('ko', '시청해 주셔서 감사합니다.'), ('zh', '请订阅!'),
           ('id', 'Terima kasih telah menonton.'), ('en', 'Subtitles by the Amara.org community')]
CLOSINGS = [
    ('en', 'Thank you.'), ('en', 'Goodbye.'), ('en', 'Thank you for calling. Goodbye.'),
    ('en', 'Bye bye.'), ('en', 'Thanks for your call. Have a nice day.'), ('en', 'Okay.'),
    ('ko', '감사합니다.'), ('ja', 'ありがとうございました。'), ('ja', '失礼いたします。'),
    ('zh', '谢谢,再见。'), ('id', 'Terima kasih.'), ('id', 'Terima kasih telah menghubungi kami.')]


class Fake:
    """Says what it was told to, window by window, its words spread evenly."""

    languages, device, batch_size = frozenset({'en', 'ko', 'ja', 'zh', 'id', 'fr'}), 'cpu', 2

    def __init__(self, *says, sounds_like=None):
        self.says, self.sounds_like, self.asked = list(says), sounds_like or [], []

    def decode(self, windows, language, prompt, timed):
        self.asked += [(len(window) / 16000, language, prompt) for window in windows]
        return [self._decoded(self.says.pop(0), len(window) / 16000) for window in windows]

    def _decoded(self, said, seconds):
        text, logprob, no_speech, *score = said
        texts = text.split()
        step = seconds / max(1, len(texts))
        return Decoded(text, logprob, no_speech, tuple(
            Word(n * step, (n + 1) * step, word, score[0] if score else 0.9, INTERPOLATED)
            for n, word in enumerate(texts)))

    def language_probabilities(self, windows):
        return [dict(self.sounds_like[n % len(self.sounds_like)]) for n in range(len(windows))]

    def count_tokens(self, text):
        return len(text.split())


def noisy(*speech, seconds=20.0, noise=30, voice=3000, channels=1):
    """Noise, `voice` times as loud where somebody speaks in channel 0."""
    samples = np.random.default_rng(1).normal(0, noise, (channels, int(seconds * RATE)))
    for start, end in speech:
        samples[0, int(start * RATE):int(end * RATE)] *= voice / noise
    return Audio(samples.astype(np.int16), RATE)


def hear(fake, *speech, language='en', audio=None, window_s=0.0, lexicon=None, ref=CALL, **changes):
    """The transcript of one lane; nothing is aligned, for no aligner is on disk."""
    whisperx = dataclasses.replace(SETTINGS.transcribe.whisperx, window_s=window_s, aligners={},
                                   **changes)
    engine = WhisperxTranscriber(
        dataclasses.replace(SETTINGS.transcribe, whisperx=whisperx), '', lexicon, fake)
    return engine.hear(audio or noisy(*speech), (Lane(0, speech),), language, ref)


def text_of(heard, language='en'):
    return ('' if language in ('ja', 'zh') else ' ').join(heard.words[0].text)


SPOKEN = (2.0, 5.0)


@pytest.mark.parametrize(('language', 'text'), MADE_UP)
def test_a_line_of_subtitles_alone_is_dropped_where_whisper_doubts_it(language, text):
    for doubtful in ((text, UNSURE, 0.1), (text, SURE, 0.8), (text, SURE, 0.1, 0.3)):
        heard = hear(Fake(doubtful), SPOKEN, language=language)
        assert len(heard.words[0]) == 0
        note, = heard.notes
        assert (note.label, note.channel) == ('text_dropped', 0)
        assert note.start_s == pytest.approx(2.0, abs=0.3)
        assert 'no speech at' in note.evidence
        assert (heard.trust, len(heard.why) > 0) == ('low', True)


@pytest.mark.parametrize(('language', 'text'), MADE_UP[:5])
def test_a_line_of_subtitles_is_kept_where_whisper_is_sure_or_more_was_said(language, text):
    assert text_of(hear(Fake((text, SURE, 0.1)), SPOKEN, language=language), language) == text
    more = f'{text} {CLOSINGS[0][1]}'
    kept = text_of(hear(Fake((more, UNSURE, 0.1)), SPOKEN, language=language), language)
    assert kept.replace(' ', '') == more.replace(' ', '')


@pytest.mark.parametrize(('language', 'text'), CLOSINGS)
def test_what_ends_a_call_survives_whatever_whisper_doubts_short_of_hearing_nobody(language, text):
    for said in ((text, SURE, 0.1), (text, UNSURE, 0.1), (text, SURE, 0.95), (text, -3.0, 0.5),
                 (text, SURE, 0.1, 0.1)):
        heard = hear(Fake(said), SPOKEN, language=language)
        assert text_of(heard, language).replace(' ', '') == text.replace(' ', '')
        assert not [note for note in heard.notes if note.label == 'text_dropped']


def test_no_phrase_of_an_agents_closing_is_known_as_made_up():
    categories = load_lexicon('en').categories
    closings = [phrase for name in ('thanks', 'thanks_for_calling', 'farewell', 'good_day_wish',
                                    'weekend_wish', 'further_help_question', 'apology')
                for phrase in categories[name]]
    assert len(closings) > 50
    assert not [phrase for phrase in closings if known_phrase(phrase, GUARDS.phrases['en'])]


def test_words_are_dropped_where_whisper_hears_no_speech_and_is_unsure_of_them():
    heard = hear(Fake(('I will send the parcel.', -1.2, 0.7), ('That is all.', SURE, 0.0)),
                 SPOKEN, (10.0, 18.0))
    assert text_of(heard) == 'That is all.'
    assert heard.notes[0].evidence.startswith('5 words: no speech at 0.70')
    assert 'parcel' not in heard.notes[0].evidence  # not redacted, so not told
    assert heard.trust == 'low'
    assert '27%' in heard.why


@pytest.mark.parametrize(('logprob', 'no_speech', 'score', 'kept'), [
    (SURE, 0.1, 0.9, True), (-1.2, 0.1, 0.9, True), (SURE, 0.9, 0.9, True), (SURE, 0.1, 0.1, True),
    (-1.2, 0.9, 0.9, False), (-1.2, 0.1, 0.1, False), (SURE, 0.9, 0.1, False)])
def test_one_doubt_drops_nothing_and_two_drop_even_a_courtesy(logprob, no_speech, score, kept):
    heard = hear(Fake(('Bye bye.', logprob, no_speech, score)), SPOKEN)
    assert len(heard.words[0]) == (2 if kept else 0)


def test_a_transcript_of_which_little_was_dropped_is_trusted():
    heard = hear(Fake(('Thanks for watching!', -1.2, 0.7), ('That is all for today.', SURE, 0.0)),
                 (2.0, 3.0), (10.0, 18.0))
    assert (heard.trust, heard.why) == ('ok', '')
    assert [note.label for note in heard.notes] == ['text_dropped']


def test_speech_that_is_hardly_louder_than_the_noise_is_never_shown_to_whisper():
    fake = Fake(('Good morning.', SURE, 0.0))
    audio = noisy((2.0, 5.0))
    heard = hear(fake, (2.0, 5.0), (10.0, 12.0), audio=audio)
    assert len(fake.asked) == 1
    assert text_of(heard) == 'Good morning.'
    note, = heard.notes
    assert note.label == 'not_heard'
    assert note.start_s == pytest.approx(9.75)


@pytest.mark.parametrize('snr_db', [6.0, 10.0, 20.0])
def test_speech_in_noise_passes_the_gate(snr_db):
    speech = [(2.0, 5.0)]
    gate = gate_of(noisy(*speech, noise=300, voice=300 * 10 ** (snr_db / 20)), 0, speech, GUARDS)
    assert gate.faint(speech) == ''
    assert 'dBFS' in gate.faint([(10.0, 12.0)])


def test_a_gated_line_has_no_noise_to_be_louder_than():
    speech = [(2.0, 5.0)]
    gate = gate_of(noisy(*speech, noise=0.001, voice=60), 0, speech, GUARDS)
    assert (gate.least_dbfs, gate.faint(speech)) == (GUARDS.min_dbfs, '')


def test_words_said_over_and_over_are_said_once_and_the_loop_is_noted():
    heard = hear(Fake(('so ' + 'the bill is wrong ' * 9 + 'okay', SURE, 0.0)), (2.0, 18.0))
    assert text_of(heard) == 'so the bill is wrong okay'
    assert [(note.label, note.evidence) for note in heard.notes] == [
        ('loop_cut', '32 words of a loop')]


@pytest.mark.parametrize('text', [
    'no no no no', 'bye bye bye', 'it is 5 5 5 5 5 5 5', 'thank you thank you thank you very much'])
def test_what_people_do_repeat_is_left(text):
    texts = text.split()
    assert without_loops(texts, 'en', GUARDS) == list(range(len(texts)))


@given(st.lists(st.sampled_from('abc'), max_size=30))
def test_no_words_are_lost_but_repeated_ones(texts):
    keep = without_loops(texts, 'en', GUARDS)
    assert keep == sorted(set(keep))
    assert set(texts) == {texts[n] for n in keep}
    times = max((sum(1 for _ in run) for run in _runs(texts)), default=0)
    assert times <= GUARDS.max_repeats or len(keep) < len(texts)


def _runs(texts):
    return [list(group) for _, group in itertools.groupby(texts)]


def test_more_words_than_anyone_can_speak_are_dropped():
    heard = hear(Fake(('one can not say so many words in a second', SURE, 0.0)), (2.0, 3.0))
    assert len(heard.words[0]) == 0
    assert 'words a second' in heard.notes[0].evidence


def test_a_text_that_compresses_like_a_loop_is_dropped():
    text = ' '.join(f'the {n} red red cars' for n in ['big', 'old', 'big', 'new'] * 8)
    assert compression_ratio(text) > GUARDS.compression_ratio
    heard = hear(Fake((text, SURE, 0.0)), (0.5, 19.5), audio=noisy((0.5, 19.5), seconds=24.0),
                 guards=dataclasses.replace(GUARDS, max_rate=20.0, max_repeats=50))
    assert 'a loop' in heard.notes[0].evidence


def test_what_is_known_is_known_however_it_is_written():
    known = GUARDS.phrases['en']
    assert known_phrase('THANKS, for watching!!', known) == 'thanks for watching'
    assert known_phrase('Thanks for watching. Please subscribe!', known)
    assert known_phrase('Captioned by Jane Doe', known) == 'captioned by *'
    assert known_phrase('Thanks for watching my dog.', known) == ''
    assert known_phrase('', known) == ''


# Windows: both lanes in one pass


def test_stretches_of_a_lane_share_a_window_and_each_word_goes_back_to_its_own():
    fake = Fake(('one two three four', SURE, 0.0))
    heard = hear(fake, (2.0, 3.5), (10.0, 11.5), window_s=29.0)
    assert len(fake.asked) == 1
    assert fake.asked[0][0] == pytest.approx(4.0, abs=0.01)  # two stretches, four pads
    assert heard.words[0].text == ('one', 'two', 'three', 'four')
    starts = heard.words[0].start_s
    assert 1.7 < starts[0] < starts[1] < 3.75 < 9.7 < starts[2] < starts[3] < 11.75


def test_words_stay_within_a_tenth_of_a_second_of_the_voice_activity():
    heard = hear(Fake(('one two three four', SURE, 0.0)), (2.0, 3.5), (10.0, 11.5), window_s=29.0)
    words = heard.words[0]
    assert words.start_s[0] >= 1.9
    assert words.end_s[1] <= 3.6
    assert words.start_s[2] >= 9.9
    assert words.end_s[3] <= 11.6


# Language


@pytest.mark.parametrize(('windows', 'language', 'trust', 'probability'), [
    ([{'ja': 0.9, 'en': 0.05}], 'ja', 'ok', 0.9),
    ([{'ko': 0.4, 'ja': 0.5}, {'ko': 0.9, 'ja': 0.05}], 'ko', 'ok', 0.65),  # summed up
    ([{'fr': 0.9, 'en': 0.1}], None, 'low', 0.1),  # nobody speaks French here
    ([{'en': 0.4, 'id': 0.3, 'ko': 0.3}], None, 'low', 0.4),
])
def test_the_language_is_told_by_several_windows_or_not_at_all(windows, language, trust,
                                                               probability):
    speech = tuple((start, start + 14.0) for start in range(1, 60, 15))
    fake = Fake(*[('a b c', SURE, 0.0)] * 4, sounds_like=windows)
    heard = hear(fake, *speech, language=None, audio=noisy(*speech, seconds=62.0))
    assert (heard.language, heard.trust) == (language, trust)
    note = heard.notes[0]
    assert (note.label, note.confidence) == ('language', pytest.approx(probability, abs=1e-3))
    assert len(heard.words[0]) == 12


def test_a_language_that_the_manifest_gives_is_not_asked_for():
    heard = hear(Fake(('a b c', SURE, 0.0), sounds_like=[{'ja': 0.9}]), SPOKEN, language='ko-KR')
    assert (heard.language, heard.notes) == ('ko', ())


def test_an_english_only_model_tells_no_language_and_is_not_trusted_to():
    fake = Fake(('a b c', SURE, 0.0), sounds_like=[{}])
    fake.languages = frozenset({'en'})
    heard = hear(fake, SPOKEN, language=None)
    assert (heard.language, heard.trust, text_of(heard)) == (None, 'low', 'a b c')
    heard = hear(fake, SPOKEN, language='ko')
    assert (heard.trust, heard.why, len(heard.words[0])) == (
        'none', f'the model {SETTINGS.transcribe.whisperx.model} knows English alone', 0)


def test_both_lanes_go_through_the_model_together():
    fake, calls = Fake(('a b', SURE, 0.0), ('c d', SURE, 0.0)), []
    decode = fake.decode
    fake.decode = lambda windows, *rest: calls.append(len(windows)) or decode(windows, *rest)
    audio = Audio(np.repeat(noisy((2.0, 5.0)).samples, 2, axis=0), RATE)
    engine = WhisperxTranscriber(SETTINGS.transcribe, '', None, fake)
    heard = engine.hear(audio, (Lane(0, (SPOKEN,)), Lane(1, (SPOKEN,))), 'fr', CALL)
    assert calls == [2]
    assert [words.text for words in heard.words] == [('a', 'b'), ('c', 'd')]


def test_what_was_dropped_is_an_event_of_the_call_that_judging_it_again_keeps():
    heard = hear(Fake(('Thanks for watching!', UNSURE, 0.8)), SPOKEN)
    call = Conversation(CALL, lane_source='channel', lanes=(Lane(0), Lane(1)), agent_lane=0,
                        notes=notes_of(heard, 20.0))
    events = [note_event(note, call) for note in call.notes]
    assert [(event.kind, event.label, event.speaker) for event in events] == [
        ('note', 'text_dropped', 'agent'), ('note', 'transcript_trust', None)]
    assert events[1].evidence == heard.why
    assert sorted(perceived(events), key=lambda event: event.label) == events
