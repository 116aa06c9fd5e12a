-- At which hour of the day are callers parked, and for how long? One row a queue and hour in which a
-- hold began, in the timezone that call_date is in; `hour` is NULL where the time is not known.
CREATE VIEW hold_by_hour AS
WITH begun AS (
    SELECT * FROM hold_quarters WHERE standard = config_standard()
), known AS (
    -- Each quarter is asked for once, not each hold.
    SELECT quarter, hour(to_timestamp(quarter * 900)
        AT TIME ZONE (SELECT timezone FROM about)) AS hour
    FROM (SELECT quarter FROM begun UNION SELECT quarter - since FROM begun WHERE since > 0)
)
SELECT
    b.queue,
    k.hour,  -- 0..23
    sum(b.holds)::BIGINT AS holds,  -- Holds
    -- A call counts in an hour at the first hold that it has there.
    coalesce(sum(b.holds) FILTER (b.since IS NULL OR p.hour <> k.hour), 0)::BIGINT
        AS calls,  -- Calls with one
    sum(b.hold_total_s) AS hold_total_s,  -- Their lengths together
    list_aggregate(flatten(list(b.lengths_s)), 'median') AS hold_median_s,  -- Median length
    list_aggregate(flatten(list(b.lengths_s)), 'quantile_cont', 0.9)
        AS hold_p90_s,  -- Nine of ten were shorter
    max(b.hold_longest_s) AS hold_longest_s  -- The longest
FROM begun b
LEFT JOIN known k ON k.quarter = b.quarter
LEFT JOIN known p ON p.quarter = b.quarter - b.since
GROUP BY ALL
ORDER BY b.queue, k.hour NULLS LAST
