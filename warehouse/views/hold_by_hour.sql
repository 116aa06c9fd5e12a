-- At which hour of the day are callers parked, and for how long? One row a queue and hour in which a
-- hold began, in the timezone that call_date is in; `hour` is NULL where the time is not known.
CREATE VIEW hold_by_hour AS
WITH begun AS (
    SELECT
        queue,
        call_id,
        end_s - start_s AS hold_s,
        -- A timezone is off by whole quarters of an hour: each is asked for once, not each hold.
        (epoch_us(started_at) + (start_s * 1e6)::BIGINT) // 900_000_000 AS quarter
    FROM moments
    WHERE kind = 'hold' AND standard = config_standard()
), known AS (
    SELECT quarter, hour(to_timestamp(quarter * 900)
        AT TIME ZONE (SELECT timezone FROM about)) AS hour
    FROM (SELECT DISTINCT quarter FROM begun)
)
SELECT
    queue,
    hour,  -- 0..23
    count(*) AS holds,  -- Holds
    count(DISTINCT call_id) AS calls,  -- Calls with one
    sum(hold_s) AS hold_total_s,  -- Their lengths together
    median(hold_s) AS hold_median_s,  -- Median length
    quantile_cont(hold_s, 0.9) AS hold_p90_s,  -- Nine of ten were shorter
    max(hold_s) AS hold_longest_s  -- The longest
FROM begun
LEFT JOIN known USING (quarter)
GROUP BY ALL
ORDER BY queue, hour NULLS LAST
