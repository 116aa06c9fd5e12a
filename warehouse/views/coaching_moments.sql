-- What is there to listen to together with the agent? One row a broken rule of weight in a call, the
-- newest call first, with the moment and the words or numbers that decided it. `start_s` is NULL where
-- it was the whole call: something was never said. `weight` is the rule's times its stage's.
CREATE VIEW coaching_moments AS
SELECT
    c.started_at,
    f.call_date,
    f.call_id,
    c.agent_id,
    c.queue,
    f.stage,
    f.rule_id,
    f.tier,
    f.why,
    f.evidence,
    f.speaker,
    f.start_s,
    f.end_s,
    f.confidence,
    f.weight * f.stage_weight AS weight
FROM findings f
JOIN calls c USING (call_id)
WHERE f.result = 'fail' AND f.weight > 0 AND f.stage <> 'kpi' AND f.standard = config_standard()
ORDER BY c.started_at DESC NULLS LAST, f.call_id, f.start_s NULLS LAST, f.rule_id
