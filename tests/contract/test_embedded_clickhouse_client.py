"""clickhouse-connect, sync and async, works against the embedded ClickHouse as against a real server."""

import asyncio
import datetime as dt
import gzip
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import clickhouse_connect
import lz4.frame
import pyarrow as pa
import pytest
import zstandard
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from tests.contract.embedded_clickhouse import PASSWORDS, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("clickhouse")).start()
    running.http("CREATE DATABASE setten")
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with server.client(database="setten") as connected:
        yield connected


def make(client: Client, name: str, columns: str = "a Int64, s String") -> None:
    client.command(f"CREATE OR REPLACE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY tuple()")


def test_rows_come_back_with_their_types(client: Client) -> None:
    result = client.query("SELECT 1 AS a, '接点' AS s, toDate('2026-04-01') AS d, [1, NULL] AS l, (1, 'x') AS t")
    assert result.column_names == ("a", "s", "d", "l", "t")
    assert result.result_rows == [(1, "接点", dt.date(2026, 4, 1), [1, None], (1, "x"))]
    assert int(result.summary["read_rows"]) == 1


def test_inserted_python_rows_are_counted_and_visible(client: Client) -> None:
    make(client, "rows")
    summary = client.insert("rows", [[1, "a'b"], [2, "タブ\t\\"]], column_names=["a", "s"])
    assert summary.written_rows == 2
    assert client.query("SELECT * FROM rows ORDER BY a").result_rows == [(1, "a'b"), (2, "タブ\t\\")]


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_every_compression_of_the_client_works_both_ways(server: Server, compress: bool | str) -> None:
    with server.client(database="setten", compress=compress) as client:
        make(client, "packed")
        rows = [[number, f"row {number}"] for number in range(50_000)]
        assert client.insert("packed", rows, column_names=["a", "s"]).written_rows == 50_000
        assert client.query("SELECT count(), sum(a), uniqExact(s) FROM packed").result_rows == [
            (50_000, sum(range(50_000)), 50_000)
        ]
        assert len(client.query("SELECT * FROM packed").result_rows) == 50_000


def test_arrow_goes_in_and_comes_out(client: Client) -> None:
    make(client, "arrow", "a Int64, s String, t DateTime64(3, 'Asia/Tokyo')")
    now = dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
    table = pa.table({"a": pa.array(range(200_000), pa.int64()), "s": ["x"] * 200_000, "t": [now] * 200_000})
    assert client.insert_arrow("arrow", table).written_rows == 200_000
    back = client.query_arrow("SELECT a, s FROM arrow ORDER BY a", use_strings=True)
    assert back.to_pydict() == table.select(["a", "s"]).to_pydict()
    assert client.query_arrow("SELECT a FROM arrow WHERE a < 0").num_rows == 0
    with client.query_arrow_stream("SELECT a FROM arrow") as batches:
        assert sum(batch.num_rows for batch in batches) == 200_000


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [(None, bytes), ("gzip", gzip.compress), ("zstd", zstandard.compress), ("lz4", lz4.frame.compress)],
)
def test_raw_inserts_of_csv_with_each_content_encoding(client: Client, encoding: str | None, pack: object) -> None:
    make(client, "csv")
    text = "".join(f"{number},row {number}\n" for number in range(30_000)).encode()
    summary = client.raw_insert("csv", ["a", "s"], pack(text), fmt="CSV", compression=encoding)  # type: ignore[operator]
    assert summary.written_rows == 30_000
    assert client.command("SELECT sum(a) FROM csv") == sum(range(30_000))


def test_external_data_is_a_table_of_that_query_only(client: Client) -> None:
    make(client, "keyed")
    client.insert("keyed", [[1, "a"], [2, "b"], [3, "c"]], column_names=["a", "s"])
    keys = pa.table({"a": [1, 3], "why": ["古い", "b'"]})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, keys.schema) as writer:
        writer.write_table(keys)
    external = ExternalData(
        file_name="dirty", fmt="Arrow", structure="a Int64, why String", data=sink.getvalue().to_pybytes()
    )
    external.add_file(file_name="typed.tsv", fmt="TSV", types="Int64,Array(Tuple(Int8,String))", data=b"3\t[(1,'x')]\n")
    for _ in range(2):
        result = client.query("SELECT s, why FROM keyed JOIN dirty USING a ORDER BY a", external_data=external)
        assert result.result_rows == [("a", "古い"), ("c", "b'")]
    assert client.query("SELECT * FROM typed", external_data=external).result_rows == [(3, [(1, "x")])]
    arrow = client.query_arrow(
        "SELECT count() AS n FROM keyed WHERE a IN (SELECT a FROM dirty)", external_data=external
    )
    assert arrow["n"].to_pylist() == [2]
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        client.query("SELECT * FROM dirty")


def test_bi_can_send_external_data_but_no_statement_in_its_columns(server: Server) -> None:
    with server.client("bi") as bi:
        good = ExternalData(file_name="k", fmt="TSV", structure="a Int64", data=b"7\n")
        assert bi.query("SELECT a FROM k", external_data=good).result_rows == [(7,)]
        for columns in (
            "a Int64) AS SELECT 1 --",
            "a String DEFAULT file('/etc/passwd')",
            "a Int64) ENGINE = File(CSV, '/x') --",
            "a String EPHEMERAL, b String MATERIALIZED \"file\"('/etc/passwd')",
        ):
            with pytest.raises(DatabaseError):
                bi.query(
                    "SELECT * FROM k",
                    external_data=ExternalData(file_name="k", fmt="TSV", structure=columns, data=b"7\n"),
                )


