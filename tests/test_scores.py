"""Scores: what findings come to."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.standard_for_tests import default_standard
from transforms.rules.scores import CHARGED_ELSEWHERE, charged, etiquette, weighed
from transforms.rules.verdict import failed, not_applicable, passed, unknown
from warehouse.records import Finding

# The same formulas as a query, written independently: a stage counts by what is known of it.
QUERY = """
WITH stages AS (
    SELECT stage, any_value(stage_weight) AS w,
        sum(weight) FILTER (result <> 'not_applicable') AS applicable,
        coalesce(sum(weight) FILTER (result IN ('pass', 'fail')), 0) AS known,
        coalesce(sum(weight * score) FILTER (result IN ('pass', 'fail')), 0) AS scored,
        count(*) FILTER (result IN ('pass', 'fail') AND weight > 0) AS n
    FROM findings GROUP BY stage
), whole AS (
    SELECT sum(w) AS a, sum(w * known / applicable) AS k, sum(w * scored / applicable) AS s,
        sum(n) AS n
    FROM stages WHERE applicable > 0
)
SELECT CASE WHEN k >= ? * a AND n >= ? THEN 100 * s / k END, 100 * s / nullif(a, 0),
    100 * (s + a - k) / nullif(a, 0), k / nullif(a, 0)
FROM whole"""
RESULTS = st.sampled_from([('pass', 1.0), ('pass', 0.75), ('fail', 0.0), ('fail', 0.5),
                           ('unknown', None), ('not_applicable', None)])
WEIGHTS = {'pickup': 0.08, 'opening': 0.17, 'listening': 0.2, 'wording': 0.0}


def finding(stage, weight, result, score):
    return Finding('s', 'v', f'{stage}-x', stage, 'A', result, score, weight, WEIGHTS[stage], '')


findings = st.lists(st.builds(
    lambda stage, weight, result: finding(stage, float(weight), *result),
    st.sampled_from(sorted(WEIGHTS)), st.integers(0, 3), RESULTS), max_size=40)


@given(findings)
@settings(max_examples=50, deadline=None)
def test_the_overall_score_is_what_a_query_over_the_findings_gives(rows):
    rule = default_standard().scores
    found = etiquette(rows, rule)
    with duckdb.connect(':memory:') as con:
        con.register('findings', pa.Table.from_pylist([row._asdict() for row in rows], pa.schema([
            ('stage', pa.string()), ('weight', pa.float64()), ('stage_weight', pa.float64()),
            ('result', pa.string()), ('score', pa.float64())])))
        expected = con.execute(QUERY, [rule.min_coverage, rule.min_rules]).fetchone()
    for mine, theirs in zip((found.score, found.lo, found.hi, found.coverage), expected,
                            strict=True):
        assert mine == (None if theirs is None else pytest.approx(theirs, abs=1e-9))


@given(findings)
def test_the_score_lies_between_its_bounds(rows):
    found = etiquette(rows, default_standard().scores)
    if found.score is not None:
        assert found.lo - 1e-9 <= found.score <= found.hi + 1e-9


def test_a_call_of_which_too_little_is_known_has_bounds_and_no_score():
    known = [finding('opening', 1.0, 'pass', 1.0)] * 9
    found = etiquette([*known, *[finding('listening', 1.0, 'unknown', None)] * 9],
                      default_standard().scores)
    assert (found.score, found.passed, found.failed, found.unknown) == (None, 9, 0, 9)
    assert (found.lo, found.hi) == (pytest.approx(100 * 0.17 / 0.37), 100.0)
    assert etiquette(known, default_standard().scores).score == 100.0


def test_rules_of_the_same_evidence_are_charged_once():
    rules = [('a', 3.0, failed('x', span=(4.0, 9.0))), ('b', 2.0, failed('x', span=(5.0, 8.0))),
             ('c', 1.0, failed('x', span=(20.0, 25.0))), ('d', 1.0, passed('x'))]
    assert charged(rules, [('a', 'b', 'c', 'd')]) == (
        [3.0, 0.0, 1.0, 1.0], [None, CHARGED_ELSEWHERE, None, None])


@pytest.mark.parametrize('first', [unknown('x'), not_applicable('x')])
def test_a_rule_is_charged_where_the_first_of_its_group_is_not_decided(first):
    weights, _ = charged([('a', 3.0, first), ('b', 2.0, failed('x'))], [('a', 'b')])
    assert weights == [3.0, 2.0]


def test_a_composite_is_the_mean_of_what_is_known():
    assert weighed([(0.5, 1.0), (0.25, 0.0), (0.25, None)]) == pytest.approx(100 * 0.5 / 0.75)
    assert weighed([(1.0, None)]) is None
