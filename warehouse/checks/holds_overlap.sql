-- Two holds of a call overlap: a caller is parked once at a time
SELECT call_id, event, start_s, before_s FROM (
    SELECT call_id, event, start_s,
        max(end_s) OVER (PARTITION BY call_id ORDER BY start_s, event
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_s
    FROM events WHERE kind = 'hold')
WHERE start_s < before_s - 0.001
