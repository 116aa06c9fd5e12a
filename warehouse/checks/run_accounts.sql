-- A run in which calls in = published + skipped + rejected does not hold
SELECT run_id, calls_in, calls_published, calls_skipped, calls_rejected FROM runs
WHERE calls_in <> calls_published + calls_skipped + calls_rejected
