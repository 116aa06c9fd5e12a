-- Who cut whom off, when, and what was being said? One row an interruption as counted in
-- agent_interruptions and caller_interruptions: the party cut off was speaking `cut_off_text`.
CREATE VIEW interruptions AS
SELECT
    e.call_id,
    e.call_date,
    k.agent_id,
    k.queue,
    e.speaker AS interrupter,  -- Who came in: agent or caller
    e.label AS outcome,  -- interruption_taken, interruption_failed or contested
    e.start_s,
    e.end_s,
    e.end_s - e.start_s AS overlap_s,  -- How long both spoke
    e.confidence,
    (SELECT t.text FROM turns t
     WHERE t.call_id = e.call_id AND t.call_date IS NOT DISTINCT FROM e.call_date
       AND t.speaker <> e.speaker AND NOT t.is_backchannel
       AND t.start_s <= e.end_s AND t.end_s >= e.start_s
     ORDER BY t.start_s LIMIT 1) AS cut_off_text,  -- What the other was saying
    e.evidence
FROM events e
JOIN kpis k USING (call_id)
WHERE e.kind = 'overlap'
    AND e.label IN ('interruption_taken', 'interruption_failed', 'contested')
    AND e.end_s - e.start_s >= 0.5
    AND k.agent_interruptions IS NOT NULL
