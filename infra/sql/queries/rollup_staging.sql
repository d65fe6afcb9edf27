-- Tables in which partitions of roll-ups are computed, or were when something broke off.
-- grain: table. parameter: prefix, what their names begin with.
SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {prefix:String})
