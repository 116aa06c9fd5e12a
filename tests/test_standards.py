"""The standards of the four documents, and what is refused in a standard that a site writes."""

from __future__ import annotations

import dataclasses

import pytest

from pipeline.standards import load_standard, standards
from pipeline.yaml_records import ConfigError
from tests.standard_for_tests import default_standard

DOCUMENTS = {'ko': '000', 'ja': '001', 'zh': '002', 'id': '003'}
VARIANTS = ('id-after-first', 'id-caller-ends', 'id-hang-up-on-insult', 'id-name-first',
            'id-third-ring')
# What each document says where it differs from the default; None: it is silent.
THRESHOLDS = {
    'ko': {
        'pickup.max_rings': None, 'pickup.max_s': None, 'pickup.late_rings': None,
        'opening.complete_within_s': None, 'opening.require': ('greeting', 'offer_help'),
        'opening.forbid': (), 'opening.help_only_ok': True,
        'silence.warn_s': 2, 'silence.bad_s': 4, 'silence.fail_s': 7,
        'hold_protocol.require_before': ('reason', 'request', 'time_limit'),
        'hold_protocol.max_s': None, 'hold_protocol.open_line_ok': True,
        'transfer.max': None, 'transfer.permission': None, 'transfer.brief_receiver': None,
        'callback.deadline_h': None, 'callback.hours': None, 'callback.lunch': None,
        'callback.agent_states_when': True,
        'closing.require': ('further_help', 'thanks', ('farewell', 'soft_close')),
        'closing.hangs_up_first.inbound': 'any', 'closing.hangs_up_first.outbound': 'any',
        'closing.final_act': 'farewell_or_thanks', 'abuse.policy': None,
        'name_use.min_uses': None, 'name_use.max_uses': None},
    'ja': {
        'pickup.max_rings': None, 'pickup.max_s': None, 'pickup.late_rings': None,
        'opening.complete_within_s': None, 'opening.require': ('greeting', 'company'),
        'opening.forbid': (), 'opening.company_only_ok': True,
        'hold_protocol.require_before': ('apology', 'request'),
        'hold_protocol.require_after': ('apology',), 'hold_protocol.max_s': None,
        'hold_protocol.update_every_s': None, 'transfer.max': None,
        'transfer.permission': True, 'transfer.brief_receiver': None,
        'callback.deadline_h': None, 'callback.hours': None, 'callback.lunch': None,
        'callback.agent_states_when': False,
        'closing.require': (('thanks', 'apology'), 'farewell'),
        'closing.hangs_up_first.inbound': 'any', 'closing.hangs_up_first.outbound': 'any',
        'abuse.policy': 'warn_then_end', 'name_use.min_uses': 1, 'name_use.max_uses': 8},
    'zh': {
        'pickup.rule': 'rings', 'pickup.max_rings': None, 'pickup.max_s': None,
        'pickup.max_rings_done': 2, 'pickup.min_rings': 2, 'pickup.late_rings': None,
        'opening.complete_within_s': 15, 'opening.require': ('greeting', 'offer_help'),
        'opening.forbid': (), 'opening.help_only_ok': True, 'opening.company_only_ok': True,
        'hold_protocol.require_before': (), 'hold_protocol.require_after': (),
        'hold_protocol.max_s': None, 'hold_protocol.update_every_s': None,
        'transfer.max': None, 'transfer.permission': None, 'transfer.brief_receiver': None,
        'callback.deadline_h': None, 'callback.hours': ('09:00', '17:00'),
        'callback.lunch': ('12:00', '14:00'), 'callback.agent_states_when': False,
        'closing.require': ('thanks', 'wish', 'farewell'),
        'closing.hangs_up_first.inbound': 'any', 'closing.hangs_up_first.outbound': 'any',
        'abuse.policy': None, 'name_use.min_uses': None, 'name_use.max_uses': None},
    'id': {
        'pickup.min_rings': 2, 'pickup.max_rings': 3, 'pickup.max_s': 10, 'pickup.late_rings': 5,
        'opening.complete_within_s': None,
        'opening.require': ('greeting', 'company', ('self_name', 'offer_help')),
        'opening.order': ('greeting', 'company', 'self_name', 'offer_help'),
        'opening.forbid': ('bare_hello', 'listening_phrase'),
        'hold_protocol.require_before': ('request',), 'hold_protocol.require_after': ('thanks',),
        'hold_protocol.max_s': 30, 'hold_protocol.over_limit_action': 'customer_calls_back',
        'hold_protocol.customer_calls_back_score': 1.0, 'hold_protocol.open_line_ok': False,
        'hold_protocol.update_every_s': None, 'transfer.max': 2, 'transfer.permission': True,
        'transfer.brief_receiver': True, 'callback.deadline_h': 24, 'callback.hours': None,
        'callback.lunch': None, 'callback.agent_states_when': False,
        'closing.require': ('further_help', 'thanks', 'farewell', 'hangup'),
        'closing.hangs_up_first.inbound': 'caller', 'closing.hangs_up_first.outbound': 'caller',
        'abuse.policy': 'warn_then_end'},
    'id-third-ring': {'pickup.min_rings': 2, 'pickup.max_rings': 3},
    'id-after-first': {'pickup.min_rings': None, 'pickup.max_rings': 3},
    'id-caller-ends': {'closing.hangs_up_first.inbound': 'caller',
                       'closing.hangs_up_first.outbound': 'agent'},
    'id-hang-up-on-insult': {'abuse.policy': 'end_at_once'},
    'id-name-first': {'opening.order': ('greeting', 'self_name', 'company')},
    'default': {
        'pickup.rule': 'either', 'pickup.max_rings': 3, 'pickup.max_s': 10,
        'pickup.max_rings_done': None, 'pickup.min_rings': None, 'pickup.late_rings': 5,
        'opening.window_s': 15,
        'opening.require': ('greeting', 'company', 'self_name', 'offer_help'),
        'opening.order': None, 'opening.forbid': ('bare_hello', 'listening_phrase'),
        'opening.help_only_ok': False, 'opening.company_only_ok': False,
        'opening.full_name': False, 'silence.warn_s': 2, 'silence.bad_s': 4, 'silence.fail_s': 7,
        'hold_protocol.require_before': ('reason', 'request', 'time_limit'),
        'hold_protocol.require_after': (('thanks', 'apology'),), 'hold_protocol.max_s': 30,
        'hold_protocol.over_limit_action': 'agent_calls_back',
        'hold_protocol.customer_calls_back_score': 0.5, 'hold_protocol.vague_limit': 'half',
        'hold_protocol.open_line_ok': True, 'hold_protocol.update_every_s': 45,
        'transfer.max': 2, 'transfer.permission': True, 'transfer.brief_receiver': True,
        'callback.deadline_h': 24, 'callback.hours': ('09:00', '17:00'),
        'callback.lunch': ('12:00', '14:00'), 'callback.agent_states_when': True,
        'closing.require': ('further_help', ('thanks', 'wish'), 'farewell', 'hangup'),
        'closing.hangs_up_first.inbound': 'caller', 'closing.hangs_up_first.outbound': 'any',
        'closing.final_act': 'farewell', 'closing.order_slack_s': 0.3,
        'abuse.policy': 'warn_then_end', 'name_use.min_uses': 1, 'name_use.max_uses': 8},
}


