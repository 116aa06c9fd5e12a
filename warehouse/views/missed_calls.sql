-- How many calls that rang were answered? One row a call_date, queue and hour (UTC) of inbound calls.
-- It needs recordings or manifest rows of calls that nobody answered: a set of recordings that holds
-- answered calls alone shows none missed, which proves nothing. `known` are calls of which it can be
-- told: they rang or were answered.
CREATE VIEW missed_calls AS
SELECT
    call_date,
    queue,
    hour(started_at AT TIME ZONE 'UTC') AS hour,
    count(*) AS offered,
    count(*) FILTER (ring_source IS NOT NULL OR agent_talk_s > 0) AS known,
    count(*) FILTER (agent_talk_s > 0) AS answered,
    count(*) FILTER (ring_source IS NOT NULL AND coalesce(agent_talk_s, 0) = 0) AS missed,
    answered / nullif(answered + missed, 0) AS answered_share
FROM call_facts
WHERE direction = 'inbound' AND standard = config_standard()
GROUP BY ALL
