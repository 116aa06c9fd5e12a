-- Results a day, agent, queue and rule.
-- Decimals, so that the sums do not depend on row order.
SELECT f.call_date, c.agent_id, c.queue, f.standard, f.rule_version, f.rule_id,
    count(*) FILTER (result = 'pass') AS passed,
    count(*) FILTER (result = 'fail') AS failed,
    count(*) FILTER (result = 'unknown') AS unknown,
    count(*) FILTER (result = 'not_applicable') AS not_applicable,
    coalesce(sum(TRY_CAST(weight AS DECIMAL(18, 6))) FILTER (score IS NOT NULL), 0)
        ::DOUBLE AS sum_weight,
    coalesce(sum(TRY_CAST(weight * score AS DECIMAL(18, 6))), 0)::DOUBLE AS sum_score,
    any_value(f.stage) AS stage,
    count(*) FILTER (result IN ('pass', 'fail') AND weight > 0) AS weighed,
    count(*) FILTER (result = 'fail' AND weight > 0) AS weighed_failed,
    count(*) FILTER (result = 'unknown' AND weight > 0) AS weighed_unknown
FROM findings f JOIN calls c USING (call_id)
GROUP BY f.call_date, c.agent_id, c.queue, f.standard, f.rule_version, f.rule_id
ORDER BY ALL
