"""Start the embedded ClickHouse: `python -m infra.embedded.clickhouse --data-dir DIR --port PORT --users FILE`."""

import argparse
import os
import re
import socket
import sys
import tempfile
from pathlib import Path

from infra.embedded.clickhouse.access import UsersFileUnusable, read_users
from infra.embedded.clickhouse.engine import DataDirectoryUnusable, Engine
from infra.embedded.clickhouse.server import serve


def main() -> int:
    """Serve until SIGTERM or SIGINT. Answers the exit code; a failure to start is one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m infra.embedded.clickhouse", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="where everything is stored; made when missing")
    parser.add_argument("--port", type=int, default=8123, help="port on 127.0.0.1; 0 takes a free one and prints it")
    parser.add_argument("--users", type=Path, required=True, help="TOML of the passwords of setten and bi, mode 0600")
    parser.add_argument("--bi-reads", type=_database, nargs="+", default=["bi"], help="databases that bi may read")
    given = parser.parse_args()
    os.umask(0o077)
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        users = read_users(given.users)
        listener.bind(("127.0.0.1", given.port))
        # Bound alone, two processes could share the port until one listens.
        listener.listen(512)
        engine = Engine(given.data_dir, given.bi_reads)
    except (UsersFileUnusable, DataDirectoryUnusable) as error:
        return _failed(str(error))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return _failed(f"cannot listen on 127.0.0.1:{given.port}: {reason}: give another --port")
    tempfile.tempdir = str(given.data_dir.resolve() / "tmp")
    return serve(engine, users, listener)


def _database(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        raise argparse.ArgumentTypeError(f"{name!r} is not a database: give a name of a-z, 0-9 and _")
    return name


def _failed(reason: str) -> int:
    listing = " ".join(reason.split())
    sys.stderr.write(f"embedded clickhouse: {listing}\n")
    return 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the engine outlive their work; everything is flushed and closed by now.
    os._exit(code)
