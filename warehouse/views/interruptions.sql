-- Who cut whom off, when, and what was being said? One row an interruption as counted in
-- agent_interruptions and caller_interruptions: the party cut off was speaking `cut_off_text`.
CREATE VIEW interruptions AS
SELECT
    call_id,
    call_date,
    agent_id,
    queue,
    speaker AS interrupter,
    label AS outcome,
    start_s,
    end_s,
    end_s - start_s AS overlap_s,
    confidence,
    cut_off_text,
    evidence
FROM moments
WHERE kind = 'overlap' AND end_s - start_s >= 0.5 AND is_measured
    AND standard = config_standard()
