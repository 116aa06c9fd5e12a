-- How did each queue do on each day? One row a call_date and queue.
-- Rates pool their parts: the sum of what happened over the sum of the time it could happen in.
-- Interruptions are per minute of the other party's talk, over calls where they can be measured;
-- agent_reply_median_s is the median of the calls' own medians.
CREATE VIEW queue_day AS
SELECT
    call_date,
    queue,
    sum(calls)::BIGINT AS calls,  -- Calls
    count(DISTINCT agent_id) AS agents,  -- Agents
    sum(duration_s) / 60 AS minutes,  -- Minutes of recordings
    sum(ring_known)::BIGINT AS calls_ring_known,  -- Calls whose time to the answer is known
    sum(ring_s) / nullif(sum(ring_known), 0) AS ring_to_answer_mean_s,  -- Their mean
    list_aggregate(flatten(list(rings_s)), 'quantile_cont', 0.9)
        AS ring_to_answer_p90_s,  -- Nine of ten were answered sooner
    sum(holds)::BIGINT AS holds,  -- Holds
    sum(hold_s) / nullif(sum(holds), 0) AS hold_mean_s,  -- Mean length of a hold
    max(hold_longest_s) AS hold_longest_s,
    sum(hold_known_s) / nullif(sum(hold_of_s), 0)
        AS hold_share,  -- Time on hold over time recorded
    sum(interruptions_known)::BIGINT
        AS calls_interruptions_known,  -- Calls in which overlap can be measured
    sum(agent_interruptions)::BIGINT AS agent_interruptions,
    sum(caller_interruptions)::BIGINT AS caller_interruptions,
    sum(agent_interruptions) / nullif(sum(agent_interruptions_of_s) / 60, 0)
        AS agent_interruptions_per_min,  -- Per minute of callers' talk
    sum(caller_interruptions) / nullif(sum(caller_interruptions_of_s) / 60, 0)
        AS caller_interruptions_per_min,  -- Per minute of agents' talk
    sum(agent_talk_s) / nullif(sum(talk_s), 0) AS agent_talk_ratio,
    sum(dead_air_s) / nullif(sum(dead_air_of_s), 0)
        AS dead_air_share,  -- Dead air over time recorded
    list_aggregate(flatten(list(replies_s)), 'median')
        AS agent_reply_median_s,  -- Median of the calls' medians
    sum(signoff_in_order)::BIGINT AS signoff_in_order,  -- Calls closed in order
    sum(signoff_known)::BIGINT AS signoff_known,  -- Calls whose closing is known
    sum(scored)::BIGINT AS calls_scored,  -- Calls with a score
    sum(score) / nullif(sum(scored), 0) AS etiquette_score_mean,  -- Mean score, 0..100
    sum(coverage) / nullif(sum(coverage_known), 0)
        AS etiquette_coverage_mean  -- Mean share of the standard that is known
FROM day_facts
WHERE standard = config_standard()
GROUP BY ALL
