-- What is asked of a call and standard most, in one row: the KPIs, and what other tables add.
WITH failed AS (
    SELECT
        call_id,
        standard,
        list(rule_id || ': ' || why ORDER BY weight * stage_weight DESC, rule_id)
            FILTER (weight > 0) AS failed,
        string_agg(rule_id, ', ' ORDER BY rule_id) AS not_kept
    FROM findings
    WHERE result = 'fail'
    GROUP BY call_id, standard
), spans AS (
    SELECT
        call_id,
        CASE WHEN kind = 'overlap' THEN speaker ELSE 'nobody' END AS who,
        end_s - start_s AS span_s,
        {'start_ms': round(start_s * 1000)::BIGINT, 'end_ms': round(end_s * 1000)::BIGINT} AS span
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
)
SELECT
    k.*,
    c.started_at,
    c.duration_s,
    c.direction,
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
LEFT JOIN failed f ON f.call_id = k.call_id AND f.standard = k.standard
LEFT JOIN heard h ON h.call_id = k.call_id
ORDER BY k.call_date, k.call_id, k.standard
