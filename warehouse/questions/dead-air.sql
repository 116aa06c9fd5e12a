-- Question: Where was nobody speaking, without a word of warning? The longest stretches.
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    e.call_id,
    e.call_date,
    k.agent_id AS agent,
    k.queue,
    e.start_s,
    e.end_s - e.start_s AS silence_s,
    (SELECT t.text FROM turns t
     WHERE t.call_id = e.call_id AND t.end_s <= e.start_s + 0.5
     ORDER BY t.end_s DESC LIMIT 1) AS said_before
FROM events e
JOIN kpis k USING (call_id)
WHERE e.kind = 'dead_air'
    AND ($agent::VARCHAR IS NULL OR k.agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR k.queue = $queue)
    AND ($from::DATE IS NULL OR e.call_date >= $from)
    AND ($to::DATE IS NULL OR e.call_date <= $to)
ORDER BY silence_s DESC, e.call_id, e.start_s
LIMIT $limit
