-- Question: Which callers waited longest for an answer? `at_least` marks recordings that start inside
-- the ringing.
-- Parameters: agent, queue, from, to, limit = 20
SELECT
    call_id,
    call_date,
    agent_id AS agent,
    queue,
    coalesce(ring_to_answer_s, ring_at_least_s) AS answered_after_s,
    ring_to_answer_s IS NULL AS at_least,
    ring_source AS source,
    answer_to_word_s,
    answer_to_offer_s,
    first_reply_s
FROM first_response
WHERE coalesce(ring_to_answer_s, ring_at_least_s) IS NOT NULL
    AND ($agent::VARCHAR IS NULL OR agent_id = $agent)
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
ORDER BY answered_after_s DESC, call_id
LIMIT $limit
