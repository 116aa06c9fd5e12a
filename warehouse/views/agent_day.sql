-- How did each agent do on each day? One row a call_date, agent and queue.
-- Rates pool their parts: the sum of what happened over the sum of the time it could happen in.
-- Interruptions are per minute of the other party's talk, over calls where they can be measured;
-- agent_reply_median_s is the median of the calls' own medians.
CREATE VIEW agent_day AS
SELECT
    k.call_date,
    k.agent_id,
    k.queue,
    count(*) AS calls,  -- Calls
    sum(k.duration_s) / 60 AS minutes,  -- Minutes of recordings
    count(k.ring_to_answer_s) AS calls_ring_known,  -- Calls whose time to the answer is known
    avg(k.ring_to_answer_s) AS ring_to_answer_mean_s,  -- Their mean
    quantile_cont(k.ring_to_answer_s, 0.9)
        AS ring_to_answer_p90_s,  -- Nine of ten were answered sooner
    sum(k.hold_count)::BIGINT AS holds,  -- Holds
    sum(k.hold_total_s) / nullif(sum(k.hold_count), 0) AS hold_mean_s,  -- Mean length of a hold
    max(k.hold_longest_s) AS hold_longest_s,
    sum(k.hold_total_s) FILTER (k.hold_count IS NOT NULL)
        / nullif(sum(k.duration_s) FILTER (k.hold_count IS NOT NULL), 0)
        AS hold_share,  -- Time on hold over time recorded
    count(k.agent_interruptions)
        AS calls_interruptions_known,  -- Calls in which overlap can be measured
    sum(k.agent_interruptions)::BIGINT AS agent_interruptions,
    sum(k.caller_interruptions)::BIGINT AS caller_interruptions,
    sum(k.agent_interruptions)
        / nullif(sum(k.caller_talk_s) FILTER (k.agent_interruptions IS NOT NULL) / 60, 0)
        AS agent_interruptions_per_min,  -- Per minute of callers' talk
    sum(k.caller_interruptions)
        / nullif(sum(k.agent_talk_s) FILTER (k.caller_interruptions IS NOT NULL) / 60, 0)
        AS caller_interruptions_per_min,  -- Per minute of agents' talk
    sum(k.agent_talk_s) / nullif(sum(k.agent_talk_s + k.caller_talk_s), 0) AS agent_talk_ratio,
    sum(k.dead_air_s) FILTER (k.dead_air_count IS NOT NULL)
        / nullif(sum(k.duration_s) FILTER (k.dead_air_count IS NOT NULL), 0)
        AS dead_air_share,  -- Dead air over time recorded
    median(k.agent_reply_median_s) AS agent_reply_median_s,  -- Median of the calls' medians
    count(*) FILTER (k.signoff_status = 'in_order') AS signoff_in_order,  -- Calls closed in order
    count(*) FILTER (k.signoff_status IN ('in_order', 'out_of_order', 'partial', 'missing'))
        AS signoff_known,  -- Calls whose closing is known
    count(k.etiquette_score) AS calls_scored,  -- Calls with a score
    avg(k.etiquette_score) AS etiquette_score_mean,  -- Mean score, 0..100
    avg(k.etiquette_coverage)
        AS etiquette_coverage_mean  -- Mean share of the standard that is known
FROM call_facts k
WHERE k.standard = config_standard()
GROUP BY ALL
