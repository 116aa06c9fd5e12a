"""Views that are added up from sums say what the same question says of every single call."""

from datetime import date, timedelta

import pytest

from tests.results import NOW
from tests.stored_calls import heard, judged_by
from warehouse import landing
from warehouse.publish import publish
from warehouse.query import run_sql

KEYS = {'agent_day': ('call_date', 'agent_id', 'queue'), 'queue_day': ('call_date', 'queue'),
        'agent_week': ("date_trunc('week', call_date)::DATE AS monday", 'agent_id', 'queue')}
OF_CALLS = """
    count(*) AS calls,
    sum(duration_s) / 60 AS minutes,
    count(ring_to_answer_s) AS calls_ring_known,
    avg(ring_to_answer_s) AS ring_to_answer_mean_s,
    quantile_cont(ring_to_answer_s, 0.9) AS ring_to_answer_p90_s,
    sum(hold_count)::BIGINT AS holds,
    sum(hold_total_s) / nullif(sum(hold_count), 0) AS hold_mean_s,
    max(hold_longest_s) AS hold_longest_s,
    sum(hold_total_s) FILTER (hold_count IS NOT NULL)
        / nullif(sum(duration_s) FILTER (hold_count IS NOT NULL), 0) AS hold_share,
    count(agent_interruptions) AS calls_interruptions_known,
    sum(agent_interruptions)::BIGINT AS agent_interruptions,
    sum(caller_interruptions)::BIGINT AS caller_interruptions,
    sum(agent_interruptions)
        / nullif(sum(caller_talk_s) FILTER (agent_interruptions IS NOT NULL) / 60, 0)
        AS agent_interruptions_per_min,
    sum(caller_interruptions)
        / nullif(sum(agent_talk_s) FILTER (caller_interruptions IS NOT NULL) / 60, 0)
        AS caller_interruptions_per_min,
    sum(agent_talk_s) / nullif(sum(agent_talk_s + caller_talk_s), 0) AS agent_talk_ratio,
    sum(dead_air_s) FILTER (dead_air_count IS NOT NULL)
        / nullif(sum(duration_s) FILTER (dead_air_count IS NOT NULL), 0) AS dead_air_share,
    median(agent_reply_median_s) AS agent_reply_median_s,
    count(*) FILTER (signoff_status = 'in_order') AS signoff_in_order,
    count(*) FILTER (signoff_status IN ('in_order', 'out_of_order', 'partial', 'missing'))
        AS signoff_known,
    count(etiquette_score) AS calls_scored,
    avg(etiquette_score) AS etiquette_score_mean,
    avg(etiquette_coverage) AS etiquette_coverage_mean"""
HOLDS_BY_HOUR = """
    SELECT queue, hour((c.started_at + to_microseconds((start_s * 1e6)::BIGINT))
            AT TIME ZONE 'Asia/Kolkata') AS hour,
        count(*) AS holds, count(DISTINCT call_id) AS calls, sum(end_s - start_s) AS hold_total_s,
        median(end_s - start_s) AS hold_median_s,
        quantile_cont(end_s - start_s, 0.9) AS hold_p90_s, max(end_s - start_s) AS hold_longest_s
    FROM events e JOIN calls c USING (call_id) WHERE kind = 'hold' GROUP BY ALL"""


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    """Calls at all hours of three weeks, and some whose time is not known."""
    root = tmp_path_factory.mktemp('sums')
    for seed in range(24):
        at = NOW + timedelta(days=seed % 15, minutes=37 * seed)
        of = {'call_date': None, 'started_at': None} if seed % 8 == 7 else {
            'call_date': date(at.year, at.month, at.day), 'started_at': at}
        landing.put(root, judged_by(heard(seed, 60), **of))
    publish(root, timezone='Asia/Kolkata')
    return root


def told(root, sql, order):
    answer = run_sql(root, f'SELECT * FROM ({sql}) ORDER BY {order}')
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows()]


def same(got, expected):
    return len(got) == len(expected) > 1 and all(
        one[name] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
        for one, other in zip(got, expected, strict=True) for name, value in other.items())


@pytest.mark.parametrize('view', KEYS)
def test_a_view_of_sums_says_what_the_calls_say(root, view):
    order = ', '.join(str(n + 1) for n in range(len(KEYS[view])))
    plain = told(root, f"""SELECT {', '.join(KEYS[view])}, {OF_CALLS}
        FROM (SELECT k.*, c.duration_s FROM kpis k JOIN calls c USING (call_id))
        GROUP BY ALL""", order)
    names = ', '.join(plain[0])
    assert same(told(root, f'SELECT {names} FROM {view}', order), plain)


def test_holds_by_the_hour_are_what_the_events_say_though_calls_are_parked_often(root):
    plain = told(root, HOLDS_BY_HOUR, '1, 2')
    assert same(told(root, 'FROM hold_by_hour', '1, 2'), plain)
    assert any(row['holds'] > row['calls'] for row in plain)
    assert any(row['hour'] is None for row in plain)
