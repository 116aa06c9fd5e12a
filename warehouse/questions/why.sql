-- Question: Why did this call score as it did? What cost it points, the most first, then what is not
-- known. `lost` is what a rule took off the 100; `at_stake` what an unknown one could take or give.
-- Parameters: call required, limit = 40
WITH charged AS (
    SELECT rule_id, score, stage_weight * weight / sum(weight) OVER (PARTITION BY stage) AS share
    FROM findings
    WHERE call_id = $call AND standard = config_standard() AND weight > 0
        AND result IN ('pass', 'fail', 'unknown')
), points AS (
    SELECT rule_id,
        100 * share * (1 - score) / sum(share) FILTER (score IS NOT NULL) OVER () AS lost,
        CASE WHEN score IS NULL THEN 100 * share / sum(share) OVER () END AS at_stake
    FROM charged
)
SELECT
    f.result,
    f.stage,
    f.rule_id AS rule,
    p.lost,
    p.at_stake,
    f.start_s,
    f.why,
    f.evidence
FROM findings f
LEFT JOIN points p USING (rule_id)
WHERE f.call_id = $call AND f.standard = config_standard()
    AND f.result IN ('pass', 'fail', 'unknown') AND (p.lost > 0 OR f.result = 'unknown')
    AND (f.weight > 0 OR f.stage = 'kpi')
ORDER BY f.result = 'unknown', p.lost DESC, f.stage = 'kpi', p.at_stake DESC, rule
LIMIT $limit
