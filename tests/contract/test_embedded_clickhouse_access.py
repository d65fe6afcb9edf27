"""What the two users of the embedded ClickHouse may do, by the engine's grants and by the checks in front of it."""

import stat
from collections.abc import Iterator

import pytest

from infra.embedded.clickhouse import policy
from tests.contract.embedded_clickhouse import PASSWORDS, Server

SECRET = "the-hosts-secret"
DENIED = (497, 164)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("clickhouse")).start()
    (running.directory / "secret.csv").write_text(f"{SECRET}\n")
    for sql in (
        "CREATE DATABASE setten",
        "CREATE DATABASE bi",
        "CREATE DATABASE other",
        "CREATE TABLE setten.t (a Int32, s String) ENGINE = MergeTree ORDER BY a",
        "INSERT INTO setten.t VALUES (1, 'x'), (2, 'y')",
        "CREATE VIEW bi.v AS SELECT a, s FROM setten.t",
        "CREATE TABLE other.t (a Int32) ENGINE = MergeTree ORDER BY a",
        "CREATE TABLE setten.erasure_key (key String) ENGINE = MergeTree ORDER BY key",
    ):
        assert running.http(sql).status == 200, sql
    yield running
    assert running.stop() == 0


# Each reads {file} of the host, in a way the engine would allow somewhere.
READS = (
    "SELECT file('{file}')",
    "SELECT FILE('{file}')",
    "SELECT \"file\"('{file}')",
    "SELECT `fil\\x65`('{file}')",
    "SELECT \"f\\x69le\"('{file}')",
    "SELECT file/**/('{file}')",
    "SELECT file -- (\n ('{file}')",
    "SELECT /* ' */ file('{file}') /* ' */",
    "SELECT 'a\\'b', file('{file}') -- '",
    "SELECT $$'$$, file('{file}'), $$'$$",
    "SELECT $x$ ' $x$, file('{file}')",
    "SELECT ‘x’, file('{file}')",
    "SELECT arrayMap(file, ['{file}'])",
    "SELECT arrayMap(x -> file(x), ['{file}'])",
    "SELECT * APPLY file FROM (SELECT '{file}')",
    "SELECT * APPLY(x -> file(x)) FROM (SELECT '{file}')",
    "SELECT COLUMNS('.') APPLY(file) FROM (SELECT '{file}' AS c)",
    "SELECT * REPLACE (file(c) AS c) FROM (SELECT '{file}' AS c)",
    "WITH file('{file}') AS f SELECT f",
    "WITH (SELECT file('{file}')) AS f SELECT f",
    "WITH x -> file(x) AS f SELECT f('{file}')",
    "SELECT 1 WHERE file('{file}') != ''",
    "SELECT throwIf(1, file('{file}'))",
    "SELECT count() OVER (PARTITION BY file('{file}'))",
    "SELECT 1 ORDER BY file('{file}')",
    "SELECT (SELECT file('{file}'))",
    "EXPLAIN SYNTAX SELECT file('{file}')",
    "DESCRIBE (SELECT file('{file}'))",
    "SELECT * FROM file('{file}', LineAsString)",
    "SELECT * FROM file('{file}')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM `{file}`",
    'SELECT * FROM "{file}"',
    "SELECT * FROM default.`{file}`",
    "DESCRIBE TABLE file('{file}')",
    "SELECT * FROM fileCluster('default', '{file}')",
    "SELECT * FROM filesystem('/')",
    "SELECT * FROM sqlite('{file}', 't')",
    "SELECT * FROM executable('cat {file}', LineAsString, 's String')",
    "SELECT * FROM eval('SELECT file(\\'{file}\\')')",
    "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT file('{file}')))",
    "SELECT * FROM view(SELECT file('{file}'))",
    "SELECT * FROM icebergLocal('{file}')",
    "SELECT * FROM deltaLakeLocal('{file}')",
    "SELECT * FROM paimonLocal('{file}')",
    "SELECT catboostEvaluate('{file}', 1)",
    "SELECT * FROM format(Template, 'x') SETTINGS format_template_row = '{file}'",
    "SELECT * FROM url('file://{file}', LineAsString)",
    "INSERT INTO setten.t SELECT 1, file('{file}')",
    "INSERT INTO setten.t FROM INFILE '{file}' FORMAT CSV",
    "CREATE TABLE setten.f (s String) ENGINE = File(LineAsString, '{file}')",
    "CREATE TABLE setten.f AS file('{file}', LineAsString)",
    "CREATE TEMPORARY TABLE f (s String) ENGINE = File(LineAsString, '{file}')",
    "CREATE TABLE setten.f (a Int8, s String DEFAULT file('{file}')) ENGINE = Memory",
    "CREATE VIEW setten.f AS SELECT file('{file}')",
    "CREATE FUNCTION f AS x -> file(x)",
    "CREATE DATABASE f ENGINE = Filesystem('/')",
    "CREATE DATABASE f ENGINE = SQLite('{file}')",
    "CREATE DATABASE f ENGINE = Backup('d', File('{file}'))",
    "CREATE DICTIONARY setten.f (s String) PRIMARY KEY s SOURCE(FILE(PATH '{file}' FORMAT 'TSV'))"
    " LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(1)",
    "CREATE DICTIONARY setten.f (s String) PRIMARY KEY s SOURCE(EXECUTABLE(COMMAND 'cat' FORMAT 'TSV'))"
    " LAYOUT(COMPLEX_KEY_HASHED()) LIFETIME(1)",
    "ATTACH TABLE setten.f FROM '{file}' (s String) ENGINE = MergeTree ORDER BY s",
    "BACKUP DATABASE setten TO File('{file}.backup')",
    "SELECT 1 INTO OUTFILE '{file}.out'",
    "SELECT 1 INTO OUTFILE '{file}.out' TRUNCATE FORMAT CSV",
    "INSERT INTO FUNCTION file('{file}.out', CSV, 'a Int8') VALUES (1)",
    "SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '{file}.out'",
    "SELECT 1 AS a FORMAT Protobuf SETTINGS `output_format_schema` = '{file}.out'",
    "SELECT * FROM (SELECT 1 AS a SETTINGS output_format_schema = '{file}.out') FORMAT Protobuf",
    "SET output_format_schema = '{file}.out'",
    "INSERT INTO setten.t SETTINGS input_format_record_errors_file_path = '{file}.out',"
    " input_format_allow_errors_num = 9 FORMAT CSV\nx,y\n",
    "SET dialect = 'prql'",
    "CREATE USER eve",
    "GRANT ALL ON *.* TO default",
    "SET ROLE ALL EXCEPT x; SELECT file('{file}')",
)
# Each leaves the process: the network, Python, other programs.
CALLS = (
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    "SELECT * FROM URL('http://127.0.0.1:1/', LineAsString)",
    "SELECT * FROM s3('http://127.0.0.1:1/b/x', CSV, 'a Int8')",
    "SELECT * FROM gcs('http://127.0.0.1:1/b/x', CSV, 'a Int8')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:1/x', CSV, 'a Int8')",
    "SELECT * FROM azureBlobStorage('http://127.0.0.1:1/x', 'c', 'p')",
    "SELECT * FROM deltaLake('http://127.0.0.1:1/b/x')",
    "SELECT * FROM iceberg('http://127.0.0.1:1/b/x')",
    "SELECT * FROM hudi('http://127.0.0.1:1/b/x')",
    "SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
    "SELECT * FROM mongodb('127.0.0.1:1', 'd', 'c', 'u', 'p', 'a Int8')",
    "SELECT * FROM redis('127.0.0.1:1', 'k', 'k String')",
    "SELECT * FROM odbc('DSN=x', 'd', 't')",
    "SELECT * FROM jdbc('x', 'd', 't')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM remoteSecure('127.0.0.1:1', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM clusterAllReplicas('default', system.one)",
    "SELECT * FROM ytsaurus('http://127.0.0.1:1', '//t', 'a Int8')",
    "SELECT * FROM bigquery('p', 'd', 't')",
    "SELECT * FROM Python(users)",
    "SELECT * FROM python(self)",
    'SELECT * FROM "Python"(users)',
    "SELECT * FROM Python/**/(given)",
    "CREATE TABLE setten.f (a Int8) ENGINE = Python(users)",
    "CREATE TABLE setten.f (a Int8) ENGINE = URL('http://127.0.0.1:1/', CSV)",
    "CREATE TABLE setten.f (a Int8) ENGINE = S3('http://127.0.0.1:1/b/x', CSV)",
    "CREATE TABLE setten.f (a String) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')",
    "SELECT aiGenerate('x', 'y')",
    "SYSTEM SHUTDOWN",
    "SYSTEM KILL",
)
# Each changes something, looks at others, or gets out of the role; nothing a reader may do.
READER = (
    "INSERT INTO setten.t VALUES (3, 'z')",
    'INSERT INTO setten.t FORMAT JSONEachRow {"a": 1}',
    "INSERT INTO bi.v SELECT 1, 'x'",
    "ALTER TABLE setten.t DELETE WHERE 1",
    "DELETE FROM setten.t WHERE 1",
    "DROP TABLE setten.t",
    "TRUNCATE TABLE setten.t",
    "OPTIMIZE TABLE setten.t FINAL",
    "CREATE TABLE bi.x (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE x (a Int8)",
    "CREATE VIEW bi.x AS SELECT 1",
    "RENAME TABLE setten.t TO setten.u",
    "SET readonly = 0",
    "SET ROLE setten_role",
    "SET ROLE ALL",
    "SET ROLE DEFAULT",
    "SET max_threads = 1",
    "USE setten",
    "EXECUTE AS default SELECT 1",
    "KILL QUERY WHERE 1",
    "KILL MUTATION WHERE 1",
    "SYSTEM FLUSH LOGS",
    "SYSTEM STOP MERGES",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT * FROM (SELECT 1 SETTINGS max_threads = 1)",
    "SELECT * FROM (SELECT * FROM setten.t SETTINGS readonly = 0)",
    "WITH x AS (SELECT 1 SETTINGS readonly = 0) SELECT * FROM x",
    "SELECT * FROM setten.erasure_key",
    "SELECT key FROM merge('setten', 'erasure_key')",
    "SELECT * FROM mergeTreeIndex(setten, erasure_key)",
    "SELECT * FROM other.t",
    "SELECT * FROM merge('other', '.*')",
    "SELECT * FROM `other`.`t`",
    "SELECT (SELECT count() FROM other.t)",
    "SELECT 1 WHERE 1 IN (SELECT a FROM other.t)",
    "SELECT 1 WHERE 1 IN other.t",
    "DESCRIBE other.t",
    "SHOW CREATE TABLE other.t",
    "SELECT * FROM mergeTreeIndex(other, t)",
    "SELECT * FROM system.processes",
    "SELECT * FROM `system`.`processes`",
    'SELECT * FROM "sys\\x74em".processes',
    "SELECT * FROM system /* . */ . /* x */ processes",
    "SELECT 1 WHERE 1 IN system.processes",
    "SELECT * FROM merge('system', 'process.*')",
    "SELECT * FROM merge(REGEXP('system'), 'process.*')",
    "SELECT * FROM loop(system.processes)",
    "SELECT * FROM loop('system', 'processes')",
    "SELECT * FROM view(SELECT * FROM system.processes)",
    "WITH p AS (SELECT * FROM system.processes) SELECT * FROM p",
    "DESCRIBE system.processes",
    "SHOW PROCESSLIST",
    "SHOW FULL PROCESSLIST",
    "SELECT * FROM system.query_log",
    "SELECT * FROM system.session_query_ids",
    "SELECT * FROM system.user_query_log",
    "SELECT * FROM system.server_settings",
    "SELECT * FROM system.disks",
    "SELECT * FROM system.stack_trace",
    "SELECT * FROM system.named_collections",
    "SELECT * FROM system.user_processes",
    "SELECT * FROM system.users",
    "SELECT * FROM system.grants",
    "SELECT dictGet('other.d', 'a', 1)",
    "SELECT joinGet('other.j', 'a', 1)",
    "SELECT getServerSetting('max_concurrent_queries')",
    "SHOW ACCESS",
    "SHOW USERS",
    "SHOW CREATE USER default",
    "CHECK TABLE setten.t",
    "BACKUP TABLE setten.t TO Disk('d', 'x')",
    "EXPLAIN INSERT INTO setten.t VALUES (1, 'x')",
    "SELECT 1; INSERT INTO setten.t VALUES (1, 'x')",
)


