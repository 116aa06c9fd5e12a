import dataclasses
import json
from math import log10

import pytest

from tests.calls_for_tests import call_of, event, judged, kpis_of, perceived_of
from tests.standard_for_tests import default_standard, phrasebook
from transforms.assess import assess
from transforms.rates import count_units, rate_unit
from warehouse.records import AGENT, CALLER, Kpis

TALK = [(AGENT, 0.0, 4.0, 'Good morning, thank you for calling Acme.'),
        (CALLER, 4.5, 8.5, 'I have lost my card in York today'),
        (AGENT, 8.2, 12.2, 'I am sorry to hear that, let me help you.'),
        (CALLER, 13.2, 15.2, 'Thank you.')]
SCORES = {'opening_score', 'hold_score', 'signoff_score', 'etiquette_score', 'etiquette_lo',
          'etiquette_hi', 'etiquette_coverage', 'rules_passed', 'rules_failed', 'rules_unknown'}
# These follow from other columns, or from the call.
FOLLOW = {'call_date', 'agent_id', 'queue', 'ring_source', 'ring_at_least_s', 'hold_source',
          'speech_rate_unit'}


def test_talk_is_each_partys_own_and_overlap_counts_for_both():
    kpis = kpis_of(TALK, 16.0)
    assert kpis.agent_talk_s == pytest.approx(8.0)
    assert kpis.caller_talk_s == pytest.approx(6.0)
    assert kpis.agent_talk_ratio == pytest.approx(8 / 14)
    assert kpis.overlap_s == pytest.approx(0.3)
    assert kpis.overlap_ratio == pytest.approx(0.3 / 13.7)
    assert kpis.agent_longest_turn_s == pytest.approx(4.0)
    assert kpis.last_speaker == CALLER


def test_the_reply_time_is_signed_and_backchannels_and_holds_are_no_replies():
    assert kpis_of(TALK, 16.0).agent_reply_median_s == pytest.approx(-0.3)
    long = 'I have waited for a very long time now and nobody of you ever called me back'
    said = [(CALLER, 0, 9, long), (AGENT, 4, 4.4, 'mhm'), (AGENT, 10, 12, 'I am so sorry.')]
    assert kpis_of(said, 12.0).agent_reply_median_s == pytest.approx(1.0)
    held = kpis_of([(AGENT, 0, 2, 'hold on'), (CALLER, 2.5, 4, 'yes I will'),
                    (AGENT, 30, 33, 'here I am again')], 33.0, (event('hold', 'music', 5, 29),))
    assert held.agent_reply_median_s is None


def test_an_interruption_that_fails_changes_no_floor():
    long = 'I have waited for a very long time now and nobody of you ever called me back'
    said = [(CALLER, 0, 9, long), (AGENT, 4, 5.5, 'but you see that'),
            (AGENT, 9.5, 12, 'Right so.')]
    assert kpis_of(said, 12.0).agent_reply_median_s == pytest.approx(0.5)


def test_the_speech_rate_is_words_per_minute_of_speech():
    kpis = kpis_of(TALK, 16.0)
    assert kpis.speech_rate_unit == 'word'
    assert kpis.agent_speech_rate == pytest.approx(17 / 8.0 * 60)
    assert kpis.caller_speech_rate == pytest.approx(10 / 6.0 * 60)


def test_a_rate_needs_words_to_believe_and_some_speech():
    assert kpis_of(TALK, 16.0, transcript_trust='low').agent_speech_rate is None
    assert kpis_of([*TALK[:1], (CALLER, 5, 6, 'yes please')], 9.0).caller_speech_rate is None


@pytest.mark.parametrize('language, text, unit, count', [
    ('en', ['Hello,', '-', "I'm", 'here.'], 'word', 3), ('id', ['Selamat', 'pagi'], 'word', 2),
    ('zh', ['您', '好', '。'], 'char', 2), ('ja', ['も', 'し', 'も', 'し'], 'char', 4),
    ('ko', ['안녕하세요,', 'ABC'], 'syllable', 6),
])
def test_each_language_has_its_unit_of_rate(language, text, unit, count):
    assert rate_unit(language) == unit
    assert count_units(text, unit) == count


def test_loudness_is_the_mean_power_weighted_by_speech():
    call = call_of(16.0)
    turns, words, speech = perceived_of(TALK, call)
    levels = {0: -20.0, 2: -30.0}
    turns = [t._replace(level_dbfs=levels.get(t.turn)) for t in turns]
    kpis = assess(call, turns, words, speech, default_standard(), phrasebook()).kpis[0]
    assert kpis.agent_loudness_dbfs == pytest.approx(10 * log10((0.01 + 0.001) / 2))
    assert kpis.caller_loudness_dbfs is None


def test_the_phone_systems_facts_are_taken_as_they_are():
    given = json.dumps({'transfers': [{'at_s': 3.0, 'kind': 'blind'}]})
    kpis = kpis_of(TALK, 16.0, manifest=given, hung_up_by=AGENT)
    assert (kpis.transfer_count, kpis.hung_up_by) == (1, AGENT)
    assert kpis_of(TALK, 16.0, manifest='{"transfers": []}').transfer_count == 0
    assert kpis_of(TALK, 16.0).transfer_count is None


@pytest.mark.parametrize('said, given', [
    (TALK, {}), (TALK, {'hung_up_by': None, 'transcript_trust': 'low'}),
    (TALK, {'lane_source': 'diarized', 'transcriber': 'pocketsphinx'}),
    (TALK[:1], {}), (TALK[1:2], {'direction': None}), ([], {'transcript_trust': 'none'}),
])
def test_every_figure_that_is_not_known_has_its_reason_and_none_that_is_known(said, given):
    found = judged(said, 20.0, **given)
    kpis = found.kpis[0]
    unknown = {f'kpi.{f.name}' for f in dataclasses.fields(Kpis)
               if f.name not in SCORES | FOLLOW and getattr(kpis, f.name) in (None, 'unknown')}
    assert {f.rule_id for f in found.findings if f.stage == 'kpi'} == unknown
    for finding in (f for f in found.findings if f.stage == 'kpi'):
        assert (finding.stage, finding.tier, finding.result) == ('kpi', 'A', 'unknown')
        assert finding.score is None
        assert finding.weight == 0
        assert finding.why


def test_a_recording_without_speech_has_no_score():
    kpis = kpis_of([], 16.0)
    assert {getattr(kpis, name) for name in SCORES} == {None}


def test_a_party_that_never_speaks_has_no_talk_and_no_longest_turn():
    kpis = kpis_of([(CALLER, 1, 5, 'is anybody there at all')], 8.0)
    assert (kpis.agent_talk_s, kpis.agent_talk_ratio) == (0.0, 0.0)
    assert kpis.agent_longest_turn_s is None


def test_of_a_party_that_is_never_heard_nobody_knows_what_it_interrupted():
    found = judged([(CALLER, 1, 5, 'is anybody there at all')], 8.0)
    why = {f.rule_id: f.why for f in found.findings}
    for name in ('agent_interruptions', 'caller_interruptions', 'caller_backchannels',
                 'overlap_ratio'):
        assert getattr(found.kpis[0], name) is None
        assert 'its channel may be dead' in why[f'kpi.{name}']
