-- Question: Why is so much unknown? The reasons, by how many findings and calls they leave open.
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    f.why AS reason,
    count(*) AS findings,
    count(DISTINCT f.call_id) AS calls,
    calls / (SELECT count(*) FROM calls
        WHERE ($agent::VARCHAR IS NULL OR agent_id = $agent)
            AND ($queue::VARCHAR IS NULL OR queue = $queue)
            AND ($from::DATE IS NULL OR call_date >= $from)
            AND ($to::DATE IS NULL OR call_date <= $to)) AS calls_share,
    count(DISTINCT f.rule_id) AS rules,
    min(f.rule_id) AS for_example
FROM findings f
JOIN calls c USING (call_id)
WHERE f.result = 'unknown' AND f.standard = config_standard()
    AND (f.weight > 0 OR f.stage = 'kpi')
    AND ($agent::VARCHAR IS NULL OR c.agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR c.queue = $queue)
    AND ($from::DATE IS NULL OR f.call_date >= $from)
    AND ($to::DATE IS NULL OR f.call_date <= $to)
GROUP BY f.why
ORDER BY findings DESC, reason
LIMIT $limit
