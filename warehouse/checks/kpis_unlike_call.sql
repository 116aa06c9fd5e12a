-- Agent, queue or hang-up side of a row of kpis are not those of its call
SELECT k.call_id, k.standard, k.agent_id, c.agent_id AS call_agent_id, k.queue,
    c.queue AS call_queue, k.hung_up_by, c.hung_up_by AS call_hung_up_by
FROM kpis_all k JOIN calls c USING (call_id)
WHERE k.agent_id IS DISTINCT FROM c.agent_id OR k.queue IS DISTINCT FROM c.queue
    OR k.hung_up_by IS DISTINCT FROM c.hung_up_by