def refused(server: Server, user: str, sql: str, **parameters: str) -> None:
    before = sorted(path.name for path in server.directory.iterdir())
    reply = server.http(sql, user=user, **parameters)
    assert reply.status != 200, reply.body[:300]
    assert SECRET.encode() not in reply.body
    assert reply.code, reply.body
    assert sorted(path.name for path in server.directory.iterdir()) == before


@pytest.mark.parametrize("sql", READS)
@pytest.mark.parametrize("user", ["bi", "setten"])
def test_no_user_reaches_the_hosts_files(server: Server, user: str, sql: str) -> None:
    refused(server, user, sql.replace("{file}", str(server.directory / "secret.csv")))


@pytest.mark.parametrize("sql", CALLS)
@pytest.mark.parametrize("user", ["bi", "setten"])
def test_no_user_leaves_the_process(server: Server, user: str, sql: str) -> None:
    refused(server, user, sql)
    assert server.http(sql, user=user).code in (*DENIED, 62)


@pytest.mark.parametrize("sql", READER)
def test_bi_only_reads_what_is_its_to_read(server: Server, sql: str) -> None:
    refused(server, "bi", sql)
    # 36 and 80: there is no such dictionary, and no EXPLAIN of an INSERT, for anyone.
    assert server.http(sql, user="bi").code in (*DENIED, 62, 60, 36, 80)
    assert server.http("SELECT groupArray(a) FROM setten.t").body == b"[1,2]\n"


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT {f:Identifier}('/etc/hostname')", {"param_f": "file"}),
        ("SELECT * FROM {d:Identifier}.processes", {"param_d": "system"}),
        ("SELECT * FROM system.{t:Identifier}", {"param_t": "processes"}),
        ("SELECT * FROM {t:Identifier}", {"param_t": "system.processes"}),
        ("SELECT * FROM {d:Identifier}.{t:Identifier}", {"param_d": "other", "param_t": "t"}),
        ("SELECT * APPLY {f:Identifier} FROM (SELECT '/etc/hostname')", {"param_f": "file"}),
        ("SELECT * FROM processes", {"database": "system"}),
        ("SELECT * FROM t", {"database": "other"}),
        ("SELECT 1", {"readonly": "0", "role": "setten_role"}),
        ("SELECT 1", {"format_schema": "/etc/passwd:x"}),
        ("SELECT 1", {"dialect": "prql"}),
        ("SELECT 1", {"allow_introspection_functions": "1", "query_plan_enable_optimizations": "0"}),
        ("SELECT 1", {"insert_allow_materialized_columns": "1"}),
        ("SELECT 1", {"format_template_row": "/etc/passwd", "default_format": "Template"}),
    ],
)
def test_bi_gains_nothing_by_parameters(server: Server, sql: str, parameters: dict[str, str]) -> None:
    refused(server, "bi", sql, **parameters)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, count() AS n FROM setten.t GROUP BY a WITH TOTALS ORDER BY a LIMIT 10",
        "SELECT * FROM setten.t AS l JOIN bi.v AS r ON l.a = r.a",
        "SELECT a, row_number() OVER (PARTITION BY s ORDER BY a) FROM setten.t",
        "WITH x AS (SELECT a FROM setten.t), y AS (SELECT max(a) AS m FROM x) SELECT * FROM x CROSS JOIN y",
        "SELECT a FROM setten.t UNION ALL SELECT number FROM numbers(2)",
        "(SELECT 1) UNION DISTINCT (SELECT 2)",
        "SELECT arrayMap(x -> x + 1, [1]), 'it''s', toStartOfWeek(today()), format('{}', 'file(')",
        "SELECT /* file('x') */ 'file(1) INTO OUTFILE' AS `a b` -- system.processes",
        "SELECT t.s FROM setten.t AS t WHERE s ILIKE '%x%'",
        "SELECT a FROM setten.t FORMAT JSON",
        "SHOW TABLES FROM setten",
        "SHOW DATABASES",
        "SHOW CREATE TABLE setten.t",
        "SHOW COLUMNS FROM setten.t",
        "SHOW SETTINGS LIKE 'max_threads'",
        "DESCRIBE TABLE bi.v",
        "DESC (SELECT 1 AS a)",
        "EXISTS TABLE setten.t",
        "EXPLAIN SELECT * FROM setten.t",
        "EXPLAIN PIPELINE SELECT * FROM setten.t",
        "SELECT name, value, readonly FROM system.settings LIMIT 3",
        "SELECT name, engine FROM system.databases",
        "SELECT database, name, engine, total_rows FROM system.tables WHERE database = 'setten'",
        "SELECT name, type, is_in_primary_key FROM system.columns WHERE table = 't'",
        "SELECT name FROM system.functions LIMIT 1",
        "SELECT name FROM system.data_type_families LIMIT 1",
        "SELECT * FROM system.one",
        "SELECT * FROM system.build_options LIMIT 1",
        "SELECT * FROM INFORMATION_SCHEMA.TABLES WHERE table_schema = 'setten'",
        "SELECT column_name FROM information_schema.columns LIMIT 1",
        "SELECT version(), timezone(), currentUser(), currentDatabase(), hostName()",
        "SELECT 1;",
    ],
)
def test_bi_runs_the_selects_of_bi_tools(server: Server, sql: str) -> None:
    reply = server.http(sql, user="bi")
    assert reply.status == 200, reply.body
    assert reply.body


