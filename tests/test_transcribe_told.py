"""What Whisper is told beforehand, and where it runs."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lexicons import load_lexicon
from pipeline.settings import load_settings
from transforms.conversation import Reference
from transforms.transcribe.prompts import prompt_of
from transforms.transcribe.whisper_model import MOST_WINDOWS, place_of

WHISPERX = load_settings(None).transcribe.whisperx
ENGLISH = load_lexicon('en')
ON = dataclasses.replace(WHISPERX.prompt, enabled=True)
CALL = Reference('c1', manifest=json.dumps({'agent_name': 'Aoife Byrne', 'queue': 'Billing'}))
LARGE_MB = 3090.0


def words_in(text):
    return len(text.split())


def prompt(options=ON, ref=CALL, language='en', phrases=None, companies=('Harbor Books',)):
    return prompt_of(ref, language, ENGLISH.categories if phrases is None else phrases, companies,
                     words_in, options)


def test_names_of_the_call_and_phrases_of_the_list_are_told():
    told = prompt()
    assert told.endswith('Aoife Byrne, Billing, Harbor Books.')
    for phrase in ('Good morning.', 'Is there anything else i can help you with.', 'Goodbye.'):
        assert phrase in told
    assert '{' not in told


def test_nothing_is_told_by_default_and_nothing_where_nothing_is_known():
    assert prompt(WHISPERX.prompt) is None
    assert prompt(ref=Reference('c1'), phrases={}, companies=()) is None
    assert prompt(dataclasses.replace(ON, names=False), phrases={}) is None


def test_phrases_of_one_language_are_not_told_of_another_but_names_are():
    assert prompt(phrases={}, language='ja') == 'Aoife Byrne, Billing, Harbor Books。'


@given(st.integers(0, 223), st.lists(st.text('ab ', max_size=40), max_size=40))
def test_a_prompt_never_has_more_tokens_than_allowed(most, names):
    told = prompt(dataclasses.replace(ON, max_tokens=most), companies=tuple(names))
    assert words_in(told or '') <= most


def test_names_have_room_before_phrases():
    assert prompt(dataclasses.replace(ON, max_tokens=5)) == 'Aoife Byrne, Billing, Harbor Books.'
    assert prompt(dataclasses.replace(ON, max_tokens=2)) == 'Aoife Byrne.'


def place(gpus=0, free_mb=(), supported=('int8', 'float16', 'int8_float16', 'float32'),
          ram_mb=16_000.0, model_mb=LARGE_MB, **changes):
    options = dataclasses.replace(WHISPERX, **changes)
    return place_of(options, model_mb, gpus, free_mb, frozenset(supported), ram_mb)


@pytest.mark.parametrize(('given', 'kind', 'compute_type'), [
    ({}, 'cpu', 'int8'),
    ({'gpus': 1, 'free_mb': (24_000.0,)}, 'cuda', 'float16'),
    ({'gpus': 1, 'free_mb': (6_000.0,)}, 'cuda', 'int8_float16'),
    ({'gpus': 1, 'free_mb': (24_000.0,), 'supported': ('int8_float32', 'float32')}, 'cuda',
     'default'),
    ({'gpus': 1, 'free_mb': (24_000.0,), 'device': 'cpu'}, 'cpu', 'int8'),
    ({'supported': ('float32',)}, 'cpu', 'default'),
    ({'compute_type': 'float32'}, 'cpu', 'float32'),
])
def test_device_and_compute_type_are_what_is_there(given, kind, compute_type):
    chosen = place(**given)
    assert (chosen.kind, chosen.compute_type) == (kind, compute_type)


def test_the_gpu_that_is_named_is_the_one_whose_memory_counts():
    chosen = place(gpus=2, free_mb=(2_000.0, 80_000.0), device='cuda:1')
    assert (chosen.number, chosen.compute_type, chosen.batch_size) == (1, 'float16', 16)


def test_a_batch_is_as_large_as_the_free_memory_allows():
    sizes = [place(gpus=1, free_mb=(free,)).batch_size for free in (2e3, 8e3, 1.6e4, 8e4)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (1, MOST_WINDOWS['cuda'])
    assert place(ram_mb=64_000.0).batch_size == MOST_WINDOWS['cpu']
    assert place(batch_size=7).batch_size == 7
