"""The engine's own configuration: roles with grants, small pools, everything below one directory."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

# What the engine enforces whatever SQL gets through: no grant reaches files, network, processes or other users.
SETTEN_ROLE, BI_ROLE, STARTUP_ROLE = "setten_role", "bi_role", "startup_role"
_GRANTS = {
    SETTEN_ROLE: (
        "GRANT SELECT, INSERT, ALTER, OPTIMIZE, TRUNCATE, SHOW, CHECK, CREATE DATABASE, CREATE TABLE, CREATE VIEW,"
        " CREATE TEMPORARY TABLE, DROP DATABASE, DROP TABLE, DROP VIEW, UNDROP TABLE,"
        " SYSTEM MERGES, SYSTEM TTL MERGES, SYSTEM SYNC REPLICA, SYSTEM DROP CACHE, SYSTEM FLUSH ON *.*",
    ),
    # And what it may read, see _bi_grants.
    BI_ROLE: (
        # For the external data of one request; taken away by readonly before the client's SQL runs.
        "GRANT CREATE TEMPORARY TABLE ON *.*",
    ),
    # Only while the process starts: to replace the database of host files that chDB opens as `default`.
    STARTUP_ROLE: ("GRANT CREATE DATABASE, DROP DATABASE, SHOW DATABASES, DROP TABLE ON default.*",),
}
_MIB = 1 << 20
_SERVER = {
    "max_server_memory_usage_to_ram_ratio": 0.5,
    "max_concurrent_queries": 100,
    "mark_cache_size": 128 * _MIB,
    "primary_index_cache_size": 128 * _MIB,
    "index_mark_cache_size": 32 * _MIB,
    "uncompressed_cache_size": 0,
    "query_condition_cache_size": 16 * _MIB,
    "compiled_expression_cache_size": 16 * _MIB,
    "background_pool_size": 2,
    "background_common_pool_size": 2,
    "background_schedule_pool_size": 2,
    "background_move_pool_size": 1,
    "background_fetches_pool_size": 1,
    "max_thread_pool_size": 500,
    "max_io_thread_pool_size": 16,
}
_PROFILE = {
    # An answered insert is stored: asynchronous inserts are acknowledged from memory.
    "async_insert": 0,
    "max_execution_time": 0,
}


def write_config(directory: Path, readable: Sequence[str]) -> Path:
    """Write config.xml and users.xml below `directory`, readable by the owner only; answer the path of the first.

    readable: the databases that `bi` may read.
    """
    etc = directory / "etc"
    for name in ("etc", "tmp", "user_files"):
        (directory / name).mkdir(mode=0o700, exist_ok=True)
    users = etc / "users.xml"
    _write(users, _users_xml(_GRANTS | {BI_ROLE: _GRANTS[BI_ROLE] + _bi_grants(readable)}))
    config = etc / "config.xml"
    _write(config, _config_xml(directory, users))
    return config


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _config_xml(directory: Path, users: Path) -> str:
    files = {
        "users_config": users,
        "user_files_path": f"{directory / 'user_files'}/",
        "tmp_path": f"{directory / 'tmp'}/",
    }
    lines = [f"<{name}>{escape(str(value))}</{name}>" for name, value in (_SERVER | files).items()]
    directories = f"<user_directories><users_xml><path>{escape(str(users))}</path></users_xml></user_directories>"
    return "<clickhouse>\n" + "\n".join([*lines, directories]) + "\n</clickhouse>\n"


def _bi_grants(readable: Sequence[str]) -> tuple[str, ...]:
    grants: list[str] = []
    for database in readable:
        grants.append(f"GRANT SELECT, SHOW TABLES, SHOW COLUMNS, SHOW DATABASES ON {database}.*")
        # Who has the key of the hashes can try addresses on them.
        grants.append(f"REVOKE SELECT ON {database}.erasure_key")
    return tuple(grants)


def _users_xml(grants: Mapping[str, tuple[str, ...]]) -> str:
    profile = "".join(f"<{name}>{value}</{name}>" for name, value in _PROFILE.items())
    roles = "".join(f"<{role}>{_grants(statements)}</{role}>" for role, statements in grants.items())
    own = _grants(tuple(f"GRANT {role}" for role in grants))
    return (
        f"<clickhouse><profiles><default>{profile}</default></profiles><quotas><default/></quotas>"
        f"<roles>{roles}</roles><users><default><password></password><networks><ip>::/0</ip></networks>"
        f"<profile>default</profile><quota>default</quota>{own}</default></users></clickhouse>\n"
    )


def _grants(statements: tuple[str, ...]) -> str:
    return "<grants>" + "".join(f"<query>{escape(statement)}</query>" for statement in statements) + "</grants>"
