-- Which calls went worst, and why? Calls with a score, the lowest first: their failed rules, the
-- costliest first, and what the score would be at most were all that is unknown in order.
CREATE VIEW worst_calls AS
SELECT
    call_id,
    call_date,
    agent_id,
    queue,
    etiquette_score,
    etiquette_hi,
    etiquette_coverage,
    rules_failed,
    failed,  -- Broken rules with why, the costliest first
    agent_interruptions,
    hold_total_s,
    dead_air_s,
    signoff_status
FROM call_facts
WHERE etiquette_score IS NOT NULL AND standard = config_standard()
ORDER BY etiquette_score, call_id
