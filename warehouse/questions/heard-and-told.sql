-- Question: Where do the phone system and the recording differ most?
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    call_id,
    call_date,
    agent_id AS agent,
    measure,
    told,
    heard,
    difference,
    note
FROM heard_and_told
WHERE difference IS DISTINCT FROM 0
    AND ($agent::VARCHAR IS NULL OR agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
ORDER BY abs(difference) DESC NULLS LAST, call_id, measure
LIMIT $limit
