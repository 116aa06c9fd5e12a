-- At which hour of the day are callers parked, and for how long? One row a queue and hour in which a
-- hold began, in the timezone that call_date is in; `hour` is NULL where the time is not known.
CREATE VIEW hold_by_hour AS
SELECT
    c.queue,
    hour((c.started_at + to_microseconds((e.start_s * 1e6)::BIGINT))
        AT TIME ZONE (SELECT timezone FROM about)) AS hour,  -- 0..23
    count(*) AS holds,  -- Holds
    count(DISTINCT e.call_id) AS calls,  -- Calls with one
    sum(e.end_s - e.start_s) AS hold_total_s,  -- Their lengths together
    median(e.end_s - e.start_s) AS hold_median_s,  -- Median length
    quantile_cont(e.end_s - e.start_s, 0.9) AS hold_p90_s,  -- Nine of ten were shorter
    max(e.end_s - e.start_s) AS hold_longest_s  -- The longest
FROM events e
JOIN calls c USING (call_id)
WHERE e.kind = 'hold'
GROUP BY ALL
ORDER BY c.queue, hour NULLS LAST
