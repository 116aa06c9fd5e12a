-- Was a promised call back made in time? One row a call in which the agent promised to call back.
-- `kept`: an outbound call to the same caller_id within 24 hours of the call's end; NULL until these
-- hours are over in the data, or where the caller, the time or outbound calls are not known.
CREATE VIEW callbacks AS
WITH promised AS (
    SELECT
        c.call_id,
        c.call_date,
        c.agent_id,
        c.queue,
        c.caller_id,
        c.started_at + to_microseconds((c.duration_s * 1e6)::BIGINT) AS ended_at,
        e.promised_s,
        e.promise
    FROM calls c
    JOIN (
        SELECT call_id, min(start_s) AS promised_s, arg_min(evidence, start_s) AS promise
        FROM moments
        WHERE kind = 'phrase' AND label = 'callback_commitment' AND speaker = 'agent'
            AND standard = config_standard()
        GROUP BY call_id
    ) e USING (call_id)
), outbound AS (
    SELECT caller_id, started_at FROM calls
    WHERE direction = 'outbound' AND caller_id IS NOT NULL AND started_at IS NOT NULL
), known AS (
    SELECT max(started_at) AS until, count(*) FILTER (direction = 'outbound') > 0 AS has_outbound
    FROM calls
), next_call AS (
    SELECT p.call_id, min(o.started_at) AS called_back_at
    FROM promised p
    JOIN outbound o ON o.caller_id = p.caller_id AND o.started_at > p.ended_at
    GROUP BY p.call_id
)
SELECT
    p.call_id,
    p.call_date,
    p.agent_id,
    p.queue,
    p.caller_id,
    p.ended_at,  -- When the call ended
    p.promised_s,  -- When the promise was made
    p.promise,  -- Its words
    n.called_back_at,  -- The next outbound call to the caller
    date_diff('second', p.ended_at, n.called_back_at) / 3600 AS after_h,  -- Hours from the end of the call
    CASE
        WHEN n.called_back_at <= p.ended_at + INTERVAL 24 HOUR THEN true
        WHEN k.has_outbound AND p.caller_id IS NOT NULL
            AND k.until > p.ended_at + INTERVAL 24 HOUR THEN false
    END AS kept  -- NULL = not known, or not yet
FROM promised p
CROSS JOIN known k
LEFT JOIN next_call n USING (call_id)
