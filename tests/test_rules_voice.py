"""Rules of the voice: what each says of rate, level, pitch and noise. None is charged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.calls_for_tests import call_of, judged, perceived_of
from tests.standard_for_tests import default_standard, reviewed_phrasebook
from transforms.rules.judge import judge
from warehouse.records import AGENT, CALLER

# Ten turns each, four seconds long, of two short sentences.
TURNS = 10
EN_SLOW, EN_USUAL, EN_FAST = 4, 10, 20  # words in four seconds: 60, 150, 300 a minute


def talk(agent_words=EN_USUAL, caller_words=EN_USUAL, turns=TURNS, length_s=4.0, word='word'):
    """Both in turn, every five seconds, at a steady rate."""
    out = []
    for n in range(turns):
        for who, at, count in ((AGENT, 10.0 * n, agent_words),
                               (CALLER, 10.0 * n + 5, caller_words)):
            out.append((who, at, at + length_s, ' '.join([word] * count)))
    return out


def finding(rule, said, *, voices=None, standard=None, score=None, changed=None, **given):
    """The finding of a rule of a call whose turns sound as `voices` says: (speaker, n-th turn of
    that speaker) -> columns of the turn. `changed`: KPIs."""
    duration_s = said[-1][2] + 1.0
    standard, book = standard or default_standard(), reviewed_phrasebook()
    call = call_of(duration_s, **given)
    out = judged(said, duration_s, standard=standard, book=book, confidence=score, **given)
    turns, words, _ = perceived_of(said, call, standard, score)
    counts = {AGENT: 0, CALLER: 0}
    sounding = []
    for turn in turns:
        n = counts[turn.speaker]
        counts[turn.speaker] += 1
        columns = {**(voices or {}).get(turn.speaker, {}), **(voices or {}).get(
            (turn.speaker, n), {})}
        sounding.append(turn._replace(**columns))
    findings, _ = judge(call, sounding, words, out.events, replace(out.kpis[0], **(changed or {})),
                        standard, book)
    return next(f for f in findings if f.rule_id == rule)


LEVEL = {AGENT: {'level_dbfs': -20.0, 'f0_st': 10.0}, CALLER: {'level_dbfs': -20.0, 'f0_st': 10.0}}
SHOUT = (CALLER, 4), {'level_dbfs': -13.0, 'f0_st': 13.0}


def heard(*changes):
    """The usual levels, some turns otherwise."""
    return {**LEVEL, **dict(changes)}


def shown(agent_db):
    """The caller shouts, and the agent's next turn is so much louder than usual."""
    return heard(SHOUT, ((AGENT, 5), {'level_dbfs': -20.0 + agent_db}))


def fixed_gain():
    """The default standard on lines whose gain is known."""
    standard = default_standard()
    return replace(standard, rules=tuple(
        replace(rule, options={**rule.options, 'gain_known': True})
        if rule.id == 'voice-moderate-volume' else rule for rule in standard.rules))


