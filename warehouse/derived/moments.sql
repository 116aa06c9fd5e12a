-- The events that views show one by one, for each standard a call is judged by.
WITH shown AS (
    SELECT * FROM events
    WHERE kind = 'hold'
        OR (kind = 'overlap' AND label IN ('interruption_taken', 'interruption_failed', 'contested'))
        OR (kind = 'phrase' AND label = 'callback_commitment')
), cut_off AS (
    SELECT e.call_id, e.event, arg_min(t.text, (t.start_s, t.turn)) AS text
    FROM shown e
    JOIN turns t ON t.call_id = e.call_id
    WHERE e.kind = 'overlap' AND t.speaker <> e.speaker AND NOT t.is_backchannel
        AND t.start_s <= e.end_s AND t.end_s >= e.start_s
    GROUP BY e.call_id, e.event
)
SELECT
    e.call_id,
    e.call_date,
    k.standard,
    e.event,
    e.kind,
    row_number() OVER (PARTITION BY e.call_id, k.standard, e.kind ORDER BY e.start_s, e.event)
        AS number,
    e.label,
    e.speaker,
    e.start_s,
    e.end_s,
    e.confidence,
    e.evidence,
    o.text AS cut_off_text,
    k.agent_id,
    k.queue,
    c.started_at,
    k.agent_interruptions IS NOT NULL AS is_measured
FROM shown e
JOIN kpis_all k ON k.call_id = e.call_id
JOIN calls c ON c.call_id = e.call_id
LEFT JOIN cut_off o ON o.call_id = e.call_id AND o.event = e.event
ORDER BY e.call_date, k.standard, e.kind, e.call_id, e.event
