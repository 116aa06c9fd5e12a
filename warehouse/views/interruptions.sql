-- Who cut whom off, when, and what was being said? One row an interruption as counted in
-- agent_interruptions and caller_interruptions: the party cut off was speaking `cut_off_text`.
CREATE VIEW interruptions AS
SELECT
    call_id,
    call_date,
    agent_id,
    queue,
    speaker AS interrupter,  -- Who came in: agent or caller
    label AS outcome,  -- interruption_taken, interruption_failed or contested
    start_s,
    end_s,
    end_s - start_s AS overlap_s,  -- How long both spoke
    confidence,
    cut_off_text,  -- What the other was saying
    evidence
FROM moments
WHERE kind = 'overlap' AND end_s - start_s >= 0.5 AND is_measured
    AND standard = config_standard()
