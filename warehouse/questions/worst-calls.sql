-- Question: Which calls went worst, and what did they break? `etiquette ask why --call ID` explains one.
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    call_id,
    call_date,
    agent_id AS agent,
    queue,
    etiquette_score AS score,
    etiquette_coverage AS known_share,
    rules_failed AS failed,
    list_transform(failed[1:3], lambda one: split_part(one, ':', 1)) AS costliest
FROM worst_calls
WHERE ($agent::VARCHAR IS NULL OR agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
ORDER BY etiquette_score, call_id
LIMIT $limit
