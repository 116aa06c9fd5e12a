-- What is asked of a call and standard most, in one row: the KPIs, and what other tables add.
WITH failed AS (
    SELECT
        call_id,
        standard,
        list(rule_id || ': ' || why ORDER BY weight * stage_weight DESC, rule_id)
            FILTER (weight > 0) AS failed,
        list(rule_id ORDER BY rule_id) AS not_kept
    FROM findings
    WHERE result = 'fail'
    GROUP BY call_id, standard
), spans AS (
    SELECT
        call_id,
        CASE WHEN kind = 'overlap' THEN speaker ELSE 'nobody' END AS who,
        end_s - start_s AS span_s,
        {'start_ms': TRY_CAST(round(start_s * 1000) AS BIGINT),
         'end_ms': TRY_CAST(round(end_s * 1000) AS BIGINT)} AS span
    FROM events
    WHERE kind = 'hold'
        OR (kind = 'silence' AND end_s - start_s > 3)
        OR (kind = 'overlap' AND label IN ('interruption_taken', 'interruption_failed', 'contested'))
), heard AS (
    SELECT
        call_id,
        sum(span_s) FILTER (who = 'nobody') AS nontalk_s,
        list(span ORDER BY span) FILTER (who = 'nobody') AS nontalk,
        list(span ORDER BY span) FILTER (who = 'agent' AND span_s >= 0.5) AS agent_cut_in,
        list(span ORDER BY span) FILTER (who = 'caller' AND span_s >= 0.5) AS caller_cut_in,
        count(*) FILTER (who = 'agent' AND span_s >= 0.3) AS agent_300ms,
        count(*) FILTER (who = 'agent' AND span_s >= 0.5) AS agent_500ms,
        count(*) FILTER (who = 'agent' AND span_s >= 1.0) AS agent_1000ms,
        count(*) FILTER (who = 'agent' AND span_s >= 2.0) AS agent_2000ms,
        count(*) FILTER (who = 'caller' AND span_s >= 0.3) AS caller_300ms,
        count(*) FILTER (who = 'caller' AND span_s >= 0.5) AS caller_500ms,
        count(*) FILTER (who = 'caller' AND span_s >= 1.0) AS caller_1000ms,
        count(*) FILTER (who = 'caller' AND span_s >= 2.0) AS caller_2000ms
    FROM spans
    GROUP BY call_id
), noted AS (
    SELECT
        call_id,
        max(end_s - start_s) FILTER (label = 'heard_ringing') AS heard_ringing_s,
        max(end_s - start_s) FILTER (label = 'heard_ringing_partial') AS heard_ringing_part_s,
        count(*) FILTER (label = 'heard_hold') AS heard_holds,
        coalesce(sum(end_s - start_s) FILTER (label = 'heard_hold'), 0) AS heard_hold_s,
        min(start_s) FILTER (kind = 'phrase' AND speaker = 'agent') AS offer_s
    FROM events
    WHERE (kind = 'note' AND label IN ('heard_ringing', 'heard_ringing_partial', 'heard_hold'))
        OR (kind = 'phrase' AND label = 'offer_of_help')
    GROUP BY call_id
), left_lines AS (
    SELECT k.call_id, k.standard, arg_min(coalesce(e.speaker, 'nobody'), e.start_s) AS left_by
    FROM events e
    JOIN kpis_all k USING (call_id)
    JOIN calls c USING (call_id)
    WHERE e.kind = 'tone' AND e.label IN ('busy', 'congestion')
        AND e.start_s >= c.duration_s - k.trailing_silence_s AND k.caller_talk_s > 0
    GROUP BY k.call_id, k.standard
), spoken AS (
    SELECT
        call_id,
        min(start_s) FILTER (speaker = 'agent') AS agent_first_s,
        min(start_s) FILTER (speaker = 'caller') AS caller_first_s,
        arg_min(end_s, start_s) FILTER (speaker = 'caller') AS caller_end_s
    FROM turns
    WHERE NOT is_backchannel
    GROUP BY call_id
), admitted AS (
    SELECT call_id, CASE WHEN json_valid(manifest) THEN manifest END AS told FROM calls
), replied AS (
    SELECT t.call_id, min(t.start_s) AS reply_s
    FROM turns t
    JOIN spoken s USING (call_id)
    WHERE t.speaker = 'agent' AND NOT t.is_backchannel
        AND t.start_s > s.caller_first_s AND t.end_s > s.caller_end_s
    GROUP BY t.call_id
)
SELECT
    k.*,
    c.started_at,
    c.duration_s,
    c.direction,
    c.language,
    c.caller_id,
    c.source_uri,
    c.processed_at,
    c.transcript_trust,
    json_extract_string(m.told, '$.contact_id') AS contact_id,
    date_diff('microseconds', c.started_at,
        TRY_CAST(json_extract_string(m.told, '$.answered_at') AS TIMESTAMPTZ)) / 1e6
        AS answered_s,
    date_diff('microseconds', c.started_at,
        TRY_CAST(json_extract_string(m.told, '$.ended_at') AS TIMESTAMPTZ)) / 1e6 AS ended_s,
    json_type(m.told, '$.holds') = 'ARRAY' AS has_holds,
    n.heard_ringing_s,
    n.heard_ringing_part_s,
    coalesce(n.heard_holds, 0) AS heard_holds,
    coalesce(n.heard_hold_s, 0) AS heard_hold_s,
    l.left_by,
    n.offer_s,
    s.agent_first_s,
    s.caller_first_s,
    r.reply_s - s.caller_end_s AS first_reply_s,
    f.failed,
    f.not_kept,
    h.nontalk_s,
    h.nontalk,
    h.agent_cut_in,
    h.caller_cut_in,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.agent_300ms, 0) END AS agent_300ms,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.agent_500ms, 0) END AS agent_500ms,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.agent_1000ms, 0) END
        AS agent_1000ms,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.agent_2000ms, 0) END
        AS agent_2000ms,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.caller_300ms, 0) END
        AS caller_300ms,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.caller_500ms, 0) END
        AS caller_500ms,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.caller_1000ms, 0) END
        AS caller_1000ms,
    CASE WHEN k.agent_interruptions IS NOT NULL THEN coalesce(h.caller_2000ms, 0) END
        AS caller_2000ms
FROM kpis_all k
JOIN calls c USING (call_id)
JOIN admitted m USING (call_id)
LEFT JOIN failed f ON f.call_id = k.call_id AND f.standard = k.standard
LEFT JOIN heard h ON h.call_id = k.call_id
LEFT JOIN noted n ON n.call_id = k.call_id
LEFT JOIN left_lines l ON l.call_id = k.call_id AND l.standard = k.standard
LEFT JOIN spoken s ON s.call_id = k.call_id
LEFT JOIN replied r ON r.call_id = k.call_id
ORDER BY k.call_date, k.call_id, k.standard
