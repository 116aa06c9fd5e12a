-- How often was a customer passed on in one contact? One row a contact_id (of the manifest), over all
-- of its legs; `transfers` is NULL where the phone system says nothing of them. After the third
-- transfer patience is gone (document 003): `too_many` is more than two.
CREATE VIEW contact_transfers AS
SELECT
    contact_id,  -- The contact, as the phone system names it
    call_date,  -- Date of its first leg
    legs,  -- Its calls
    [leg.call_id FOR leg IN list_sort(ordered)] AS calls,  -- Their ids
    nullif(list_sort(list_distinct([leg.agent_id FOR leg IN ordered])), [])
        AS agents,  -- Who answered them
    -- A transfer that two legs tell of, the one left and the one begun, is one.
    CASE WHEN told IS NOT NULL THEN greatest(told, legs - 1) END AS transfers,  -- NULL = not known
    transfers > 2 AS too_many  -- More than two
FROM (
    SELECT
        contact_id,
        min(call_date) AS call_date,
        count(*) AS legs,
        max(transfer_count) AS told,
        -- Sorted where it is asked for: an ordered list of each of a million contacts takes seconds.
        list({'started_at': started_at, 'call_id': call_id, 'agent_id': agent_id}) AS ordered
    FROM call_facts
    WHERE contact_id IS NOT NULL AND standard = config_standard()
    GROUP BY contact_id
)
