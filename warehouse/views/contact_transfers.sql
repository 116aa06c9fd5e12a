-- How often was a customer passed on in one contact? One row a contact_id (of the manifest), over all
-- of its legs; `transfers` is NULL where the phone system says nothing of them. After the third
-- transfer patience is gone (document 003): `too_many` is more than two.
CREATE VIEW contact_transfers AS
SELECT
    json_extract_string(c.manifest, '$.contact_id') AS contact_id,
    min(c.call_date) AS call_date,
    count(*) AS legs,
    list(c.call_id ORDER BY c.started_at, c.call_id) AS calls,
    list(DISTINCT c.agent_id) FILTER (c.agent_id IS NOT NULL) AS agents,
    -- A transfer that two legs tell of, the one left and the one begun, is one.
    CASE WHEN count(k.transfer_count) = 0 THEN NULL
        ELSE greatest(max(k.transfer_count), count(*) - 1) END AS transfers,
    transfers > 2 AS too_many
FROM calls c
LEFT JOIN kpis k USING (call_id)
WHERE json_extract_string(c.manifest, '$.contact_id') IS NOT NULL
GROUP BY ALL
