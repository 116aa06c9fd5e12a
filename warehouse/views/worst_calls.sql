-- Which calls went worst, and why? Calls with a score, the lowest first: their failed rules, the
-- costliest first, and what the score would be at most were all that is unknown in order.
CREATE VIEW worst_calls AS
SELECT
    k.call_id,
    k.call_date,
    k.agent_id,
    k.queue,
    k.etiquette_score,
    k.etiquette_hi,
    k.etiquette_coverage,
    k.rules_failed,
    f.failed,  -- Broken rules with why, the costliest first
    k.agent_interruptions,
    k.hold_total_s,
    k.dead_air_s,
    k.signoff_status
FROM kpis k
LEFT JOIN (
    SELECT call_id, list(rule_id || ': ' || why ORDER BY weight * stage_weight DESC, rule_id) AS failed
    FROM findings
    WHERE result = 'fail' AND weight > 0 AND standard = config_standard()
    GROUP BY call_id
) f USING (call_id)
WHERE k.etiquette_score IS NOT NULL
ORDER BY k.etiquette_score, k.call_id
