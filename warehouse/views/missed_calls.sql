-- How many calls that rang were answered? One row a call_date, queue and hour (UTC) of inbound calls.
-- It needs recordings or manifest rows of calls that nobody answered: a set of recordings that holds
-- answered calls alone shows none missed, which proves nothing. `known` are calls of which it can be
-- told: they rang or were answered.
CREATE VIEW missed_calls AS
SELECT
    call_date,
    queue,
    hour(started_at AT TIME ZONE 'UTC') AS hour,  -- 0..23, UTC
    count(*) AS offered,  -- Inbound calls
    count(*) FILTER (ring_source IS NOT NULL OR agent_talk_s > 0)
        AS known,  -- Calls of which it can be told
    count(*) FILTER (agent_talk_s > 0) AS answered,  -- Calls in which an agent spoke
    count(*) FILTER (ring_source IS NOT NULL AND coalesce(agent_talk_s, 0) = 0)
        AS missed,  -- Calls that rang only
    answered / nullif(answered + missed, 0) AS answered_share  -- answered / (answered + missed)
FROM call_facts
WHERE direction = 'inbound' AND standard = config_standard()
GROUP BY ALL
