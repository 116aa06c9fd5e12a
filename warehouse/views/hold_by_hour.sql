-- At which hour of the day are callers parked, and for how long? One row a queue and hour in which a
-- hold began, in the timezone that call_date is in; `hour` is NULL where the time is not known.
CREATE VIEW hold_by_hour AS
SELECT
    queue,
    hour((started_at + to_microseconds((start_s * 1e6)::BIGINT))
        AT TIME ZONE (SELECT timezone FROM about)) AS hour,  -- 0..23
    count(*) AS holds,  -- Holds
    count(DISTINCT call_id) AS calls,  -- Calls with one
    sum(end_s - start_s) AS hold_total_s,  -- Their lengths together
    median(end_s - start_s) AS hold_median_s,  -- Median length
    quantile_cont(end_s - start_s, 0.9) AS hold_p90_s,  -- Nine of ten were shorter
    max(end_s - start_s) AS hold_longest_s  -- The longest
FROM moments
WHERE kind = 'hold' AND standard = config_standard()
GROUP BY ALL
ORDER BY queue, hour NULLS LAST
