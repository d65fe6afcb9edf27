"""The HTTP interface itself, by curl and plain requests: routes, formats, streaming, compression, sessions, errors."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import lz4.frame
import pyarrow as pa
import pytest
import zstandard

from infra.embedded.clickhouse.compression import decoder, encoder
from infra.embedded.clickhouse.formats import STREAMING
from tests.contract.embedded_clickhouse import Server, eventually

# 48 MB in blocks of 65,536 rows; a header repeated or a block lost would show in any of them.
MANY = 'SELECT number AS `n "1"`, toString(number) AS s, [number] AS l FROM numbers(200000)'
# About 900 MB, made in a few seconds.
HUGE = "SELECT number, repeat('x', 290) FROM numbers(3000000)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("clickhouse")).start()
    running.http("CREATE DATABASE setten")
    running.http("CREATE TABLE setten.t (a Int64, s String) ENGINE = MergeTree ORDER BY a")
    yield running
    assert running.stop() == 0


@pytest.fixture
def empty(server: Server) -> Server:
    assert server.http("TRUNCATE TABLE setten.t").status == 200
    return server


def test_ping_needs_no_password_and_other_paths_are_404(server: Server) -> None:
    address = f"http://127.0.0.1:{server.port}"
    assert server.http(method="GET").body == b"Ok.\n"
    assert server.curl("{url}/ping").stdout == b"Ok.\n"
    assert server.curl("-I", "{url}/ping").stdout.startswith(b"HTTP/1.1 200")
    assert b"404" in server.curl("-o", "/dev/null", "-w", "%{http_code}", f"{address}/play").stdout


def test_the_statement_comes_in_the_url_in_the_body_or_in_both(empty: Server) -> None:
    assert empty.http(method="GET", query="SELECT 1").body == b"1\n"
    assert empty.http("SELECT 1").body == b"1\n"
    assert empty.http("+ 1", query="SELECT 1").body == b"2\n"
    assert empty.http(b"5\tfive\n", query="INSERT INTO setten.t FORMAT TSV").status == 200
    assert empty.http(b"6,six\n", query="INSERT INTO setten.t FORMAT CSV\n4,four\n").status == 200
    assert empty.http("INSERT INTO setten.t (s, a) VALUES ('7', 7), ('(''FORMAT', 8)").status == 200
    assert empty.http("(9, 'nine')", query="INSERT INTO setten.t VALUES").status == 200
    assert empty.http('INSERT INTO setten.t FORMAT JSONEachRow {"a": 10, "s": "ten"}').status == 200
    assert empty.http("/* x */ INSERT -- FORMAT\n INTO `setten`.`t` SELECT 11, 'eleven'").status == 200
    assert empty.http("SELECT groupArray(a) FROM (SELECT a FROM setten.t ORDER BY a)").body == b"[4,5,6,7,8,9,10,11]\n"
    # chDB would answer this well and store nothing.
    silent = "INSERT INTO setten.t SELECT a, s FROM input('a Int64, s String') FORMAT CSV\n12,x\n"
    assert empty.http(silent).code == 497


def test_the_summary_counts_what_was_read_and_written(empty: Server) -> None:
    written = empty.http("INSERT INTO setten.t VALUES (1, 'a'), (2, 'b')", query_id="my-id")
    summary = json.loads(written.headers["X-ClickHouse-Summary"])
    assert (summary["written_rows"], int(summary["written_bytes"]) > 0) == ("2", True)
    assert written.headers["X-ClickHouse-Query-Id"] == "my-id"
    selected = empty.http("SELECT a FROM setten.t FORMAT JSON", default_format="CSV")
    assert json.loads(selected.headers["X-ClickHouse-Summary"])["read_rows"] == "2"
    assert selected.headers["X-ClickHouse-Format"] == "JSON"
    assert empty.http("SELECT 'a'", default_format="CSV").body == b'"a"\n'
    assert empty.http("SELECT 'a'", headers={"X-ClickHouse-Format": "CSV"}).body == b'"a"\n'
    assert empty.http("SELECT currentDatabase()", headers={"X-ClickHouse-Database": "setten"}).body == b"setten\n"


@pytest.mark.parametrize("name", sorted(STREAMING - {"RawBLOB", "LineAsString", "Null"}))
def test_a_streamed_document_is_the_document(server: Server, name: str) -> None:
    whole = server.http(f"SELECT * FROM ({MANY}) ORDER BY 1 SETTINGS max_block_size = 400000 FORMAT {name}")
    streamed = server.http(f"{MANY} SETTINGS max_threads = 1, max_block_size = 7000 FORMAT {name}")
    if name == "ArrowStream":
        tables = [pa.ipc.open_stream(reply.body).read_all() for reply in (whole, streamed)]
        assert tables[0].equals(tables[1])
        assert tables[0].num_rows == 200_000
    elif name == "Native":
        server.http(
            'CREATE OR REPLACE TABLE setten.n (`n "1"` UInt64, s String, l Array(UInt64)) ENGINE = MergeTree ORDER BY s'
        )
        assert server.http(streamed.body, query="INSERT INTO setten.n FORMAT Native").status == 200
        ask = 'SELECT count(), sum(`n "1"`), sum(toUInt64(s)), sum(l[1]) FROM setten.n'
        assert server.http(ask).body == b"200000\t19999900000\t19999900000\t19999900000\n"
    else:
        assert streamed.status == 200
        assert streamed.body == whole.body
    assert server.http(f"SELECT 1 AS a WHERE 0 FORMAT {name}").status == 200


@pytest.mark.parametrize("name", ["JSON", "JSONCompact", "Arrow", "Parquet", "XML", "Vertical", "Values"])
def test_other_formats_come_in_one_piece(server: Server, name: str) -> None:
    reply = server.http(f"{MANY} FORMAT {name}")
    assert reply.status == 200
    assert "Content-Length" in reply.headers
    if name == "JSON":
        assert json.loads(reply.body)["rows"] == 200_000
    if name == "Arrow":
        assert pa.ipc.open_file(reply.body).read_all().num_rows == 200_000


def test_a_piece_too_large_names_the_formats_that_stream(server: Server) -> None:
    reply = server.http(f"{HUGE} FORMAT JSONCompact")
    assert reply.code == 396
    assert b"JSONEachRow" in reply.body


def raw_query(server: Server, sql: str, **parameters: str) -> socket.socket:
    given = urlencode({"user": "setten", "password": "s3cret-'\"%", **parameters})
    connection = socket.create_connection(("127.0.0.1", server.port))
    body = sql.encode()
    connection.sendall(f"POST /?{given} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def test_the_first_rows_come_before_the_query_is_done(server: Server) -> None:
    sql = "SELECT number, sleepEachRow(0.001) FROM numbers(100000) SETTINGS max_block_size = 100, max_threads = 1"
    begun = time.monotonic()
    with raw_query(server, sql, function_sleep_max_microseconds_per_block="100000000") as connection:
        first = connection.recv(65536)
        assert first.startswith(b"HTTP/1.1 200")
        while b"\n99\t0\n" not in first:
            first += connection.recv(65536)
    assert time.monotonic() - begun < 5


def test_a_slow_reader_of_900_mb_does_not_fill_the_memory(tmp_path: Path) -> None:
    server = Server(tmp_path).start()  # one that other tests have not filled with what they left to be freed
    server.http("SELECT number, repeat('x', 290) FROM numbers(100000)")
    before = server.rss_mib()
    highest, received = before, 0
    with raw_query(server, HUGE, max_threads="1") as connection:
        while chunk := connection.recv(1 << 20):
            received += len(chunk)
            if received % 50 == 0:
                time.sleep(0.001)
            highest = max(highest, server.rss_mib())
            if chunk.endswith(b"0\r\n\r\n"):
                break
    assert server.stop() == 0
    assert received > 885_000_000
    # Some blocks of 20 MB are under way; a result that was collected would be three times the bound.
    assert highest - before < 300, f"{highest - before:.0f} MiB more"


def running(server: Server, needle: str) -> bool:
    reply = server.http(
        f"SELECT count() FROM system.processes WHERE query LIKE '%{needle}%' AND query NOT LIKE '%LIKE%'"
    )
    return reply.body != b"0\n"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(sipHash64(number)) AS kill_me FROM numbers(1000000000000)",
        "SELECT number AS kill_me FROM numbers(1000000000000)",
        "SELECT sum(sipHash64(number)) AS kill_me FROM numbers(1000000000000) FORMAT JSON",
    ],
)
def test_a_query_ends_when_its_client_leaves(server: Server, sql: str) -> None:
    with raw_query(server, sql):
        eventually(lambda: running(server, "kill_me"), "the query runs")
    eventually(lambda: not running(server, "kill_me"), "the query ended with its client")


def test_an_error_in_mid_stream_is_told_and_the_connection_cut(server: Server) -> None:
    sql = "SELECT throwIf(number = 3000000, 'broke') FROM numbers(5000000) SETTINGS max_block_size = 65536 FORMAT TSV"
    done = server.curl("{url}/", "--data-binary", sql, "-D", "-")
    assert done.returncode == 18, "curl sees an unfinished transfer"
    tag = next(
        line.split()[1] for line in done.stdout.split(b"\r\n") if line.lower().startswith(b"x-clickhouse-exception-tag")
    )
    assert b"\r\n__exception__\r\n" + tag + b"\r\nCode: 395. DB::Exception: broke" in done.stdout
    assert done.stdout.endswith(b" " + tag + b"\r\n__exception__\r\n")
    early = server.http(sql.replace("3000000", "1000000"), wait_end_of_query="1")
    assert (early.status, early.code) == (500, 395)


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELECT * FROM nope", 404, 60),
        ("SELECT", 400, 62),
        ("SELECT 1 FORMAT Nope", 404, 73),
        ("", 400, 62),
        ("SELECT sum(number) FROM numbers(100000000000) SETTINGS max_execution_time = 1", 408, 159),
        ("CREATE TABLE setten.x (a Nope) ENGINE = Memory", 404, 50),
        ("INSERT INTO setten.t FORMAT CSV\nx,y,z\n", 400, 27),
    ],
)
def test_errors_have_clickhouses_status_code_and_text(server: Server, sql: str, status: int, code: int) -> None:
    reply = server.http(sql)
    assert (reply.status, reply.code) == (status, code), reply.body
    assert reply.body.startswith(f"Code: {code}. DB::Exception: ".encode())
    assert reply.body.endswith(b"(version 26.9.2.1)\n")
    assert reply.body.count(b"DB::Exception") == 1


def test_unknown_parameters_are_unknown_settings(server: Server) -> None:
    assert (server.http("SELECT 1", nope="1").status, server.http("SELECT 1", nope="1").code) == (404, 115)
    assert server.http("SELECT 1", max_threads="x").status == 400
    assert (
        server.http("SELECT 1", http_headers_progress_interval_ms="5", send_progress_in_http_headers="1").body == b"1\n"
    )
    assert server.http("SELECT getSetting('max_threads')", max_threads="3").body == b"3\n"
    assert server.http("SELECT {a:Array(String)}", param_a=r"['it\\\'s', '接点']").status == 200


@pytest.mark.parametrize(
    ("encoding", "unpack"),
    [
        ("gzip", gzip.decompress),
        ("lz4", lz4.frame.decompress),
        ("zstd", lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    ],
)
def test_answers_are_compressed_when_asked(server: Server, encoding: str, unpack: object) -> None:
    plain = server.http(MANY).body
    reply = server.http(MANY, headers={"Accept-Encoding": encoding}, enable_http_compression="1")
    assert reply.headers["Content-Encoding"] == encoding
    assert len(reply.body) < len(plain) * 0.7
    assert unpack(reply.body) == plain  # type: ignore[operator]
    assert "Content-Encoding" not in server.http(MANY, headers={"Accept-Encoding": encoding}).headers


def test_native_compression_works_both_ways(empty: Server) -> None:
    pack, unpack = encoder("native"), decoder("", native=True)
    assert pack is not None
    assert unpack is not None
    body = pack.encode(b"".join(b"%d\trow\n" % number for number in range(300_000)))
    assert empty.http(body, query="INSERT INTO setten.t FORMAT TSV", decompress="1").status == 200
    assert empty.http("SELECT count() FROM setten.t").body == b"300000\n"
    reply = empty.http("SELECT a FROM setten.t ORDER BY a", compress="1")
    assert unpack.decode(reply.body) == b"".join(b"%d\n" % number for number in range(300_000))
    broken = bytearray(body)
    broken[40] ^= 1
    assert empty.http(bytes(broken), query="INSERT INTO setten.t FORMAT TSV", decompress="1").code == 40


def test_a_broken_or_unknown_compression_is_refused(empty: Server) -> None:
    ask = {"query": "INSERT INTO setten.t FORMAT TSV"}
    assert empty.http(b"not gzip", headers={"Content-Encoding": "gzip"}, **ask).code == 271
    assert empty.http(b"x", headers={"Content-Encoding": "snappy"}, **ask).code == 89
    cut = gzip.compress(b"1\tx\n" * 1000)[:-20]
    assert empty.http(cut, headers={"Content-Encoding": "gzip"}, **ask).code == 117


def test_a_chunked_insert_is_streamed(empty: Server) -> None:
    rows = b"".join(b"%d\t%s\n" % (number, b"x" * 100) for number in range(200_000))
    before = empty.rss_mib()
    done = empty.curl("{url}/?query=INSERT+INTO+setten.t+FORMAT+TSV", "-T", "-", "-X", "POST", stdin=rows * 5)
    assert done.stdout == b"", done.stdout
    assert empty.http("SELECT count() FROM setten.t").body == b"1000000\n"
    assert empty.rss_mib() - before < 400


def test_an_interrupted_insert_leaves_its_unfinished_block_out(empty: Server) -> None:
    connection = socket.create_connection(("127.0.0.1", empty.port))
    given = urlencode({"user": "setten", "password": "s3cret-'\"%", "query": "INSERT INTO setten.t FORMAT TSV"})
    connection.sendall(f"POST /?{given} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n1\tx\n".encode())
    connection.close()
    assert empty.http("INSERT INTO setten.t VALUES (2, 'after')").status == 200
    assert empty.http("SELECT groupArray(a) FROM setten.t").body == b"[2]\n"


def test_a_long_statement_is_refused_and_long_data_is_not(empty: Server) -> None:
    assert empty.http("SELECT '" + "x" * 2_000_000 + "'").code == 229
    assert empty.http("INSERT INTO setten.t VALUES (1, '" + "x" * 2_000_000 + "')").status == 200
    assert empty.http("SELECT length(s) FROM setten.t").body == b"2000000\n"


def test_sessions_are_locked_kept_and_timed_out(server: Server) -> None:
    assert server.http("CREATE TEMPORARY TABLE mine (a Int8)", session_id="s1", session_timeout="1").status == 200
    assert server.http("SELECT count() FROM mine", session_id="s1", session_timeout="1").body == b"0\n"
    slow = threading.Thread(
        target=server.http, args=("SELECT sleep(1.5), 'slow'",), kwargs={"session_id": "s1", "session_timeout": "1"}
    )
    slow.start()
    eventually(lambda: running(server, "slow"), "the slow query runs")
    assert server.http("SELECT 1", session_id="s1").code == 373
    slow.join()
    # Asking would keep the session alive, so time passes in another query.
    server.http("SELECT sleep(1.3)")
    assert server.http("SELECT 1", session_id="s1", session_check="1").code == 372
    assert server.http("SELECT 1", session_id="s2", session_timeout="999999").code == 374


def test_multipart_fields_bring_the_query_its_parameters_and_tables(server: Server) -> None:
    done = server.curl(
        "{url}/?k_format=CSV&k_structure=a+Int8,b+String",
        "-F",
        "query=SELECT b, {x:String} FROM k ORDER BY a",
        "-F",
        "param_x=イ\\tロ",
        "-F",
        "k=@-;filename=k.csv",
        stdin=b'2,"two"\n1,"one"\n',
    )
    assert done.stdout.decode() == "one\tイ\\tロ\ntwo\tイ\\tロ\n"


def test_an_insert_may_carry_its_settings(empty: Server) -> None:
    for clause in (
        "SETTINGS input_format_allow_errors_num = 1",
        "settings input_format_allow_errors_num=1, log_comment='a b'",
    ):
        done = empty.http(f"INSERT INTO setten.t (a) {clause} FORMAT CSV\n1\nno number\n5\n")
        assert done.status == 200, done.body
    assert empty.http("SELECT count() FROM setten.t").body == b"4\n"


def test_the_error_of_an_insert_tells_of_the_rows_and_of_no_file(empty: Server) -> None:
    refused = empty.http("INSERT INTO setten.t (a) FORMAT CSV\n1\nno number\n")
    assert refused.code in (27, 117)
    assert b"no number" in refused.body
    assert b"spool" not in refused.body
    assert b"/" not in refused.body
