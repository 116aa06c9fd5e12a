import json
from dataclasses import replace
from functools import partial

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from transforms.conversation import Audio, Conversation, Reference
from transforms.errors import CallError
from transforms.steps import Bury, Step
from warehouse import landing

GOOD, BAD = Reference('good', row=1, audio_uri='/c/good.wav'), Reference('bad', row=2,
                                                                         audio_uri='/c/bad.wav')


def opening():
    return lambda ref: Conversation(ref=ref)


def failing(error):
    def stage(call):
        if call.ref.call_id == 'bad':
            raise error
        return call
    return lambda: stage


def ids(calls):
    return calls | 'Ids' >> beam.Map(lambda call: call.ref.call_id)


@pytest.fixture
def bury(tmp_path):
    (tmp_path / 'ledger').mkdir()
    return Bury(str(tmp_path), 'r1', str(tmp_path / 'ledger'))


@pytest.mark.parametrize('error, told', [
    (CallError('/c/bad.wav: no audio', way_out='Export it again.', field='audio_uri', value='x'),
     ('CallError', '/c/bad.wav: no audio', 'Export it again.', 'audio_uri')),
    (MemoryError(), ('MemoryError', '/c/bad.wav: ', None, None)),
    (ZeroDivisionError('division by zero'),
     ('ZeroDivisionError', '/c/bad.wav: division by zero', None, None)),
])
def test_a_step_that_raises_buries_that_call_and_the_others_go_on(bury, tmp_path, error, told):
    with TestPipeline('FnApiRunner') as root:
        calls = (root | beam.Create([GOOD, BAD]) | Step('open', opening, bury)
                 | Step('decode', failing(error), bury))
        assert_that(ids(calls), equal_to(['good']))
    (reject,) = map(landing.get_reject, landing.rejects(tmp_path))
    name, message, way_out, field = told
    assert (reject.call_id, reject.row, reject.step) == ('bad', 2, 'decode')
    assert (reject.error, reject.message, reject.field) == (name, message, field)
    assert reject.way_out == way_out or (way_out is None and 'etiquette retry' in reject.way_out)
    (line,) = next((tmp_path / 'ledger').glob('*.jsonl')).read_text().splitlines()
    assert (json.loads(line)['call_id'], json.loads(line)['outcome']) == ('bad', 'rejected')


class Unpicklable(Audio):
    def __reduce__(self):
        raise AssertionError('samples were pickled between two steps')


def with_audio(call):
    return replace(call, audio=Unpicklable(np.zeros((1, 8000), np.int16), 8000))


def without_audio(call):
    assert call.audio is not None
    return replace(call, audio=None)


@pytest.mark.parametrize('flags', [
    ['--runner=FnApiRunner'],
    ['--runner=PortableRunner', '--job_endpoint=embed', '--environment_type=LOOPBACK'],
])
def test_samples_pass_from_step_to_step_without_being_pickled(bury, flags):
    with beam.Pipeline(argv=flags) as root:
        calls = (root | beam.Create([replace(GOOD, call_id=str(n)) for n in range(30)])
                 | beam.Reshuffle() | Step('open', opening, bury)
                 | Step('decode', partial(lambda stage: stage, with_audio), bury)
                 | Step('drop', partial(lambda stage: stage, without_audio), bury))
        assert_that(ids(calls), equal_to([str(n) for n in range(30)]))
