-- When was the caller parked, for how long, and how is it known? One row a hold.
CREATE VIEW holds AS
SELECT
    call_id,
    call_date,
    agent_id,
    queue,
    number AS hold,  -- Counts from 1
    label AS source,  -- metadata, music, beeps, zero or announced
    start_s,
    end_s,
    end_s - start_s AS duration_s,  -- How long it lasted
    started_at + to_microseconds((start_s * 1e6)::BIGINT) AS started_at,  -- When it began, UTC
    confidence,
    evidence
FROM moments
WHERE kind = 'hold' AND standard = config_standard()
