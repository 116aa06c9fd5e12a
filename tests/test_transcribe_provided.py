"""Transcripts that come with a recording: four formats, the right lane, and readable refusals."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import load_settings
from transforms.conversation import Audio, Lane, Reference
from transforms.errors import CallError
from transforms.transcribe import load_transcriber
from transforms.transcribe.transcripts import TranscriptError, read_transcript

OPTIONS = dataclasses.replace(load_settings(None).transcribe, engine='provided')
AUDIO = Audio(np.zeros((2, 8000 * 20), np.int16), 8000)
AGENT, CALLER = Lane(1, ((0.0, 2.0), (6.0, 8.0))), Lane(0, ((3.0, 5.0),))
LANES = (AGENT, CALLER)
WORDS = [('Hello', 0.1, 0.4), ('Anna', 0.5, 0.9), ('here.', 1.0, 1.4)]
ANSWER = [('My', 3.1, 3.3), ('order', 3.4, 3.8)]

WHISPERX = {'language': 'en', 'segments': [
    {'start': 0.0, 'end': 1.5, 'text': ' Hello Anna here.', 'speaker': 'SPEAKER_00', 'words': [
        {'word': text, 'start': start, 'end': end, 'score': 0.9} for text, start, end in WORDS]},
    {'start': 3.0, 'end': 4.0, 'text': ' My order', 'speaker': 'SPEAKER_01', 'words': [
        {'word': text, 'start': start, 'end': end, 'score': 0.8} for text, start, end in ANSWER]}]}


def amazon_item(text, start, end):
    if text in '.,':
        return {'type': 'punctuation', 'alternatives': [{'confidence': '0.0', 'content': text}]}
    return {'type': 'pronunciation', 'start_time': str(start), 'end_time': str(end),
            'alternatives': [{'confidence': '0.95', 'content': text}]}


HELLO_ITEMS = [amazon_item(*item) for item in [('Hello', 0.1, 0.4), ('Anna', 0.5, 0.9),
                                               ('here', 1.0, 1.4), ('.', 0, 0)]]
ORDER_ITEMS = [amazon_item(*item) for item in ANSWER]
AMAZON_CHANNELS = {'jobName': 'j', 'results': {
    'language_code': 'en-US', 'items': HELLO_ITEMS + ORDER_ITEMS, 'channel_labels': {'channels': [
        {'channel_label': 'ch_0', 'items': ORDER_ITEMS},
        {'channel_label': 'ch_1', 'items': HELLO_ITEMS}]}}}
AMAZON_SPEAKERS = {'results': {
    'items': HELLO_ITEMS + ORDER_ITEMS, 'speaker_labels': {'speakers': 2, 'segments': [
        {'speaker_label': f'spk_{n}', 'items': [
            {'start_time': item['start_time'], 'speaker_label': f'spk_{n}'}
            for item in items if item['type'] == 'pronunciation']}
        for n, items in enumerate((HELLO_ITEMS, ORDER_ITEMS))]}}}
AMAZON_CALLS = {'LanguageCode': 'en-US', 'Transcript': [
    {'ParticipantRole': role, 'BeginOffsetMillis': 0, 'EndOffsetMillis': 4000, 'Items': [
        item for text, start, end in said for item in (
            {'Type': 'pronunciation', 'Content': text.rstrip('.'), 'Confidence': '0.9',
             'BeginOffsetMillis': round(1000 * start), 'EndOffsetMillis': round(1000 * end)},
            *([{'Type': 'punctuation', 'Content': '.'}] if text.endswith('.') else []))]}
    for role, said in (('AGENT', WORDS), ('CUSTOMER', ANSWER))]}
VCON = {'vcon': '0.0.2', 'parties': [{'name': 'Bo', 'role': 'customer'}, {'name': 'Anna'}],
        'dialog': [{'type': 'recording', 'start': '2026-03-02T09:00:00Z', 'parties': [0, 1]}],
        'analysis': [{'type': 'summary', 'body': 'a call'}, {
            'type': 'transcript', 'dialog': 0, 'encoding': 'json', 'body': json.dumps([
                {'party': 1, 'start': 0.1, 'end': 1.4, 'text': 'Hello Anna here.'},
                {'party': 0, 'start': 3.1, 'end': 3.8, 'text': 'My order'}])}]}
VCON_TEXTS = {'vcon': '0.0.2', 'parties': [{'role': 'customer'}, {'role': 'agent'}], 'dialog': [
    {'type': 'recording', 'start': '2026-03-02T09:00:00Z'},
    {'type': 'text', 'start': '2026-03-02T10:00:00.100+01:00', 'duration': 1.3, 'parties': [1],
     'body': 'Hello Anna here.'},
    {'type': 'text', 'start': '2026-03-02T09:00:03.100Z', 'duration': 0.7, 'parties': [0],
     'body': 'My order'}]}
WEBVTT = """WEBVTT

