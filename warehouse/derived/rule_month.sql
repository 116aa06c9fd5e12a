-- Results a month, agent, queue and rule; call_date is the first of the month.
SELECT
    date_trunc('month', call_date)::DATE AS call_date,
    agent_id, queue, standard, rule_version, rule_id,
    min(call_date) AS first_date,
    max(call_date) AS last_date,
    sum(passed)::BIGINT AS passed,
    sum(failed)::BIGINT AS failed,
    sum(unknown)::BIGINT AS unknown,
    sum(not_applicable)::BIGINT AS not_applicable,
    sum(TRY_CAST(sum_weight AS DECIMAL(18, 6)))::DOUBLE AS sum_weight,
    sum(TRY_CAST(sum_score AS DECIMAL(18, 6)))::DOUBLE AS sum_score
FROM rule_day
GROUP BY date_trunc('month', rule_day.call_date), agent_id, queue, standard, rule_version, rule_id
ORDER BY ALL
