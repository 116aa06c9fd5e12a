-- hold_total_s or hold_longest_s is not what the hold events last
SELECT k.call_id, k.hold_total_s, k.hold_longest_s, h.total_s, h.longest_s
FROM kpis k JOIN (
    SELECT call_id, sum(end_s - start_s) AS total_s, max(end_s - start_s) AS longest_s
    FROM events WHERE kind = 'hold' GROUP BY call_id
) h USING (call_id)
WHERE abs(k.hold_total_s - h.total_s) > 0.05 OR abs(k.hold_longest_s - h.longest_s) > 0.05
