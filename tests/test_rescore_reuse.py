"""What a change of a standard does not touch a rescore takes over: as judging anew makes it."""

import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import signatures
from tests.conftest import QUICK, SAMPLES, etiquette
from tests.standard_for_tests import default_standard
from tests.stored_calls import heard, judged_by, silent
from tests.test_rescore import again, configured, differences
from warehouse import catalog, landing, tables
from warehouse.publish import publish
from warehouse.query import run_sql

HEARD = 24  # calls in which somebody speaks; beside them one in which nobody does
NOTED = "SELECT count(*) FROM findings WHERE why = 'charged_elsewhere'"
GROUPS = ('[listening-no-response-seven-seconds, listening-no-dead-air]',
          '[hold-return-apology, hold-return-thanks]',
          '[opening-greeting, opening-offers-help, opening-names-company]',
          '[closing-farewell, closing-thanks, closing-further-help]')
RULES = {'opening-greeting': ('weight: 5', 'weight: 0', 'on: false', 'only_if_listed: true'),
         'opening-caller-name-tactful': ('on: false', 'window: opening', 'act: name_guess'),
         'pickup-within-three-rings': ('on: false', 'weight: 1', 'shortest_cycle_s: 3.5'),
         'listening-no-dead-air': ('per_min: 4.0', 'weight: 9', 'tier: B', 'on: false'),
         'listening-no-response-seven-seconds': ('good: 0.8', 'stage: wording', 'weight: 0'),
         'closing-farewell': ('weight: 0.3', 'on: false', 'sentence: Say goodbye.'),
         'closing-thanks': ('step: wish', 'weight: 7'),
         'hold-return-thanks': ('pair_min: 0.5', 'on: false', 'weight: 2')}
SECTIONS = ('scores: {tier_b: 0.4}', 'scores: {min_coverage: 0.1, min_rules: 2}',
            'stages: {listening: 0.7, opening: 0.0}', 'closing: {cluster_end_s: 4.0}',
            'closing: {require: [farewell], final_act: farewell_or_thanks}',
            'hold_protocol: {min_wait_s: 4.0}', 'hold_protocol: {scored_wait_s: 15.0}',
            'opening: {window_s: 3.0}', 'pickup: {max_rings: 1}', 'checked: {word_score: 0.1}',
            'scores: {opening: {greeting: 0.9}}', 'silence: {warn_s: 1.0}')


@pytest.fixture(scope='module')
def prepared(tmp_path_factory):
    """A warehouse of which it is known by what its findings were decided."""
    root = tmp_path_factory.mktemp('prepared')
    for one in (*map(heard, range(HEARD)), silent()):
        landing.put(root, judged_by(one, [default_standard()]))
    publish(root)
    assert again(root, settings=site(root.parent, 'scores: {tier_b: 0.9}')).reused == 0
    assert next(iter(run_sql(root, NOTED).rows()))[0] > 5
    return root


@pytest.fixture
def warehouse(prepared, tmp_path):
    return shutil.copytree(prepared, tmp_path / 'w')


def site(folder, lines):
    """The settings of a site whose standard changes some lines of the default one."""
    path = folder / 'site.yaml'
    path.write_text(f'extends: default\nname: default\n{lines}\n', encoding='utf-8')
    return configured(path)


@st.composite
def standards(draw):
    """The lines of a standard: rules that are changed, what is charged once, and sections."""
    rules = draw(st.lists(st.sampled_from(sorted(RULES)), unique=True, max_size=4))
    lines = [f'  {rule}: {{{draw(st.sampled_from(RULES[rule]))}}}' for rule in rules]
    groups = draw(st.none() | st.lists(st.sampled_from(GROUPS), unique=True))
    section = draw(st.sampled_from(('', *SECTIONS)))
    if groups is not None:
        section = f'scores: {{charge_once: [{", ".join(groups)}]}}'
    return '\n'.join([*(['rules:', *lines] if lines else []), section])


CHANGES = given(st.lists(standards(), min_size=1, max_size=3))


@CHANGES
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_a_standard_changes_the_rows_are_those_of_judging_anew(
        prepared, tmp_path_factory, changes):
    check_changed(prepared, tmp_path_factory.mktemp('changes'), changes)


@pytest.mark.slow
@CHANGES
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_many_changes_of_a_standard_leave_the_rows_of_judging_anew(
        prepared, tmp_path_factory, changes):
    check_changed(prepared, tmp_path_factory.mktemp('changes'), changes)


def check_changed(prepared, folder, changes):
    stored = shutil.copytree(prepared, folder / 'stored')
    for lines in changes:
        again(stored, settings=site(folder, lines))
    anew = shutil.copytree(prepared, folder / 'anew')
    assert again(anew, settings=site(folder, changes[-1]), full=True).reused == 0
    assert differences(anew, stored) == {}
    shutil.rmtree(folder)


@pytest.mark.parametrize('lines', ['scores: {tier_b: 0.3}', 'stages: {listening: 0.7}',
                                   'rules: {opening-greeting: {weight: 5}}',
                                   'rules: {listening-no-dead-air: {per_min: 4.0}}'])
