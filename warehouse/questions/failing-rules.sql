-- Question: Which rules are broken most? Of the calls in which the rule could be decided.
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    rule_id AS rule,
    sum(failed)::BIGINT AS failed,
    sum(passed + failed)::BIGINT AS decided,
    sum(failed) / nullif(sum(passed + failed), 0) AS failed_share,
    sum(unknown) / nullif(sum(passed + failed + unknown), 0) AS unknown_share,
    sum(sum_score) / nullif(sum(sum_weight), 0) AS mean_score
FROM rule_day
WHERE standard = config_standard()
    AND ($agent::VARCHAR IS NULL OR agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
GROUP BY rule_id
HAVING sum(sum_weight) > 0
ORDER BY failed_share DESC NULLS LAST, failed DESC, rule
LIMIT $limit