def value_of(standard, path):
    for name in path.split('.'):
        standard = getattr(standard, name)
    return standard


def stated_by(document):
    """The rules whose source names a document as one that states them."""
    return {rule.id for rule in default_standard().rules
            if f'{document} L' in rule.source.partition('against')[0]}


def test_a_standard_is_named_after_its_file_and_not_after_what_it_extends():
    assert [load_standard(name).name for name in standards()] == standards()


@pytest.mark.parametrize('name', THRESHOLDS)
def test_a_standard_has_the_thresholds_of_its_document(name):
    standard = load_standard(name)
    assert {path: value_of(standard, path) for path in THRESHOLDS[name]} == THRESHOLDS[name]


@pytest.mark.parametrize('name', DOCUMENTS)
def test_a_document_s_standard_computes_the_rules_that_it_states_and_none_other(name):
    on = {rule.id for rule in load_standard(name).rules if rule.on}
    off_everywhere = {rule.id for rule in default_standard().rules if not rule.on}
    assert on == stated_by(DOCUMENTS[name]) - off_everywhere


def test_a_rule_that_a_document_only_contradicts_is_not_one_of_its_rules():
    rules = {rule.id: rule for rule in load_standard('ko').rules}
    assert 'against: 000' in rules['opening-not-help-only'].source
    assert not rules['opening-not-help-only'].on


