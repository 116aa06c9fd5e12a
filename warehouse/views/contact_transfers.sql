-- How often was a customer passed on in one contact? One row a contact_id (of the manifest), over all
-- of its legs; `transfers` is NULL where the phone system says nothing of them. After the third
-- transfer patience is gone (document 003): `too_many` is more than two.
CREATE VIEW contact_transfers AS
SELECT
    json_extract_string(c.manifest, '$.contact_id')
        AS contact_id,  -- The contact, as the phone system names it
    min(c.call_date) AS call_date,  -- Date of its first leg
    count(*) AS legs,  -- Its calls
    list(c.call_id ORDER BY c.started_at, c.call_id) AS calls,  -- Their ids
    list(DISTINCT c.agent_id) FILTER (c.agent_id IS NOT NULL) AS agents,  -- Who answered them
    -- A transfer that two legs tell of, the one left and the one begun, is one.
    CASE WHEN count(k.transfer_count) = 0 THEN NULL
        ELSE greatest(max(k.transfer_count), count(*) - 1) END AS transfers,  -- NULL = not known
    transfers > 2 AS too_many  -- More than two
FROM calls c
LEFT JOIN kpis k USING (call_id)
WHERE json_extract_string(c.manifest, '$.contact_id') IS NOT NULL
GROUP BY ALL
