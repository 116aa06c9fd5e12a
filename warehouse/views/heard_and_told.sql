-- Where do the phone system and the recording differ? One row a call and measure that the phone
-- system tells: what it told (and is believed), what was heard, and heard minus told. `heard` is NULL
-- where the recording has nothing to measure, with the reason in `note`. That a party hung up is
-- heard where its channel goes over into busy or congestion after the last word. Transfers are not
-- here: no recording tells them.
CREATE VIEW heard_and_told AS
WITH known AS (
    SELECT
        call_id, call_date, agent_id, queue, duration_s, ring_to_answer_s, hold_count, hold_total_s,
        hung_up_by, last_speaker, left_by,
        ring_source = 'metadata' AS has_ringing,
        has_holds,
        ended_s AS told_s,
        heard_ringing_s AS ringing_s,
        heard_ringing_part_s AS ringing_part_s,
        heard_holds AS holds,
        heard_hold_s AS hold_s
    FROM call_facts
    WHERE standard = config_standard()
)
SELECT
    call_id,
    call_date,
    agent_id,
    queue,
    measure,  -- ring_to_answer_s, hold_count, hold_total_s, duration_s or agent_hung_up (1 or 0)
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
    UNION ALL
    SELECT *, 'agent_hung_up', (hung_up_by = 'agent')::INT,
        CASE left_by WHEN 'agent' THEN 1 WHEN 'caller' THEN 0 END,
        CASE WHEN left_by = 'nobody' THEN 'a line was hung up, and no channel of its own tells whose'
            WHEN left_by IS NULL THEN 'no tone of a line that was hung up'
                || coalesce('; the ' || last_speaker || ' spoke last', '') END
    FROM known
    WHERE hung_up_by IS NOT NULL
)
