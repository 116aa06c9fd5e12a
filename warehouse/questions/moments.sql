-- Question: What is there to listen to together with an agent? Broken rules with their moment, the newest
-- call first.
-- Parameters: agent, queue, rule, from, to, limit = 20
SELECT
    call_id,
    call_date,
    agent_id AS agent,
    rule_id AS rule,
    start_s,
    why,
    evidence
FROM coaching_moments
WHERE ($agent::VARCHAR IS NULL OR agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($rule::VARCHAR IS NULL OR rule_id = $rule)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
ORDER BY started_at DESC NULLS LAST, call_id, start_s NULLS LAST, rule
LIMIT $limit
