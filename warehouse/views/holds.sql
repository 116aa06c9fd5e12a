-- When was the caller parked, for how long, and how is it known? One row a hold.
CREATE VIEW holds AS
SELECT
    e.call_id,
    e.call_date,
    k.agent_id,
    k.queue,
    row_number() OVER (PARTITION BY e.call_id ORDER BY e.start_s, e.event)
        AS hold,  -- Counts from 1
    e.label AS source,  -- metadata, music, beeps, zero or announced
    e.start_s,
    e.end_s,
    e.end_s - e.start_s AS duration_s,  -- How long it lasted
    c.started_at + to_microseconds((e.start_s * 1e6)::BIGINT) AS started_at,  -- When it began, UTC
    e.confidence,
    e.evidence
FROM events e
JOIN kpis k USING (call_id)
JOIN calls c USING (call_id)
WHERE e.kind = 'hold'
