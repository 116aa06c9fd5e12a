-- Question: At which hour of the day are callers parked, and for how long?
-- Parameters: queue
SELECT
    queue,
    hour,
    holds,
    calls,
    hold_median_s,
    hold_p90_s,
    hold_longest_s
FROM hold_by_hour
WHERE ($queue::VARCHAR IS NULL OR queue = $queue)
ORDER BY queue, hour NULLS LAST
