-- How did each agent do on each day? One row a call_date, agent and queue.
-- Rates pool their parts: the sum of what happened over the sum of the time it could happen in.
-- Interruptions are per minute of the other party's talk, over calls where they can be measured.
CREATE VIEW agent_day AS
SELECT
    k.call_date,
    k.agent_id,
    k.queue,
    count(*) AS calls,
    sum(k.duration_s) / 60 AS minutes,
    count(k.ring_to_answer_s) AS calls_ring_known,
    avg(k.ring_to_answer_s) AS ring_to_answer_mean_s,
    quantile_cont(k.ring_to_answer_s, 0.9) AS ring_to_answer_p90_s,
    sum(k.hold_count)::BIGINT AS holds,
    sum(k.hold_total_s) / nullif(sum(k.hold_count), 0) AS hold_mean_s,
    max(k.hold_longest_s) AS hold_longest_s,
    sum(k.hold_total_s) / nullif(sum(k.duration_s) FILTER (k.hold_total_s IS NOT NULL), 0)
        AS hold_share,
    count(k.agent_interruptions) AS calls_interruptions_known,
    sum(k.agent_interruptions)::BIGINT AS agent_interruptions,
    sum(k.caller_interruptions)::BIGINT AS caller_interruptions,
    sum(k.agent_interruptions)
        / nullif(sum(k.caller_talk_s) FILTER (k.agent_interruptions IS NOT NULL) / 60, 0)
        AS agent_interruptions_per_min,
    sum(k.caller_interruptions)
        / nullif(sum(k.agent_talk_s) FILTER (k.caller_interruptions IS NOT NULL) / 60, 0)
        AS caller_interruptions_per_min,
    sum(k.agent_talk_s) / nullif(sum(k.agent_talk_s + k.caller_talk_s), 0) AS agent_talk_ratio,
    sum(k.dead_air_s) / nullif(sum(k.duration_s) FILTER (k.dead_air_s IS NOT NULL), 0)
        AS dead_air_share,
    median(k.agent_reply_median_s) AS agent_reply_median_s,
    count(*) FILTER (k.signoff_status = 'in_order') AS signoff_in_order,
    count(*) FILTER (k.signoff_status IN ('in_order', 'out_of_order', 'partial', 'missing'))
        AS signoff_known,
    count(k.etiquette_score) AS calls_scored,
    avg(k.etiquette_score) AS etiquette_score_mean,
    avg(k.etiquette_coverage) AS etiquette_coverage_mean
FROM call_facts k
WHERE k.standard = config_standard()
GROUP BY ALL
