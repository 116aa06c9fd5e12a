-- Question: What should each agent practise? The rules that are broken most for sure, with the 95 %
-- interval of the share, and calls to listen to.
-- Parameters: agent, limit = 5
SELECT
    agent_id AS agent,
    rank,
    rule_id AS rule,
    failed,
    decided,
    fail_share,
    fail_lo AS at_least_share,
    fail_hi AS at_most_share,
    list_transform(examples, lambda one: one.call_id || CASE WHEN one.start_s IS NULL THEN ''
        ELSE format(' at {:.0f} s', one.start_s) END) AS examples
FROM coaching_agents
WHERE rank <= $limit AND ($agent::VARCHAR IS NULL OR agent_id = $agent)
ORDER BY agent, rank
