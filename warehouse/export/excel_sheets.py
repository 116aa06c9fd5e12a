"""What the sheets of a workbook hold: questions to the tables and views."""

from __future__ import annotations

from dataclasses import dataclass

WORST = 1000  # calls: the rest is in KPIs
DAYS = 400  # of the chart: the latest, more are no curve any more
RULES = 10  # of the chart of broken rules


@dataclass(frozen=True)
class Sheet:
    """A sheet of rows.

    Attributes:
      about: what it holds, in a sentence.
      table: whose column comments explain its columns; None = its columns are a view's own.
    """

    title: str
    about: str
    sql: str
    table: str | None = None


@dataclass(frozen=True)
class Figure:
    """A figure of the summary: its value, and of how many calls it is known."""

    label: str
    value: str
    known: str
    format: str


SHEETS = (
    Sheet('KPIs', 'One row a call: the measures and scores', """
        SELECT k.call_id, k.call_date, c.started_at, c.direction, c.duration_s,
            k.* EXCLUDE (call_id, call_date)
        FROM kpis k JOIN calls c USING (call_id)
        ORDER BY k.call_date, c.started_at, k.call_id""", 'kpis'),
    Sheet('Rules', 'How often each rule was kept, the most broken first', """
        SELECT rule_id, sum(passed)::BIGINT AS passed, sum(failed)::BIGINT AS failed,
            sum(unknown)::BIGINT AS unknown, sum(not_applicable)::BIGINT AS not_applicable,
            sum(passed) / nullif(sum(passed + failed), 0) AS kept_share,
            sum(unknown) / nullif(sum(passed + failed + unknown), 0) AS unknown_share
        FROM rule_day WHERE standard = config_standard()
        GROUP BY rule_id ORDER BY failed DESC, rule_id""", 'rule_day'),
    Sheet('Agents', 'One row an agent, queue and day', """
        SELECT * FROM agent_day ORDER BY call_date, agent_id, queue"""),
    Sheet('Queues', 'One row a queue and day', """
        SELECT * FROM queue_day ORDER BY call_date, queue"""),
    Sheet('Worst calls', f'The lowest scores, at most {WORST:,}, and the rules that were broken',
          f"""
        SELECT * REPLACE (array_to_string(failed, '; ') AS failed) FROM worst_calls
        ORDER BY etiquette_score, call_id LIMIT {WORST}""", 'kpis'),
    Sheet('Broken rules', 'Every rule that a call broke, and why', """
        SELECT f.call_id, f.call_date, c.agent_id, c.queue, f.rule_id, f.stage, f.tier, f.score,
            f.weight, f.why, f.speaker, f.start_s, f.end_s, f.evidence
        FROM findings f JOIN calls c USING (call_id)
        WHERE f.result = 'fail' AND f.standard = config_standard()
        ORDER BY f.call_date, f.call_id, f.start_s, f.rule_id""", 'findings'),
    Sheet('Holds', 'Every time a caller was parked', """
        SELECT * FROM holds ORDER BY call_date, call_id, hold"""),
    Sheet('Interruptions', 'Every time one party cut the other off', """
        SELECT * FROM interruptions ORDER BY call_date, call_id, start_s"""),
)

# Fleet figures pool numerators and denominators, as the views by day do.
FIGURES = (
    Figure('Calls', 'count(*)', 'count(*)', 'count'),
    Figure('Agents', 'count(DISTINCT k.agent_id)', 'count(k.agent_id)', 'count'),
    Figure('Hours of calls', 'sum(c.duration_s) / 3600', 'count(*)', 'tenths'),
    Figure('Etiquette score, mean', 'avg(k.etiquette_score)', 'count(k.etiquette_score)',
           'tenths'),
    Figure('Ring to answer, mean (s)', 'avg(k.ring_to_answer_s)', 'count(k.ring_to_answer_s)',
           'tenths'),
    Figure('Holds a call', 'avg(k.hold_count)', 'count(k.hold_count)', 'hundredths'),
    Figure('Time on hold', 'sum(k.hold_total_s) / nullif(sum(c.duration_s) '
           'FILTER (k.hold_total_s IS NOT NULL), 0)', 'count(k.hold_total_s)', 'share'),
    Figure('Agent interruptions a minute of caller talk',
           'sum(k.agent_interruptions) / nullif(sum(k.caller_talk_s) '
           'FILTER (k.agent_interruptions IS NOT NULL) / 60, 0)',
           'count(k.agent_interruptions)', 'hundredths'),
    Figure('Agent share of talk',
           'sum(k.agent_talk_s) / nullif(sum(k.agent_talk_s + k.caller_talk_s), 0)',
           'count(k.agent_talk_s + k.caller_talk_s)', 'share'),
    Figure('Dead air', 'sum(k.dead_air_s) / nullif(sum(c.duration_s) '
           'FILTER (k.dead_air_s IS NOT NULL), 0)', 'count(k.dead_air_s)', 'share'),
    Figure('Sign-off in order',
           "count(*) FILTER (k.signoff_status = 'in_order') / nullif(count(*) FILTER "
           "(k.signoff_status IN ('in_order', 'out_of_order', 'partial', 'missing')), 0)",
           "count(*) FILTER (k.signoff_status IN ('in_order', 'out_of_order', 'partial', "
           "'missing'))", 'share'),
)
FIGURES_SQL = 'SELECT {} FROM kpis k JOIN calls c USING (call_id)'.format(
    ', '.join(f'{figure.value}, {figure.known}' for figure in FIGURES))
DAYS_SQL = f"""
    SELECT * FROM (
        SELECT call_date, count(*) AS calls, avg(etiquette_score) AS etiquette_score_mean
        FROM kpis WHERE call_date IS NOT NULL GROUP BY ALL ORDER BY call_date DESC LIMIT {DAYS})
    ORDER BY call_date"""
RULES_SQL = f"""
    SELECT rule_id, sum(failed)::BIGINT AS failed FROM rule_day
    WHERE standard = config_standard() GROUP BY rule_id HAVING sum(failed) > 0
    ORDER BY failed DESC, rule_id LIMIT {RULES}"""
