-- A call has no row of kpis for the standard that the views show
SELECT call_id FROM calls ANTI JOIN kpis USING (call_id)
