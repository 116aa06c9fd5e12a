-- Question: How did each agent do? The mean score with its sample size, what callers met, the best first.
-- Parameters: queue, from, to
SELECT
    k.agent_id AS agent,
    count(*) AS calls,
    count(k.etiquette_score) AS scored,
    avg(k.etiquette_score) AS score,
    avg(k.etiquette_coverage) AS known_share,
    median(k.ring_to_answer_s) AS answered_after_s,
    sum(k.agent_interruptions)
        / nullif(sum(k.caller_talk_s) FILTER (k.agent_interruptions IS NOT NULL) / 60, 0)
        AS cut_in_per_min,
    sum(k.hold_total_s) FILTER (k.hold_count IS NOT NULL)
        / nullif(sum(c.duration_s) FILTER (k.hold_count IS NOT NULL), 0) AS hold_share,
    sum(k.dead_air_s) FILTER (k.dead_air_count IS NOT NULL)
        / nullif(sum(c.duration_s) FILTER (k.dead_air_count IS NOT NULL), 0) AS dead_air_share,
    count(*) FILTER (k.signoff_status = 'in_order')
        / nullif(count(*) FILTER (k.signoff_status
            IN ('in_order', 'out_of_order', 'partial', 'missing')), 0) AS signoff_share
FROM kpis k
JOIN calls c USING (call_id)
WHERE ($queue::VARCHAR IS NULL OR k.queue = $queue)
    AND ($from::DATE IS NULL OR k.call_date >= $from)
    AND ($to::DATE IS NULL OR k.call_date <= $to)
GROUP BY k.agent_id
ORDER BY score DESC NULLS LAST, agent
