-- Findings of a call are of another rule_version than its row of kpis
SELECT DISTINCT f.call_id, f.standard, f.rule_version, k.rule_version AS kpis_version
FROM findings f JOIN kpis_all k USING (call_id, standard)
WHERE f.rule_version <> k.rule_version