def test_parameters_are_bound_by_the_server(server: Server) -> None:
    values = {
        "s": 'it\'s 「接点」\t\\ "x"\n',
        "l": ["a'b", "契約\\n", ""],
        "d": dt.date(2026, 4, 1),
        "n": None,
        "i": [1, 2],
        "t": "one",
    }
    sql = (
        "SELECT {s:String}, {l:Array(String)}, {d:Date}, {n:Nullable(String)}, {i:Array(UInt8)},"
        " (SELECT count() FROM system.{t:Identifier})"
    )
    for form in (False, True):
        with server.client(form_encode_query_params=form) as client:
            row = client.query(sql, parameters=values).result_rows[0]
            assert row == (values["s"], values["l"], values["d"], None, [1, 2], 1)


def test_settings_hold_for_one_request_of_a_session(client: Client) -> None:
    ask = "SELECT getSetting('max_block_size')"
    before = client.command(ask)
    assert client.command(ask, settings={"max_block_size": 1234}) == 1234
    assert client.command(ask) == before
    with pytest.raises(DatabaseError, match="115"):
        client.command("SELECT 1 SETTINGS no_such_setting = 1")


def test_a_session_keeps_temporary_tables_and_the_database(server: Server) -> None:
    with server.client(session_id="mine") as client:
        client.command("CREATE TEMPORARY TABLE mine (a Int32)")
        client.command("INSERT INTO mine VALUES (1), (2)")
        assert client.command("SELECT sum(a) FROM mine") == 3
        client.command("SET max_block_size = 77")
        assert client.command("SELECT getSetting('max_block_size')") == 77
        client.command("USE setten", use_database=False)
        assert client.command("SELECT currentDatabase()", use_database=False) == "setten"
    with server.client(session_id="other") as client, pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        client.query("SELECT * FROM mine")


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT * FROM nowhere", 60),
        ("SELECT * FROM no_db.x", 81),
        ("SELEC 1 FROM", 62),
        ("SELECT nope(1)", 46),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT throwIf(1, 'stop')", 395),
        ("INSERT INTO nowhere VALUES (1)", 60),
    ],
)
def test_errors_have_clickhouses_codes(client: Client, sql: str, code: int) -> None:
    with pytest.raises(DatabaseError) as refused:
        client.command(sql)
    assert refused.value.code == code


def test_an_error_in_mid_stream_reaches_the_client(client: Client) -> None:
    sql = "SELECT throwIf(number = 3000000, 'the tape broke') FROM numbers(5000000) SETTINGS max_block_size = 65536"
    with pytest.raises(StreamFailureError, match="the tape broke"), client.query_row_block_stream(sql) as stream:
        for _ in stream:
            pass


def test_threads_query_at_the_same_time(server: Server) -> None:
    def ask(number: int) -> int:
        with server.client(autogenerate_session_id=False) as client:
            return client.command(f"SELECT sum(number) + {number} FROM numbers(1000000)")

    with ThreadPoolExecutor(12) as threads:
        assert list(threads.map(ask, range(24))) == [499999500000 + number for number in range(24)]


def test_the_async_client_works(server: Server) -> None:
    async def talk() -> None:
        client = await clickhouse_connect.get_async_client(
            host="127.0.0.1", port=server.port, username="setten", password=PASSWORDS["setten"], database="setten"
        )
        await client.command("CREATE OR REPLACE TABLE later (a Int64) ENGINE = MergeTree ORDER BY a")
        assert (await client.insert("later", [[1], [2]], column_names=["a"])).written_rows == 2
        sums = await asyncio.gather(*(client.query(f"SELECT sum(a) + {n} FROM later") for n in range(8)))
        assert [result.result_rows[0][0] for result in sums] == [3 + n for n in range(8)]
        table = await client.query_arrow("SELECT a FROM later ORDER BY a")
        assert table["a"].to_pylist() == [1, 2]
        await client.close()

    asyncio.run(talk())


def test_replacing_tables_partitions_ttl_views_and_final(client: Client) -> None:
    client.command(
        "CREATE TABLE IF NOT EXISTS latest (k Int32, day Date, v UInt64, gone UInt8, note String)"
        " ENGINE = ReplacingMergeTree(v, gone) PARTITION BY toYYYYMM(day) ORDER BY (day, k) TTL day + INTERVAL 50 YEAR"
    )
    day = dt.date(2026, 4, 1)
    columns = ["k", "day", "v", "gone", "note"]
    client.insert("latest", [[1, day, 1, 0, "old"], [2, day, 1, 0, "kept"], [3, day, 1, 0, "x"]], column_names=columns)
    client.insert("latest", [[1, day, 2, 0, "new"], [3, day, 2, 1, ""]], column_names=columns)
    client.command("CREATE VIEW IF NOT EXISTS newest AS SELECT k, note FROM latest FINAL")
    assert client.query("SELECT * FROM newest ORDER BY k").result_rows == [(1, "new"), (2, "kept")]


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ("MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1", 252),
        ("MODIFY SETTING min_free_disk_bytes_to_perform_insert = 1000000000000000", 243),
        ("ADD CONSTRAINT small CHECK a < 5", 469),
    ],
)
def test_an_insert_that_the_table_refuses_is_an_error_and_stores_nothing(
    client: Client, refusal: str, code: int
) -> None:
    make(client, "full")
    client.insert("full", [[1, "a"]], column_names=["a", "s"])
    client.command(f"ALTER TABLE full {refusal}")
    with pytest.raises(DatabaseError, match=f"Code: {code}"):
        client.insert("full", [[7, "b"]], column_names=["a", "s"])
    with pytest.raises(DatabaseError, match=f"Code: {code}"):
        client.insert_arrow("full", pa.table({"a": pa.array([8], pa.int64()), "s": ["c"]}))
    assert client.command("SELECT count() FROM full") == 1
