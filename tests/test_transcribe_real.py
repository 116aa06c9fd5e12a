"""WhisperX with real weights on the samples; skipped where no Whisper is at hand."""

import dataclasses

import pytest

from tests.real_whisper import WHY_NOT, real_whisper
from tests.test_transcribe import ACTS, NOBODY, TRUTH, options, sample
from transforms.conversation import Lane
from transforms.transcribe import load_transcriber

pytestmark = pytest.mark.slow
TELEPHONE = ('fr-caller-interrupts', 'cn-hold-dead-air', 'mono-telephone')


@pytest.fixture(scope='module')
def whisperx(tmp_path_factory):
    folder = real_whisper(tmp_path_factory.mktemp('whisper'))
    if folder is None:
        pytest.skip(WHY_NOT)
    chosen = dataclasses.replace(options().whisperx, model=str(folder), device='cpu')
    return load_transcriber(options(engine='whisperx', threads=2, whisperx=chosen))


def lanes_of(call_id):
    """The parties' lanes by the truth, the agent's first."""
    truth = TRUTH[call_id]
    agent = truth['agent_channel'] or 0
    said = sorted([*truth['turns'], *truth['backchannels']], key=lambda turn: turn['start_s'])
    return tuple(
        Lane(0 if truth['mono'] else channel,
             tuple((turn['start_s'], turn['end_s']) for turn in said if turn['speaker'] == speaker))
        for speaker, channel in (('agent', agent), ('caller', 1 - agent)))


@pytest.mark.parametrize('call_id', TELEPHONE)
def test_on_telephone_calls_the_closing_is_heard_where_it_is_said_and_trusted(call_id, whisperx):
    heard = whisperx.hear(sample(call_id), lanes_of(call_id), 'en', NOBODY)
    assert (heard.trust, heard.why) == ('ok', '')
    words = heard.words[0]
    for act in TRUTH[call_id]['closing']:
        near = {text.lower().strip('.,?!') for text, start
                in zip(words.text, words.start_s, strict=True) if abs(start - act['start_s']) < 0.6}
        assert ACTS[act['act']] & near, (act, words.text)


def test_the_language_of_a_call_is_told_from_its_sound(whisperx):
    call_id = 'fr-caller-interrupts'
    heard = whisperx.hear(sample(call_id), lanes_of(call_id), None, NOBODY)
    language, = (note for note in heard.notes if note.label == 'language')
    assert heard.language == 'en'
    assert language.confidence > 0.9