@pytest.mark.parametrize('name', VARIANTS)
def test_a_variant_differs_from_its_document_s_standard_in_what_it_names_alone(name):
    base, variant = load_standard('id'), load_standard(name)
    assert {rule.id for rule in variant.rules if rule.on} == {
        rule.id for rule in base.rules if rule.on}
    changed = {field.name for field in dataclasses.fields(base)
               if getattr(base, field.name) != getattr(variant, field.name)}
    assert changed - {'name', 'version'} <= {path.split('.')[0] for path in THRESHOLDS[name]}


def test_the_indonesian_documents_silence_is_the_default_s_measure():
    # Silences are measured alike under every standard; that only document 000 judges them shows
    # in its rules.
    rules = {rule.id for rule in load_standard('id').rules if rule.on}
    assert 'listening-no-dead-air' not in rules
    assert load_standard('id').silence == default_standard().silence


# ---- what is refused: the text of a standard, and the fault with {line} at the marked line.

REFUSED = {
    'a misspelt rule': (
        'rules:\n  opening-greting: {weight: 1}',
        ':2: unknown rule `opening-greting`. Did you mean `opening-greeting`? A rule of your own '
        'names stage, sentence, source, tier and decide'),
    'a negative weight': (
        'rules:\n  opening-greeting:\n    on: true\n    weight: -1',
        ':4: `weight` = -1: input should be greater than or equal to 0 (rule `opening-greeting`)'),
    'a negative stage weight': (
        'stages:\n  hold: -0.5', ':2: `stages.hold` = -0.5: input should be greater than or '
        'equal to 0'),
    'silences out of order': (
        'silence:\n  bad_s: 8', ':2: `silence.bad_s` = 8 must be less than `silence.fail_s` = 7 ('),
    'rings out of order': (
        'pickup: {max_rings: 5,\n         min_rings: 6}',
        ':2: `pickup.min_rings` = 6 must be at most `pickup.max_rings` = 5 ('),
    'late rings that are not late': (
        'pickup:\n  late_rings: 3',
        ': `pickup.max_rings` = 3 must be less than `pickup.late_rings` = 3 ('),
    'overlaps out of order': (
        'overlaps:\n  headline_s: 0.1',
        ': `overlaps.min_ovl_s` = 0.3 must be at most `overlaps.headline_s` = 0.1 ('),
    'uses of the name out of order': (
        '\nname_use:\n  max_uses: 0', ': `name_use.min_uses` = 1 must be at most '
        '`name_use.max_uses` = 0 ('),
    'waits out of order': (
        'hold_protocol:\n  min_wait_s: 9', ':2: `hold_protocol.min_wait_s` = 9 must be at most '
        '`hold_protocol.scored_wait_s` = 5 ('),
    'hours reversed': (
        'callback:\n  deadline_h: 12\n  hours: ["17:00", "09:00"]',
        ":3: `callback.hours` = ['17:00', '09:00']: write two times of day as \"HH:MM\", the "
        'earlier first'),
    'a lunch at no time of day': (
        'callback:\n  lunch: ["12:00", "25:00"]',
        ":2: `callback.lunch` = ['12:00', '25:00']: write two times of day as \"HH:MM\", the "
        'earlier first'),
    'a window that is none': (
        'rules:\n  opening-no-name-guessing:\n    window: frist 60',
        ':3: rule `opening-no-name-guessing`: `frist 60` is no window: write call, opening, '
        'closing, `first 60` (seconds from the answer) or `last 25%`'),
    'an act that is none': (
        'rules:\n  wording-no-insults:\n    stage: wording\n    sentence: No insults.\n'
        '    source: ours\n    tier: A\n    decide: avoid\n    act: insults\n    window: call',
        ':8: rule `wording-no-insults`: no act `insults`. Did you mean `insult`?'),
    'a list of acts with one that is none': (
        'rules:\n  complaint-empathy:\n    acts:\n      - empathy\n      - sympathy',
        ':5: rule `complaint-empathy`: no act `sympathy`.'),
    'an option that is missing': (
        'rules:\n  own-empathy:\n    stage: complaint\n    sentence: Be kind.\n    source: ours\n'
        '    tier: A\n    decide: complaint_says\n    acts: [empathy]',
        ':2: rule `own-empathy`: option `within_s` is missing; add it'),
    'an option that is unknown': (
        'rules:\n  complaint-empathy:\n    weight: 1\n    within: 60',
        ':4: rule `complaint-empathy`: unknown option `within`. Did you mean `within_s`?'),
    'an option out of range': (
        'rules:\n  transfer-names-target:\n    least: 1.5',
        ':3: rule `transfer-names-target`: `least` = 1.5: input should be less than or equal '
        'to 1'),
    'an option of a rule that is not decided': (
        'rules:\n  voice-smile:\n    least: 1',
        ':3: rule `voice-smile`: unknown option `least`.'),
    'a stage that is none': (
        'rules:\n  opening-greeting:\n    stage: openings',
        ':3: rule `opening-greeting`: `openings` is none of the stages'),
    'a function that is none': (
        'rules:\n  opening-greeting:\n    decide: syas',
        ':3: rule `opening-greeting`: no function `syas` decides rules.'),
    'a group of rules with one that is none': (
        'scores:\n  charge_once:\n    - [hold-return-thanks, hold-return-apologies]',
        ': `scores.charge_once`: unknown rule `hold-return-apologies`. Did you mean '
        '`hold-return-apology`?'),
}


