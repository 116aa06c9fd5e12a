-- How often was a customer passed on in one contact? One row a contact_id (of the manifest), over all
-- of its legs; `transfers` is NULL where the phone system says nothing of them. After the third
-- transfer patience is gone (document 003): `too_many` is more than two.
CREATE VIEW contact_transfers AS
WITH counted AS (
    SELECT
        contact_id,
        min(call_date) AS call_date,
        count(*) AS legs,
        -- A transfer that two legs tell of, the one left and the one begun, is one.
        CASE WHEN max(transfer_count) IS NOT NULL
            THEN greatest(max(transfer_count), count(*) - 1) END AS transfers
    FROM call_facts
    WHERE contact_id IS NOT NULL AND standard = config_standard()
    GROUP BY contact_id
), listed AS (
    -- After the count, so that a question about few of a million contacts lists the legs of these.
    SELECT
        c.contact_id, c.call_date, c.legs, c.transfers,
        -- Sorted where it is asked for: an ordered list of each of a million contacts takes seconds.
        list({'started_at': k.started_at, 'call_id': k.call_id, 'agent_id': k.agent_id}) AS ordered
    FROM counted c
    JOIN call_facts k USING (contact_id)
    WHERE k.standard = config_standard()
    GROUP BY c.contact_id, c.call_date, c.legs, c.transfers
)
SELECT
    contact_id,  -- The contact, as the phone system names it
    call_date,  -- Date of its first leg
    legs,  -- Its calls
    [leg.call_id FOR leg IN list_sort(ordered)] AS calls,  -- Their ids
    nullif(list_sort(list_distinct([leg.agent_id FOR leg IN ordered])), [])
        AS agents,  -- Who answered them
    transfers,  -- NULL = not known
    transfers > 2 AS too_many  -- More than two
FROM listed
