-- Results a month, agent, queue and rule; call_date is the first of the month.
WITH counted AS (
    SELECT
        date_trunc('month', call_date)::DATE AS month,
        agent_id,
        queue,
        standard,
        rule_version,
        rule_id,
        min(call_date) AS first_date,
        max(call_date) AS last_date,
        sum(passed)::BIGINT AS passed,
        sum(failed)::BIGINT AS failed,
        sum(unknown)::BIGINT AS unknown,
        sum(not_applicable)::BIGINT AS not_applicable,
        sum(TRY_CAST(sum_weight AS DECIMAL(18, 6)))::DOUBLE AS sum_weight,
        sum(TRY_CAST(sum_score AS DECIMAL(18, 6)))::DOUBLE AS sum_score,
        any_value(stage) AS stage,
        sum(weighed)::BIGINT AS weighed,
        sum(weighed_failed)::BIGINT AS weighed_failed,
        sum(weighed_unknown)::BIGINT AS weighed_unknown
    FROM rule_day
    GROUP BY ALL
), newest AS (
    SELECT
        date_trunc('month', call_date)::DATE AS month,
        agent_id,
        queue,
        standard,
        rule_version,
        rule_id,
        arg_max({'day': coalesce(call_date, DATE '0001-01-01'), 'call_id': call_id,
                 'start_s': start_s, 'why': why},
            (coalesce(call_date, DATE '0001-01-01'), call_id), 3) AS examples
    FROM failures
    GROUP BY ALL
)
SELECT c.* EXCLUDE (month), c.month AS call_date, n.examples
FROM counted c
LEFT JOIN newest n ON n.month IS NOT DISTINCT FROM c.month
    AND n.agent_id IS NOT DISTINCT FROM c.agent_id AND n.queue IS NOT DISTINCT FROM c.queue
    AND n.standard = c.standard AND n.rule_version = c.rule_version AND n.rule_id = c.rule_id
ORDER BY c.month, c.agent_id, c.queue, c.standard, c.rule_version, c.rule_id
