-- Where do the phone system and the recording differ? One row a call and measure that the phone
-- system tells: what it told (and is believed), what was heard, and heard minus told. `heard` is NULL
-- where the recording has nothing to measure, with the reason in `note`. Who hung up and transfers
-- are not here: no recording tells them.
CREATE VIEW heard_and_told AS
WITH noted AS (
    SELECT
        call_id,
        max(end_s - start_s) FILTER (label = 'heard_ringing') AS ringing_s,
        max(end_s - start_s) FILTER (label = 'heard_ringing_partial') AS ringing_part_s,
        count(*) FILTER (label = 'heard_hold') AS holds,
        coalesce(sum(end_s - start_s) FILTER (label = 'heard_hold'), 0) AS hold_s
    FROM events
    WHERE kind = 'note' AND label IN ('heard_ringing', 'heard_ringing_partial', 'heard_hold')
    GROUP BY call_id
), known AS (
    SELECT
        k.call_id,
        k.call_date,
        k.agent_id,
        k.queue,
        c.duration_s,
        k.ring_source = 'metadata' AS has_ringing,
        json_type(c.manifest, '$.holds') = 'ARRAY' AS has_holds,
        k.ring_to_answer_s,
        k.hold_count,
        k.hold_total_s,
        date_diff('microseconds', c.started_at,
            TRY_CAST(json_extract_string(c.manifest, '$.ended_at') AS TIMESTAMPTZ)) / 1e6 AS told_s,
        n.ringing_s,
        n.ringing_part_s,
        coalesce(n.holds, 0) AS holds,
        coalesce(n.hold_s, 0) AS hold_s
    FROM kpis k
    JOIN calls c USING (call_id)
    LEFT JOIN noted n USING (call_id)
)
SELECT
    call_id,
    call_date,
    agent_id,
    queue,
    measure,  -- ring_to_answer_s, hold_count, hold_total_s or duration_s
    told,  -- By the phone system
    heard,  -- In the recording; NULL = nothing to measure
    heard - told AS difference,  -- heard - told
    note  -- Why heard is NULL
FROM (
    SELECT *, 'ring_to_answer_s' AS measure, ring_to_answer_s AS told, ringing_s AS heard,
        CASE WHEN ringing_part_s IS NOT NULL
            THEN format('the recording starts inside ringing: {:.1f} s or more', ringing_part_s)
            WHEN ringing_s IS NULL THEN 'no ringing in the recording' END AS note
    FROM known WHERE has_ringing
    UNION ALL
    SELECT *, 'hold_count', hold_count, holds, NULL
    FROM known WHERE has_holds AND hold_count IS NOT NULL
    UNION ALL
    SELECT *, 'hold_total_s', hold_total_s, hold_s, NULL
    FROM known WHERE has_holds AND hold_count IS NOT NULL
    UNION ALL
    SELECT *, 'duration_s', told_s, duration_s, NULL
    FROM known WHERE told_s IS NOT NULL
)
