-- Question: How did each queue do?
-- Parameters: from, to
SELECT
    k.queue,
    count(*) AS calls,
    count(DISTINCT k.agent_id) AS agents,
    count(k.etiquette_score) AS scored,
    avg(k.etiquette_score) AS score,
    median(k.ring_to_answer_s) AS answered_after_s,
    quantile_cont(k.ring_to_answer_s, 0.9) AS answered_after_p90_s,
    sum(k.agent_interruptions)
        / nullif(sum(k.caller_talk_s) FILTER (k.agent_interruptions IS NOT NULL) / 60, 0)
        AS cut_in_per_min,
    sum(k.hold_total_s) FILTER (k.hold_count IS NOT NULL)
        / nullif(sum(c.duration_s) FILTER (k.hold_count IS NOT NULL), 0) AS hold_share,
    sum(k.dead_air_s) FILTER (k.dead_air_count IS NOT NULL)
        / nullif(sum(c.duration_s) FILTER (k.dead_air_count IS NOT NULL), 0) AS dead_air_share
FROM kpis k
JOIN calls c USING (call_id)
WHERE ($from::DATE IS NULL OR k.call_date >= $from)
    AND ($to::DATE IS NULL OR k.call_date <= $to)
GROUP BY k.queue
ORDER BY calls DESC, k.queue
