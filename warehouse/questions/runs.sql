-- Question: What did the last runs come to?
-- Parameters: limit = 20
SELECT
    started_at,
    command,
    calls_in,
    calls_published AS published,
    calls_skipped AS skipped,
    calls_rejected AS rejected,
    audio_s / 60 AS audio_min,
    date_diff('millisecond', started_at, finished_at) / 1000 AS took_s,
    audio_s / nullif(took_s, 0) AS times_real_time,
    peak_rss_mb
FROM runs
ORDER BY started_at DESC, run_id
LIMIT $limit