CASES = {
    'voice-clear-articulation': [
        ('pass', talk(), {'score': 0.9}),
        ('fail', talk(), {'score': 0.5}),
        ('unknown', talk(), {'score': None}),
        ('unknown', talk(turns=2), {'score': 0.9}),
        ('pass', talk(word='kata'), {'score': 0.9, 'language': 'id'}),
        ('fail', talk(word='kata'), {'score': 0.5, 'language': 'id'})],
    'voice-moderate-rate': [
        ('pass', talk(turns=20), {}),
        ('fail', talk(EN_FAST, turns=20), {}),
        ('fail', talk(EN_SLOW, turns=20), {}),
        ('unknown', talk(turns=5), {}),
        ('unknown', talk(turns=20), {'language': 'sv'}),
        ('unknown', talk(turns=20), {'transcript_trust': 'none'}),
        ('pass', talk(1, 1, turns=20, word='말' * 20), {'language': 'ko'}),
        ('fail', talk(1, 1, turns=20, word='말' * 40), {'language': 'ko'}),
        ('pass', talk(1, 1, turns=20, word='话' * 16), {'language': 'zh'}),
        ('fail', talk(1, 1, turns=20, word='话' * 30), {'language': 'zh'})],
    'voice-matches-customer-rate': [
        ('pass', talk(), {}),
        ('fail', talk(EN_FAST, EN_SLOW), {}),
        ('unknown', talk(turns=3), {}),
        ('unknown', talk(length_s=0.9), {}),
        ('unknown', talk(), {'transcript_trust': 'none'}),
        ('pass', talk(1, 1, word='話' * 20), {'language': 'ja'}),
        ('fail', talk(3, 1, word='話' * 10), {'language': 'ja'})],
    'voice-moderate-volume': [
        ('pass', talk(), {'standard': fixed_gain(), 'changed': {'agent_loudness_dbfs': -20.0}}),
        ('fail', talk(), {'standard': fixed_gain(), 'changed': {'agent_loudness_dbfs': -40.0}}),
        ('fail', talk(), {'standard': fixed_gain(), 'changed': {'agent_loudness_dbfs': -8.0}}),
        ('unknown', talk(), {'standard': fixed_gain()}),
        ('unknown', talk(), {'changed': {'agent_loudness_dbfs': -20.0}})],
    'voice-raises-for-noisy-customer': [
        ('unknown', talk(), {}), ('unknown', talk(), {'caller_snr_db': 5.0})],
    'voice-not-louder-when-angry': [
        ('pass', talk(), {'voices': shown(2.0)}),
        ('fail', talk(), {'voices': shown(5.0)}),
        ('unknown', talk(), {'voices': shown(5.0), 'lane_source': 'diarized'}),
        ('unknown', talk(), {}),
        ('not_applicable', talk(), {'voices': LEVEL}),
        ('not_applicable', talk(), {'voices': heard(((CALLER, 4), {'level_dbfs': -13.0}))})],
    'voice-quiet-environment': [
        ('pass', talk(), {'agent_snr_db': 25.0}),
        ('fail', talk(), {'agent_snr_db': 8.0}),
        ('unknown', talk(), {})],
    'voice-lively-not-monotone': [
        ('pass', talk(), {'voices': {AGENT: {'f0_iqr_st': 3.0}}}),
        ('fail', talk(), {'voices': {AGENT: {'f0_iqr_st': 0.8}}}),
        ('unknown', talk(), {}),
        ('unknown', talk(turns=3), {'voices': {AGENT: {'f0_iqr_st': 3.0}}})],
}
TABLE = [(rule, *case) for rule, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(('rule', 'result', 'said', 'given'), TABLE, ids=[
    f'{rule}-{result}-{n}' for n, (rule, result, *_) in enumerate(TABLE)])
def test_a_rule_of_the_voice_comes_to_what_was_measured(rule, result, said, given):
    found = finding(rule, said, **given)
    assert (found.result, found.why) == (result, found.why)
    assert (found.score is not None) == (result in ('pass', 'fail'))


def test_every_rule_of_the_voice_that_is_decided_is_in_the_table():
    assert set(CASES) == {rule.id for rule in default_standard().rules
                          if rule.stage == 'voice' and rule.decide}


def test_no_rule_of_the_voice_is_charged():
    assert all(rule.weight == 0 for rule in default_standard().rules if rule.stage == 'voice')
    assert default_standard().stages['voice'] == 0


def test_the_turn_in_which_the_agent_grew_loud_is_shown():
    found = finding('voice-not-louder-when-angry', talk(), voices=shown(5.0))
    assert (found.start_s, found.end_s, found.speaker) == (50.0, 54.0, AGENT)
    assert '+5.0 dB' in found.why


def test_the_level_is_told_where_the_gain_of_the_line_is_not_known():
    found = finding('voice-moderate-volume', talk(), changed={'agent_loudness_dbfs': -20.0})
    assert '-20 dBFS' in found.why
