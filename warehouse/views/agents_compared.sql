-- How do the agents compare, and how sure is that? One row an agent, over all days and queues, the
-- best mean first. `score_lo`, `score_hi` are the 95 % confidence interval of the mean score
-- (Student's t; NULL under 3 scored calls): where two agents' overlap, they can hardly be told apart.
-- Rates pool their parts, over the calls in which they are known. Compare within a language.
CREATE VIEW agents_compared AS
WITH pooled AS (
    SELECT
        k.agent_id,
        count(*) AS calls,
        count(k.etiquette_score) AS calls_scored,
        avg(k.etiquette_score) AS mean,
        stddev_samp(k.etiquette_score) / sqrt(count(k.etiquette_score)) AS error,
        count(k.etiquette_score) - 1.0 AS v,
        avg(k.etiquette_coverage) AS etiquette_coverage_mean,
        count(k.agent_interruptions) AS calls_interruptions_known,
        sum(k.agent_interruptions)::BIGINT AS agent_interruptions,
        sum(k.agent_interruptions)
            / nullif(sum(k.caller_talk_s) FILTER (k.agent_interruptions IS NOT NULL) / 60, 0)
            AS agent_interruptions_per_min,
        sum(k.hold_total_s) FILTER (k.hold_count IS NOT NULL)
            / nullif(sum(k.duration_s) FILTER (k.hold_count IS NOT NULL), 0) AS hold_share,
        sum(k.dead_air_s) FILTER (k.dead_air_count IS NOT NULL)
            / nullif(sum(k.duration_s) FILTER (k.dead_air_count IS NOT NULL), 0) AS dead_air_share,
        median(k.ring_to_answer_s) AS ring_to_answer_median_s,
        sum(k.agent_talk_s) / nullif(sum(k.agent_talk_s + k.caller_talk_s), 0) AS agent_talk_ratio
    FROM call_facts k
    WHERE k.standard = config_standard()
    GROUP BY k.agent_id
), spread AS (
    -- Fisher's expansion of Student's t at 97.5 %: under 1 % short with 2 degrees of freedom.
    SELECT *, CASE WHEN calls_scored >= 3 THEN error * (
        1.96 + 2.372 / v + 2.823 / v ** 2 + 2.556 / v ** 3 + 1.587 / v ** 4) END AS half
    FROM pooled
)
SELECT
    agent_id,
    calls,  -- Calls
    calls_scored,  -- Calls with a score
    mean AS etiquette_score_mean,  -- Mean score, 0..100
    error AS etiquette_score_error,  -- Standard error of the mean
    CASE WHEN half IS NOT NULL THEN greatest(0, mean - half) END
        AS score_lo,  -- Lower end of the 95 % interval of the mean
    CASE WHEN half IS NOT NULL THEN least(100, mean + half) END AS score_hi,  -- Upper end
    etiquette_coverage_mean,  -- Mean share of the standard that is known
    calls_interruptions_known,  -- Calls in which overlap can be measured
    agent_interruptions,
    agent_interruptions_per_min,  -- Per minute of callers' talk
    hold_share,  -- Time on hold over time recorded
    dead_air_share,  -- Dead air over time recorded
    ring_to_answer_median_s,  -- Median of those known
    agent_talk_ratio
FROM spread
ORDER BY mean DESC NULLS LAST, agent_id
