-- Question: Which recordings could not be processed, and what mends them? The newest first.
-- Parameters: limit = 50
SELECT
    failed_at,
    row,
    call_id,
    source_uri,
    step,
    message,
    way_out
FROM rejects
ORDER BY failed_at DESC NULLS LAST, row, reject_key
LIMIT $limit
