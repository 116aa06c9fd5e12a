-- KPIs a day, agent, queue and standard: sums, and the values that quantiles are made of.
-- Decimals, so that the sums do not depend on row order.
SELECT
    call_date,
    agent_id,
    queue,
    standard,
    count(*) AS calls,
    sum(TRY_CAST(duration_s AS DECIMAL(18, 6)))::DOUBLE AS duration_s,
    list(ring_to_answer_s ORDER BY ring_to_answer_s) FILTER (ring_to_answer_s IS NOT NULL)
        AS rings_s,
    count(ring_to_answer_s) AS ring_known,
    sum(TRY_CAST(ring_to_answer_s AS DECIMAL(18, 6)))::DOUBLE AS ring_s,
    quantile_cont(ring_to_answer_s, 0.9) AS ring_p90_s,
    sum(hold_count)::BIGINT AS holds,
    sum(TRY_CAST(hold_total_s AS DECIMAL(18, 6)))::DOUBLE AS hold_s,
    max(hold_longest_s) AS hold_longest_s,
    sum(TRY_CAST(hold_total_s AS DECIMAL(18, 6))) FILTER (hold_count IS NOT NULL)::DOUBLE
        AS hold_known_s,
    sum(TRY_CAST(duration_s AS DECIMAL(18, 6))) FILTER (hold_count IS NOT NULL)::DOUBLE
        AS hold_of_s,
    count(agent_interruptions) AS interruptions_known,
    sum(agent_interruptions)::BIGINT AS agent_interruptions,
    sum(caller_interruptions)::BIGINT AS caller_interruptions,
    sum(TRY_CAST(caller_talk_s AS DECIMAL(18, 6)))
        FILTER (agent_interruptions IS NOT NULL)::DOUBLE AS agent_interruptions_of_s,
    sum(TRY_CAST(agent_talk_s AS DECIMAL(18, 6)))
        FILTER (caller_interruptions IS NOT NULL)::DOUBLE AS caller_interruptions_of_s,
    sum(TRY_CAST(agent_talk_s AS DECIMAL(18, 6)))::DOUBLE AS agent_talk_s,
    sum(TRY_CAST(agent_talk_s + caller_talk_s AS DECIMAL(18, 6)))::DOUBLE AS talk_s,
    sum(TRY_CAST(dead_air_s AS DECIMAL(18, 6))) FILTER (dead_air_count IS NOT NULL)::DOUBLE
        AS dead_air_s,
    sum(TRY_CAST(duration_s AS DECIMAL(18, 6))) FILTER (dead_air_count IS NOT NULL)::DOUBLE
        AS dead_air_of_s,
    list(agent_reply_median_s ORDER BY agent_reply_median_s)
        FILTER (agent_reply_median_s IS NOT NULL) AS replies_s,
    median(agent_reply_median_s) AS reply_median_s,
    count(*) FILTER (signoff_status = 'in_order') AS signoff_in_order,
    count(*) FILTER (signoff_status IN ('in_order', 'out_of_order', 'partial', 'missing'))
        AS signoff_known,
    count(etiquette_score) AS scored,
    sum(TRY_CAST(etiquette_score AS DECIMAL(18, 6)))::DOUBLE AS score,
    sum(TRY_CAST(etiquette_score * etiquette_score AS DECIMAL(18, 6)))::DOUBLE AS score_squared,
    count(etiquette_coverage) AS coverage_known,
    sum(TRY_CAST(etiquette_coverage AS DECIMAL(18, 9)))::DOUBLE AS coverage
FROM call_facts
GROUP BY call_date, agent_id, queue, standard
ORDER BY call_date, agent_id, queue, standard
