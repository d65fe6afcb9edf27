-- The partitions of a roll-up, each with the signature that is stored in it.
-- grain: partition. parameter: rollup, the table.
SELECT _partition_id AS partition_id, max(signature) AS signature FROM {rollup:Identifier} GROUP BY partition_id