NOTE made by hand

1
00:00:00.100 --> 00:00:01.400 align:start
<v Anna>Hello <b>Anna</b> here.</v>

00:03.100 --> 00:03.800
<v.loud Bo>My
order
"""


def call(tmp_path, content, **given):
    path = tmp_path / 'transcript'
    path.write_bytes(content if isinstance(content, bytes) else
                     (content if isinstance(content, str) else json.dumps(content)).encode())
    return Reference('c1', audio_uri='/calls/c1.wav', transcript_uri=str(path), **given)


def hear(ref, lanes=LANES, language=None, options=OPTIONS):
    return load_transcriber(options).hear(AUDIO, lanes, language, ref)


@pytest.mark.parametrize(('content', 'kind'), [
    (WHISPERX, 'WhisperX'), (AMAZON_CHANNELS, 'Amazon Transcribe'),
    (AMAZON_SPEAKERS, 'Amazon Transcribe'), (AMAZON_CALLS, 'Amazon Transcribe Call Analytics'),
    (VCON, 'vCon'), (VCON_TEXTS, 'vCon'), (WEBVTT, 'WebVTT')],
    ids=['whisperx', 'amazon_channels', 'amazon_speakers', 'amazon_calls', 'vcon', 'vcon_texts',
         'webvtt'])
@pytest.mark.parametrize('agent_channel', [None, 1])
def test_every_format_gives_each_lane_its_own_words(tmp_path, content, kind, agent_channel):
    ref = call(tmp_path, content, agent_channel=agent_channel,
               manifest=json.dumps({'agent_name': 'Anna', 'caller_name': 'Bo'}))
    heard = hear(ref)
    assert (heard.transcriber, heard.model, heard.trust) == ('provided', kind, 'ok')
    agent, caller = heard.words
    assert agent.text == ('Hello', 'Anna', 'here.')
    assert caller.text == ('My', 'order')
    assert agent.start_s[0] == pytest.approx(0.1)
    assert caller.end_s[-1] == pytest.approx(3.8)
    assert set(agent.turn) == {-1} and set(agent.speaker) == {''}


@pytest.mark.parametrize(('content', 'quality', 'confidence'), [
    (WHISPERX, 'aligned', 0.9), (AMAZON_CHANNELS, 'aligned', 0.95), (WEBVTT, 'interpolated', None),
    (VCON, 'interpolated', None)], ids=['whisperx', 'amazon', 'webvtt', 'vcon'])
def test_words_without_times_of_their_own_are_interpolated(tmp_path, content, quality, confidence):
    words = hear(call(tmp_path, content)).words[0]
    assert set(words.time_quality) == {quality}
    assert set(words.confidence) == {confidence}


def test_auto_takes_the_transcript_where_there_is_one_and_hears_itself_where_not(tmp_path):
    auto = dataclasses.replace(OPTIONS, engine='auto', whisperx=dataclasses.replace(
        OPTIONS.whisperx, model_dir=str(tmp_path)))
    assert hear(call(tmp_path, WHISPERX), options=auto).transcriber == 'provided'
    alone = Reference('c2', audio_uri='/calls/c2.wav')
    assert hear(alone, (Lane(0), Lane(1)), 'en', auto).transcriber == 'pocketsphinx'
    assert hear(alone).transcriber == 'provided'
    assert hear(alone).trust == 'none'


def test_roles_in_the_transcript_outrank_whose_speech_its_times_fit(tmp_path):
    swapped = json.loads(json.dumps(AMAZON_CALLS))
    for turn in swapped['Transcript']:
        turn['ParticipantRole'] = {'AGENT': 'CUSTOMER', 'CUSTOMER': 'AGENT'}[
            turn['ParticipantRole']]
    assert hear(call(tmp_path, swapped, agent_channel=1)).words[0].text == ('My', 'order')
    assert hear(call(tmp_path, swapped)).words[1].text == ('My', 'order')


def test_of_a_pair_of_files_the_agents_is_the_first_lane(tmp_path):
    ref = dataclasses.replace(call(tmp_path, AMAZON_CALLS), audio_uri=None,
                              agent_audio_uri='/a.wav', caller_audio_uri='/b.wav')
    lanes = (Lane(0, ((0.0, 2.0),)), Lane(1, ((3.0, 5.0),)))
    assert hear(ref, lanes).words[0].text == ('Hello', 'Anna', 'here.')


def test_in_a_mono_call_labels_and_times_tell_whose_a_word_is(tmp_path):
    lanes = tuple(Lane(0, lane.speech) for lane in LANES)
    for content in (WHISPERX, WEBVTT, AMAZON_SPEAKERS, AMAZON_CALLS):
        assert [words.text for words in hear(call(tmp_path, content, agent_channel=0), lanes).words
                ] == [('Hello', 'Anna', 'here.'), ('My', 'order')]


def test_several_agents_share_the_lane_that_their_words_fit(tmp_path):
    content = {'segments': [
        {'start': 0.1, 'end': 1.0, 'text': 'one', 'speaker': 'A'},
        {'start': 3.1, 'end': 4.0, 'text': 'two', 'speaker': 'B'},
        {'start': 6.1, 'end': 7.0, 'text': 'three', 'speaker': 'C'}]}
    assert [words.text for words in hear(call(tmp_path, content)).words] == [
        ('one', 'three'), ('two',)]


def test_a_figure_that_whisperx_left_untimed_lies_between_its_neighbours(tmp_path):
    words = [{'word': 'pay', 'start': 0.2, 'end': 0.5, 'score': 0.9}, {'word': '£13.60'},
             {'word': 'now', 'start': 1.0, 'end': 1.2, 'score': 0.9}]
    heard = hear(call(tmp_path, {'segments': [{'start': 0.0, 'end': 1.5, 'words': words}]}))
    assert heard.words[0].time_quality == ('aligned', 'interpolated', 'aligned')
    assert (heard.words[0].start_s[1], heard.words[0].end_s[1]) == (0.5, 1.0)


def test_japanese_has_a_word_a_character(tmp_path):
    content = {'language': 'ja', 'segments': [{'start': 0.0, 'end': 1.0, 'text': 'はい。'}]}
    heard = hear(call(tmp_path, content))
    assert (heard.words[0].text, heard.language) == (('は', 'い。'), 'ja')


def test_the_calls_language_outranks_the_transcripts(tmp_path):
    assert hear(call(tmp_path, WHISPERX), language='de-AT').language == 'de'
    assert hear(call(tmp_path, WHISPERX)).language == 'en'


def test_a_silent_call_and_an_empty_transcript_are_not_trusted(tmp_path):
    assert hear(call(tmp_path, {'segments': []})).trust == 'none'
    assert hear(call(tmp_path, WHISPERX), lanes=()).trust == 'none'


@pytest.mark.parametrize(('content', 'said'), [
    ('{"segments": [}', 'line 1, column 15: is neither WebVTT nor JSON'),
    (b'\xff\xfe\x00', 'byte 0: is not UTF-8 text'),
    ('', 'line 1, column 1: is neither WebVTT nor JSON'),
    ('{"text": "hello"}', 'top level: is none of WhisperX'),
    ('[' * 100_000, 'line 1: is nested too deeply'),
    ({'segments': 'none'}, 'top level: segments: must be a list'),
    ({'segments': [{'start': 'soon', 'end': 1}]}, "segments[0].start: 'soon' is no time"),
    ({'segments': [{'start': -1, 'end': 1}]}, "segments[0].start: '-1' is no time"),
    ('{"segments": [{"start": NaN, "end": 1}]}', "segments[0].start: 'nan' is no time"),
    ({'segments': [{'start': 2, 'end': 1, 'text': 'a'}]}, 'segments[0]: ends before it starts'),
    ({'segments': [{'words': [{'start': 1}]}]}, 'segments[0].words[0].word: is missing'),
    ({'segments': [{'words': [{'word': 'a', 'start': 2, 'end': 1}]}]},
     'segments[0].words[0]: ends before it starts'),
    ({'results': {'items': [], 'speaker_labels': {'segments': 3}}},
     'results.speaker_labels.segments: must be a list'),
    ({'segments': [{'words': [{'word': 'a', 'score': 7}]}]},
     "segments[0].words[0]: the score '7' is not within 0 and 1"),
    ({'segments': [{'start': 99.0, 'end': 99.5, 'text': 'late'}]},
     'has words until 99.5 s, but the recording ends at 20.0 s'),
    ({'results': {'items': [{'type': 'pronunciation'}]}},
     'results.items[0].alternatives: must be a list'),
    ({'vcon': '0.0.1', 'parties': []}, 'the vCon has no analysis of type transcript'),
    ('WEBVTT\n\n00:01.000 -> 00:02.000 -->\nhi\n', 'line 3: '),
    ('WEBVTT\n\n00:61.000 --> 00:02.000\nhi\n', 'line 3: `00:61.000` is no time like 00:01:02.500'),
    ('WEBVTT\n\n00:03.000 --> 00:02.000\nhi\n', 'line 3: the cue ends before it starts'),
])
def test_a_broken_transcript_names_the_file_the_place_and_the_way_out(tmp_path, content, said):
    ref = call(tmp_path, content)
    with pytest.raises(CallError) as caught:
        hear(ref)
    assert caught.value.message.startswith(f'{ref.transcript_uri}: ')
    assert said in caught.value.message
    assert 'transcript_uri' in caught.value.way_out
    assert (caught.value.field, caught.value.value) == ('transcript_uri', ref.transcript_uri)


def test_a_missing_or_too_large_transcript_is_refused(tmp_path):
    with pytest.raises(CallError, match='cannot be opened'):
        hear(Reference('c1', transcript_uri=str(tmp_path / 'nothing.json')))
    small = dataclasses.replace(OPTIONS, provided=dataclasses.replace(OPTIONS.provided,
                                                                      max_mb=0.0001))
    with pytest.raises(CallError, match=r'is larger than 0\.0001 MB'):
        hear(call(tmp_path, WHISPERX), options=small)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        'segments', 'words', 'word', 'start', 'end', 'text', 'speaker', 'score', 'results', 'items',
        'alternatives', 'content', 'channel_labels', 'channels', 'speaker_labels', 'start_time',
        'type', 'Transcript', 'Items', 'Content', 'BeginOffsetMillis', 'vcon', 'analysis', 'body',
        'dialog', 'parties', 'language', 'duration']), inner, max_size=4), max_leaves=25)


@settings(max_examples=300)
@given(JSON)
def test_whatever_a_json_file_holds_it_is_read_or_refused_with_a_place(tree):
    read_or_refused(json.dumps(tree).encode())


@given(st.text('WEBVTT\n -->:.0123<v>/ab', max_size=120).map(lambda text: 'WEBVTT\n\n' + text))
def test_whatever_a_webvtt_file_holds_it_is_read_or_refused_with_a_place(text):
    read_or_refused(text.encode())


def read_or_refused(data):
    try:
        reading = read_transcript(data, 'en')
    except TranscriptError as error:
        assert ':' in str(error)
        return
    for word, _, _ in reading.said:
        assert word.text
        for time_s in (word.start_s, word.end_s):
            assert time_s is None or (math.isfinite(time_s) and time_s >= 0)
        assert word.start_s is None or word.start_s <= word.end_s
