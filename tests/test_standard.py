import dataclasses

from tests.standard_for_tests import default_standard, english
from transforms.kpis import SOURCES
from transforms.rules.signoff import ACTS


def flat(items):
    return {name for item in items for name in ((item,) if isinstance(item, str) else item)}


def test_the_default_standard_asks_for_acts_and_phrases_that_exist():
    standard = default_standard()
    assert flat(standard.closing.require) <= {*ACTS.values(), 'soft_close', 'hangup'}
    assert set(standard.hold.announced_by) <= set(english().categories)
    assert set(ACTS) <= set(english().categories)


def test_the_default_thresholds_come_in_the_order_that_they_mean():
    standard = default_standard()
    silence, overlaps = standard.silence, standard.overlaps
    assert silence.warn_s < silence.bad_s < silence.fail_s
    assert overlaps.min_event_s < overlaps.min_ovl_s <= overlaps.headline_s <= overlaps.long_ovl_s
    assert standard.turns.ipu_gap_s < overlaps.isolation_s < standard.turns.pause_s
    assert silence.bad_s <= standard.hold.announced_min_s


def test_a_standard_cannot_be_made_without_every_threshold():
    for rule in (type(getattr(default_standard(), field.name))
                 for field in dataclasses.fields(default_standard())):
        if dataclasses.is_dataclass(rule):
            assert all(field.default is dataclasses.MISSING for field in dataclasses.fields(rule))


def test_the_phrase_list_has_every_category_and_no_phrase_twice_in_one():
    categories = english().categories
    for name, phrases in categories.items():
        assert phrases, name
        assert len(set(phrases)) == len(phrases), name
        assert all(phrase == phrase.strip().lower() and phrase for phrase in phrases), name


def test_every_hold_has_a_source():
    assert set(SOURCES) == {'metadata', 'music', 'beeps', 'zero', 'announced'}
