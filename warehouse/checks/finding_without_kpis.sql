-- Findings of a standard by which the call has no row of kpis
SELECT DISTINCT call_id, standard FROM findings ANTI JOIN kpis_all USING (call_id, standard)
