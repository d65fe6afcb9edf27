"""The ClickHouse HTTP interface over chDB: one process, one data directory, loopback only.

Clients (the pipeline, the CLI, BI tools) connect exactly as to a real server. `python -m infra.embedded.clickhouse`.
"""
