"""What of a standard a rule can read: worked out from the source, and never less than it reads."""

import ast
import dataclasses
from functools import cache
from pathlib import Path

import pytest

from pipeline.rule_reads import attributes_reached
from pipeline.signatures import JUDGING, read_by, signatures
from tests.bench.rescore import template
from tests.standard_for_tests import default_standard, phrasebook
from tests.stored_calls import heard, judged_by
from transforms import rules
from transforms.reuse import ALL, HOLD, MEASURES, OPENING, SIGNOFF
from transforms.rules.judge import bound_rules, judge
from transforms.rules.scene import Scene
from transforms.rules.scores import IN_OPENING

COLUMNS = {OPENING: ('opening_score',), HOLD: ('hold_score',),
           SIGNOFF: ('signoff_order', 'signoff_spoken', 'signoff_status', 'signoff_score')}
CHARGES = ('min_coverage', 'min_rules', 'tier_b', 'charge_once')
VALUES = [(section, field.name) for section in JUDGING
          for field in dataclasses.fields(getattr(default_standard(), section))
          if (section, field.name) not in {('scores', name) for name in CHARGES}]
WORDED = {'rule': ('rings', 'both'), 'over_limit_action': ('either',), 'vague_limit': ('none',),
          'final_act': ('farewell_or_thanks',), 'policy': ('end_at_once', 'warn_then_end')}
UNSET = {'order': (('greeting', 'company'),), 'script': ('Hello, {company}, {name} speaking',),
         'hours': (('09:00', '17:00'),), 'lunch': (('09:00', '10:00'),)}


@cache
def stored():
    calls = [judged_by(heard(seed)) for seed in range(20)]
    return (*calls, *(template(number, default_standard()) for number in range(12)))


def other_values(name, value):
    """Some values unlike the one that a standard has."""
    if name in WORDED or (name in UNSET and value is None):
        return WORDED.get(name) or UNSET[name]
    if isinstance(value, bool):
        return (not value,)
    if value is None:
        return 1, 3
    if isinstance(value, (int, float)):
        return type(value)(value * 3 + 1), type(value)(0)
    if dataclasses.is_dataclass(value):
        return (dataclasses.replace(value, inbound='caller', outbound='agent'),)
    if isinstance(value, tuple):
        return (), value[:1]
    return ({key: 3 * weight + 1 for key, weight in value.items()},)


def changed(section, name, value):
    standard = default_standard()
    part = dataclasses.replace(getattr(standard, section), **{name: value})
    return dataclasses.replace(standard, **{section: part})


def judged(one, standard):
    return judge(one.call, one.turns, one.words, one.events, one.kpis[0], standard, phrasebook())


@cache
def before():
    return [judged(one, default_standard()) for one in stored()], \
        signatures(default_standard(), phrasebook())


@pytest.mark.parametrize(('section', 'name'), VALUES)
def test_what_keeps_its_signature_keeps_its_verdict(section, name):
    rows, signed = before()
    for value in other_values(name, getattr(getattr(default_standard(), section), name)):
        standard = changed(section, name, value)
        now = signatures(standard, phrasebook())
        same = {key for key in now if now[key] == signed[key]}
        assert ALL in same
        opened = OPENING in same and set(IN_OPENING) <= same
        for one, (findings, kpis) in zip(stored(), rows, strict=True):
            findings_now, kpis_now = judged(one, standard)
            kept = [[plain(row) for row in of if row.rule_id in same
                     or (row.stage == 'kpi' and SIGNOFF in same)]
                    for of in (findings, findings_now)]
            assert kept[0] == kept[1]
            for measure in same & set(MEASURES):
                if measure != OPENING or opened:
                    for column in COLUMNS[measure]:
                        assert getattr(kpis, column) == getattr(kpis_now, column), column


def plain(row):
    """Without what is charged, which is made anew."""
    return row._replace(weight=0.0, why='' if row.why == 'charged_elsewhere' else row.why) \
        if row.result not in ('pass', 'fail') else row._replace(weight=0.0, why='')


class _Noting:
    """A part of a standard that notes what is asked of it."""

    def __init__(self, real, note, section=None):
        self._real, self._note, self._section = real, note, section

    def __getattr__(self, name):
        value = getattr(self._real, name)
        if self._section:
            self._note.add((self._section, name))
        elif name in JUDGING:
            return _Noting(value, self._note, name)
        return value


def test_no_rule_reads_a_value_that_it_is_not_signed_with():
    asked = set()
    for bound in bound_rules(default_standard()):
        may = read_by(bound)
        for one in stored():
            note = set()
            bound.decide(Scene(one.call, one.turns, one.words, one.events, one.kpis[0],
                               _Noting(default_standard(), note), phrasebook()))
            assert all({*pair} <= may for pair in note), bound.rule.id
            asked |= note
    assert len(asked) > 50


def sections_of(rule):
    bound = next(one for one in bound_rules(default_standard()) if one.rule.id == rule)
    return {name for name in JUDGING if name in read_by(bound)}


def test_every_decider_is_found_in_the_source():
    for name, decide in rules.DECIDERS.items():
        module = decide.__module__.rpartition('.')[2]
        assert 'standard' in attributes_reached((f'{module}.{name}',))


def test_a_rule_is_signed_with_the_sections_that_its_function_can_read():
    assert 'pickup' in sections_of('pickup-within-three-rings')
    assert {'closing', 'scores'} <= sections_of('closing-farewell')
    assert sections_of('listening-no-dead-air') <= {'checked', 'closing', 'hold_protocol'}
    known = {rule: sections_of(rule) for rule in (b.rule.id for b in bound_rules(
        default_standard()))}
    assert all('checked' in sections for sections in known.values())
    assert {section for sections in known.values() for section in sections} == set(JUDGING)


@pytest.mark.parametrize(('section', 'name', 'most'), [
    ('closing', 'cluster_end_s', 25), ('opening', 'window_s', 30), ('pickup', 'max_s', 5),
    ('hold_protocol', 'min_wait_s', 45), ('name_use', 'max_uses', 1), ('transfer', 'max', 1)])
def test_a_threshold_leaves_most_rules_as_they_are(section, name, most):
    now = signatures(changed(section, name, 7), phrasebook())
    moved = [key for key, hashed in before()[1].items()
             if now[key] != hashed and key not in MEASURES]
    assert 0 < len(moved) <= most


def test_a_window_is_read_by_the_rules_that_name_it():
    place, window = ('shapes.say',), 'opening'
    named = [attributes_reached(place, {'window': word}) for word in (window, 'first 60', 'call')]
    assert ['window_s' in found for found in named] == [True, True, False]


def test_no_rule_looks_an_attribute_up_by_a_name_that_is_made():
    for path in Path(rules.__file__).parent.glob('*.py'):
        tree = ast.parse(path.read_text(encoding='utf-8'))
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        called = {node.func.id for node in ast.walk(tree)
                  if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert not names & {'getattr', 'asdict', 'astuple', 'eval', 'exec', 'globals'}, path.name
        assert path.name == 'judge.py' or not called & {'vars', 'fields', 'replace'}, path.name
