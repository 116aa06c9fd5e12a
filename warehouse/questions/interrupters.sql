-- Question: Which agents cut callers off most? A minute of the caller's talk, over calls where overlap
-- can be measured; an agent of a few calls may be there by chance.
-- Parameters: queue, from, to, limit = 20
SELECT
    agent_id AS agent,
    count(agent_interruptions) AS calls,
    sum(agent_interruptions)::BIGINT AS cut_in,
    sum(caller_talk_s) / 60 AS caller_talk_min,
    cut_in / nullif(caller_talk_min, 0) AS cut_in_per_min,
    count(*) FILTER (agent_interruptions > 0) / count(*) AS calls_with_share,
    sum(agent_backchannels)::BIGINT AS listening_signals
FROM kpis
WHERE agent_interruptions IS NOT NULL
    AND ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
GROUP BY agent_id
ORDER BY cut_in_per_min DESC NULLS LAST, agent
LIMIT $limit
