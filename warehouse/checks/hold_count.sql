-- hold_count is not the number of hold events
SELECT k.call_id, k.hold_count, coalesce(h.holds, 0) AS hold_events
FROM kpis k LEFT JOIN (
    SELECT call_id, count(*) AS holds FROM events WHERE kind = 'hold' GROUP BY call_id
) h USING (call_id)
WHERE k.hold_count <> coalesce(h.holds, 0)
