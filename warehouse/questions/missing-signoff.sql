-- Question: Which calls ended without the closing that the standard asks for? The newest first.
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    k.call_id,
    k.call_date,
    k.agent_id AS agent,
    k.queue,
    k.signoff_status AS signoff,
    k.signoff_order AS said,
    k.hung_up_by,
    f.why
FROM kpis k
JOIN calls c USING (call_id)
LEFT JOIN (
    SELECT call_id, string_agg(DISTINCT why, '; ') AS why FROM findings
    WHERE stage = 'closing' AND result = 'fail' AND weight > 0 AND standard = config_standard()
    GROUP BY call_id
) f USING (call_id)
WHERE k.signoff_status IN ('missing', 'partial', 'out_of_order')
    AND ($agent::VARCHAR IS NULL OR k.agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR k.queue = $queue)
    AND ($from::DATE IS NULL OR k.call_date >= $from)
    AND ($to::DATE IS NULL OR k.call_date <= $to)
ORDER BY c.started_at DESC NULLS LAST, k.call_id
LIMIT $limit