def test_bi_has_the_settings_and_the_database_of_a_request(server: Server) -> None:
    reply = server.http(
        "SELECT count() FROM t FORMAT JSON", user="bi", database="setten", output_format_json_quote_64bit_integers="1"
    )
    assert b'"count()": "2"' in reply.body
    assert (
        server.http("SELECT count() FROM v", user="bi", database="bi", async_insert="0", max_threads="1").body == b"2\n"
    )


def test_what_bi_sees_of_other_databases_is_nothing(server: Server) -> None:
    assert b"other" not in server.http("SELECT name FROM system.databases", user="bi").body
    assert server.http("SELECT count() FROM system.tables WHERE database = 'other'", user="bi").body == b"0\n"


@pytest.mark.parametrize("user", ["bi", "setten"])
@pytest.mark.parametrize(
    "setting",
    [
        "output_format_schema",
        "format_schema",
        "format_template_row",
        "input_format_record_errors_file_path",
        "url_base",
    ],
)
def test_no_setting_of_the_url_names_a_file(server: Server, user: str, setting: str) -> None:
    path = str(server.directory / "named.by.url")
    refused(server, user, "SELECT 1 AS a", default_format="Protobuf", **{setting: path})


def test_a_setting_that_names_a_file_is_in_the_denied_list_or_known_to_be_harmless(server: Server) -> None:
    """A newer engine may bring one more: this is where it is noticed."""
    named = server.http(
        "SELECT name FROM system.settings WHERE type = 'String' AND"
        " match(name, 'file|path|schema|dialect|template|url') AND alias_for = '' FORMAT TSV"
    )
    names = set(named.body.decode().split())
    harmless = {
        "column_names_for_schema_inference",  # names of columns
        "filesystem_cache_name",  # of caches, and there are none
        "distributed_cache_file_cache_name",
        "s3queue_default_zookeeper_path",  # of a table engine that has no grant
        "temporary_files_codec",  # one of a few words
        "remote_filesystem_read_method",
        "local_filesystem_read_method",
        "trace_profile_events_list",
        "schema_inference_hints",  # names and types of columns
        "schema_inference_make_columns_nullable",
        "format_template_row_format",  # the template itself
        "format_template_resultset_format",
        "format_template_rows_between_delimiter",
    }
    assert names - policy.DENIED_SETTINGS <= harmless