def test_weights_and_a_rule_leave_the_findings_of_all_other_rules_as_they_are(
        warehouse, tmp_path, monkeypatch, lines):
    asked = []
    real = signatures.bound_rules.__wrapped__

    def counted(standard):
        return tuple(one._replace(decide=_noting(asked, one)) for one in real(standard))
    monkeypatch.setattr('transforms.reuse.bound_rules', counted)
    assert again(warehouse, settings=site(tmp_path, lines)).reused == HEARD
    assert asked == ['listening-no-dead-air'] * (HEARD if 'dead-air' in lines else 0)


def _noting(asked, bound):
    def decide(scene):
        asked.append(bound.rule.id)
        return bound.decide(scene)
    return decide


def test_a_rule_that_is_charged_again_says_again_why(warehouse, tmp_path):
    assert again(warehouse, settings=site(tmp_path, 'scores: {charge_once: []}')).reused == HEARD
    assert list(run_sql(warehouse, NOTED).rows()) == [(0,)]


@pytest.mark.parametrize('lines', ['closing: {cluster_end_s: 4.0}', 'transfer: {max: 1}',
                                   'scores: {stale_credit: 0.1}'])
def test_a_threshold_is_decided_anew_by_the_rules_that_may_read_it(warehouse, tmp_path, lines):
    assert again(warehouse, settings=site(tmp_path, lines)).reused == HEARD


@pytest.mark.parametrize('lines', ['checked: {word_score: 0.1}', 'silence: {warn_s: 1.0}'])
def test_what_every_rule_may_read_leaves_nothing_to_be_taken_over(warehouse, tmp_path, lines):
    assert again(warehouse, settings=site(tmp_path, lines)).reused == 0


def test_another_program_takes_nothing_over_and_findings_of_both_serve_neither(
        warehouse, tmp_path, monkeypatch):
    first, second, third = 0.1, 0.2, 0.3

    def judged(tier_b):
        return again(warehouse, settings=site(tmp_path, f'scores: {{tier_b: {tier_b}}}')).reused
    assert judged(first) == HEARD
    with monkeypatch.context() as m:
        m.setattr(signatures, '_program', lambda: 'another')
        assert judged(second) == 0
        assert judged(first) == HEARD  # by what another program left
        assert judged(third) == 0  # `first` was decided by both
    assert judged(first) == 0


def test_findings_of_which_it_is_not_known_by_what_are_decided_anew(warehouse, tmp_path):
    shutil.rmtree(warehouse / 'rule_versions')
    assert again(warehouse, settings=site(tmp_path, 'scores: {tier_b: 0.9}')).reused == 0
    assert again(warehouse, settings=site(tmp_path, 'scores: {tier_b: 0.3}')).reused == 0
    assert again(warehouse, settings=site(tmp_path, 'scores: {tier_b: 0.2}')).reused == HEARD


def test_a_damaged_note_of_what_findings_hang_on_is_as_good_as_none(warehouse, tmp_path):
    for path in (warehouse / 'rule_versions').rglob('*.json'):
        path.write_bytes(path.read_bytes()[:40])
    assert again(warehouse, settings=site(tmp_path, 'scores: {tier_b: 0.3}')).reused == 0


def test_calls_that_name_no_language_are_judged_anew_in_another_one(warehouse, tmp_path):
    from dataclasses import replace
    other = replace(site(tmp_path, 'scores: {tier_b: 0.3}'), language='ja')
    assert again(warehouse, settings=other).reused == 0


def test_events_made_anew_for_one_standard_leave_those_of_others_to_be_judged_anew(
        warehouse, tmp_path):
    for n in (0.5, 0.6):
        path = tmp_path / 'other.yaml'
        path.write_text(f'extends: default\nscores: {{tier_b: {n}}}\n', encoding='utf-8')
        assert again(warehouse, [path]).reused == (HEARD if n == 0.6 else 0)
    again(warehouse, settings=site(tmp_path, 'scores: {tier_b: 0.9}'), full=True)
    path.write_text('extends: default\nscores: {tier_b: 0.7}\n', encoding='utf-8')
    assert again(warehouse, [path]).reused == 0


def test_a_run_notes_by_what_it_judges(tmp_path):
    root, batch = tmp_path / 'w', tmp_path / 'calls'
    batch.mkdir()
    shutil.copy(SAMPLES / 'us-in-order.flac', batch)
    ran = etiquette('run', batch, '--config', QUICK, '--warehouse', root)
    assert ran.code == 0, ran.err
    site(tmp_path, 'rules: {opening-greeting: {weight: 5}}')
    ran = etiquette('rescore', '--warehouse', root, '--standard', tmp_path / 'site.yaml',
                    '--workers', 1, '--json')
    assert ran.json()['calls_reused'] == 1


def test_moments_stay_as_they_are_where_only_weights_have_changed(warehouse, tmp_path):
    def files(name):
        now = catalog.current(warehouse)
        return tables.listed(warehouse, name, now.tables[name]).files
    moments, failures = files('moments'), files('failures')
    assert moments
    again(warehouse, settings=site(tmp_path, 'rules: {opening-greeting: {weight: 9}}'))
    assert files('moments') == moments
    assert files('failures') != failures
    again(warehouse, settings=site(tmp_path, 'rules: {opening-greeting: {weight: 9}}'), full=True)
    assert files('moments') != moments
