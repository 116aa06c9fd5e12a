-- Broken rules of weight, one by one, with whose call it was and when.
SELECT
    f.call_id,
    f.call_date,
    f.standard,
    f.rule_version,
    f.rule_id,
    f.stage,
    f.tier,
    f.why,
    f.confidence,
    f.speaker,
    f.start_s,
    f.end_s,
    f.evidence,
    f.weight * f.stage_weight AS weight,
    c.agent_id,
    c.queue,
    c.started_at,
    row_number() OVER (PARTITION BY f.call_date, f.standard
        ORDER BY f.call_id, f.start_s NULLS LAST, f.rule_id) AS place
FROM findings f
JOIN calls c USING (call_id)
WHERE f.result = 'fail' AND f.weight > 0 AND f.stage <> 'kpi'
ORDER BY f.call_date, f.call_id, f.standard, f.rule_id