def test_a_get_does_not_write(server: Server) -> None:
    assert server.http(method="GET", query="SELECT 1").body == b"1\n"
    reply = server.http(method="GET", query="CREATE TABLE setten.g (a Int8) ENGINE = Memory")
    assert (reply.status, reply.code) == (500, 164)


def test_credentials_come_in_three_ways_and_wrong_ones_are_refused(server: Server) -> None:

    anonymous = {"X-ClickHouse-User": "", "X-ClickHouse-Key": ""}
    assert server.curl("{url}/?query=SELECT+1").stdout == b"1\n"
    assert server.http("SELECT 1").body == b"1\n"
    for user, password in (("setten", "wrong"), ("nobody", PASSWORDS["setten"]), ("", ""), ("bi", PASSWORDS["setten"])):
        reply = server.http("SELECT 1", headers={"X-ClickHouse-User": user, "X-ClickHouse-Key": password})
        assert (reply.status, reply.code) == (403, 516)
        assert b"Code: 516. DB::Exception" in reply.body
    assert server.http("SELECT 1", headers=anonymous).code == 516


def test_everything_on_disk_is_for_its_owner_only(server: Server) -> None:
    data = server.directory / "data"
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert [path.name for path in data.iterdir() if path.stat().st_mode & 0o077] == []