@pytest.mark.parametrize(('text', 'fault'), REFUSED.values(), ids=REFUSED)
def test_a_faulty_standard_is_refused_with_file_line_and_cure(tmp_path, text, fault):
    path = tmp_path / 'ours.yaml'
    path.write_text(f'{text}\n', encoding='utf-8')
    with pytest.raises(ConfigError) as error:
        load_standard(str(path))
    told = str(error.value)
    if fault.startswith(': '):  # of two thresholds: the shipped line first, then the site's
        assert fault in told
        assert f'{path}:' in told
    else:
        assert f'{path}{fault}' in told


def test_every_fault_of_a_standard_s_rules_is_named_at_once(tmp_path):
    path = tmp_path / 'ours.yaml'
    path.write_text('rules:\n  opening-greting: {weight: 1}\n  complaint-empathy: {within: 3}\n'
                    '  transfer-names-target: {least: 2}\n', encoding='utf-8')
    with pytest.raises(ConfigError) as error:
        load_standard(str(path))
    assert [line.partition(': ')[0] for line in str(error.value).splitlines()] == [
        f'{path}:{n}' for n in (2, 3, 4)]


def test_a_site_s_standard_changes_options_and_switches_rules_off(tmp_path):
    path = tmp_path / 'ours.yaml'
    path.write_text('rules:\n  complaint-empathy: {within_s: 60}\n'
                    '  opening-greeting: {on: false}\n', encoding='utf-8')
    rules = {rule.id: rule for rule in load_standard(str(path)).rules}
    assert rules['complaint-empathy'].options['within_s'] == 60
    assert not rules['opening-greeting'].on
    assert rules['complaint-empathy'].weight == 2
