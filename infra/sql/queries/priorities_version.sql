-- What the recorded ranking of a day knew; 0 where none is recorded.
-- grain: one row. parameters: model String, as_of Date.
SELECT max(version) AS version FROM priorities WHERE model = {model:String} AND as_of = {as_of:Date}
