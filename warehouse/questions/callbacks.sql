-- Question: Which promised calls back were not made in time? `kept` is – until 24 hours are over.
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    call_id,
    call_date,
    agent_id AS agent,
    queue,
    promised_s,
    promise,
    called_back_at,
    after_h,
    kept
FROM callbacks
WHERE kept IS NOT TRUE
    AND ($agent::VARCHAR IS NULL OR agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
ORDER BY kept NULLS LAST, ended_at DESC NULLS LAST, call_id
LIMIT $limit
