-- How did each agent do on each day? One row a call_date, agent and queue.
-- Rates pool their parts: the sum of what happened over the sum of the time it could happen in.
-- Interruptions are per minute of the other party's talk, over calls where they can be measured;
-- agent_reply_median_s is the median of the calls' own medians.
CREATE VIEW agent_day AS
SELECT
    call_date,
    agent_id,
    queue,
    calls,  -- Calls
    duration_s / 60 AS minutes,  -- Minutes of recordings
    ring_known AS calls_ring_known,  -- Calls whose time to the answer is known
    ring_s / nullif(ring_known, 0) AS ring_to_answer_mean_s,  -- Their mean
    ring_p90_s AS ring_to_answer_p90_s,  -- Nine of ten were answered sooner
    holds,  -- Holds
    hold_s / nullif(holds, 0) AS hold_mean_s,  -- Mean length of a hold
    hold_longest_s,
    hold_known_s / nullif(hold_of_s, 0) AS hold_share,  -- Time on hold over time recorded
    interruptions_known
        AS calls_interruptions_known,  -- Calls in which overlap can be measured
    agent_interruptions,
    caller_interruptions,
    agent_interruptions / nullif(agent_interruptions_of_s / 60, 0)
        AS agent_interruptions_per_min,  -- Per minute of callers' talk
    caller_interruptions / nullif(caller_interruptions_of_s / 60, 0)
        AS caller_interruptions_per_min,  -- Per minute of agents' talk
    agent_talk_s / nullif(talk_s, 0) AS agent_talk_ratio,
    dead_air_s / nullif(dead_air_of_s, 0) AS dead_air_share,  -- Dead air over time recorded
    reply_median_s AS agent_reply_median_s,  -- Median of the calls' medians
    signoff_in_order,  -- Calls closed in order
    signoff_known,  -- Calls whose closing is known
    scored AS calls_scored,  -- Calls with a score
    score / nullif(scored, 0) AS etiquette_score_mean,  -- Mean score, 0..100
    coverage / nullif(coverage_known, 0)
        AS etiquette_coverage_mean  -- Mean share of the standard that is known
FROM day_facts
WHERE standard = config_standard()
