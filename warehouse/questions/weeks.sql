-- Question: How does it go from week to week?
-- Parameters: agent, queue, limit = 26
SELECT
    strftime(k.call_date, '%G-W%V') AS week,
    count(*) AS calls,
    count(k.etiquette_score) AS scored,
    avg(k.etiquette_score) AS score,
    median(k.ring_to_answer_s) AS answered_after_s,
    sum(k.agent_interruptions)
        / nullif(sum(k.caller_talk_s) FILTER (k.agent_interruptions IS NOT NULL) / 60, 0)
        AS cut_in_per_min,
    sum(k.hold_total_s) FILTER (k.hold_count IS NOT NULL)
        / nullif(sum(c.duration_s) FILTER (k.hold_count IS NOT NULL), 0) AS hold_share
FROM kpis k
JOIN calls c USING (call_id)
WHERE ($agent::VARCHAR IS NULL OR k.agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR k.queue = $queue)
GROUP BY week
ORDER BY week DESC NULLS LAST
LIMIT $limit
