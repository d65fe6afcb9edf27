-- What is noted of since when stages are computed: see infra/scores.py.
-- grain: note. parameters: name String.
SELECT value FROM store_facts FINAL WHERE name = {name:String}
