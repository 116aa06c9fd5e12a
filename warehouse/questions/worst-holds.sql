-- Question: Which holds were the longest?
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    call_id,
    call_date,
    agent_id AS agent,
    queue,
    start_s,
    duration_s AS hold_s,
    source,
    evidence
FROM holds
WHERE ($agent::VARCHAR IS NULL OR agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
ORDER BY duration_s DESC, call_id, start_s
LIMIT $limit
