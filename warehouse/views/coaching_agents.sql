-- What should each agent practise? One row an agent and rule of weight that the agent has broken, over
-- all days. `fail_lo`, `fail_hi` are the 95 % Wilson interval of the share of decided calls that break
-- it; `rank` orders an agent's rules by the lower end, so that one bad call out of two goes before no
-- habit. `examples` are the three newest such calls, with the second to listen to.
CREATE VIEW coaching_agents AS
WITH counted AS (
    SELECT
        agent_id,
        rule_id,
        any_value(stage) AS stage,
        sum(weighed)::BIGINT AS decided,
        sum(weighed_failed)::BIGINT AS failed,
        sum(weighed_unknown)::BIGINT AS unknown,
        sum(weighed_failed) / nullif(sum(weighed), 0) AS fail_share,
        [{'call_id': e.call_id, 'start_s': e.start_s, 'why': e.why}
         FOR e IN list_reverse_sort(flatten(list(examples) FILTER (examples IS NOT NULL)))[:3]]
            AS examples
    FROM rule_month
    WHERE stage <> 'kpi' AND standard = config_standard()
    GROUP BY agent_id, rule_id
    HAVING sum(weighed_failed) > 0
), wilson AS (
    SELECT *,
        -- 3.8415 = 1.96 squared
        (fail_share + 3.8415 / (2 * decided)) / (1 + 3.8415 / decided) AS middle,
        1.96 * sqrt(fail_share * (1 - fail_share) / decided + 3.8415 / (4 * decided ** 2))
            / (1 + 3.8415 / decided) AS half
    FROM counted
)
SELECT
    agent_id,
    row_number() OVER (PARTITION BY agent_id ORDER BY middle - half DESC, failed DESC, rule_id)
        AS rank,  -- 1 = the rule broken most for sure
    rule_id,
    stage,
    failed,  -- Calls that break it
    decided,  -- Calls in which it could be decided
    unknown,  -- Calls in which it could not
    fail_share,  -- failed / decided
    greatest(0, middle - half) AS fail_lo,  -- Lower end of its 95 % interval
    least(1, middle + half) AS fail_hi,  -- Upper end
    examples  -- The newest calls: call_id, start_s, why
FROM wilson
ORDER BY agent_id, rank
