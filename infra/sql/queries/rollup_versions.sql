-- What tells that the rows of tables have changed. A merge leaves it as it is, an insert, a mutation, a partition that
-- goes and a replay's exchange of the table do not. Rows that a TTL has taken show by the first day.
-- grain: table x partition. parameter: tables Array(String). first_day, last_day: of tables partitioned by a day.
-- deletion: of these only what mutations and exchanges change, the highest mutation last, 0 where there was none.
WITH
    -- Of a part that no mutation has written, data_version is its first block: merges change that.
    max(if(part.data_version = part.min_block_number, 0, part.data_version)) AS mutation
SELECT
    part.table AS table,
    part.partition_id AS partition_id,
    concat(toString(any(named.uuid)), ' ', toString(max(part.max_block_number)), ' ',
        toString(mutation), ' ', toString(min(part.min_date))) AS version,
    concat(toString(any(named.uuid)), ' ', toString(mutation)) AS deletion,
    min(part.min_date) AS first_day,
    max(part.max_date) AS last_day
FROM system.parts AS part
INNER JOIN
(
    SELECT name, uuid FROM system.tables WHERE database = currentDatabase() AND name IN {tables:Array(String)}
) AS named ON named.name = part.table
WHERE part.database = currentDatabase() AND part.table IN {tables:Array(String)} AND part.active
GROUP BY table, partition_id
ORDER BY table, partition_id
