"""`setten up --detach`: start the supervisor in a session of its own and wait for its word that all is ready."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from jobs.data_dir import DataDir, UpError
from jobs.supervisor import Event

REPORT_FD = "--report-fd"


def start_detached(
    command: Sequence[str], *, env: Mapping[str, str], folder: DataDir, report: Callable[[Event], None]
) -> None:
    """Run the command as a supervisor that outlives us; return when it reports `up`.

    command: takes `--report-fd N` and writes to N what `reporter` writes. report: told its events meanwhile.
    Raises UpError with the supervisor's own words when it fails. A Ctrl-C meanwhile stops it again.
    """
    folder.create()
    reader, writer = os.pipe()
    log = os.open(folder.supervisor_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with open(log, "ab") as out:
        supervisor = subprocess.Popen(  # noqa: S603
            [*command, REPORT_FD, str(writer)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=folder.run,
            start_new_session=True,
            pass_fds=(writer,),
        )
    os.close(writer)
    try:
        with open(reader, encoding="utf-8") as lines:
            for line in lines:
                event = Event(**json.loads(line))
                if event.kind == "up":
                    supervisor.returncode = 0  # it is no longer ours to wait for
                    return
                if event.kind == "failed":
                    supervisor.wait()
                    raise UpError(event.text)
                report(event)
    except KeyboardInterrupt:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
        raise UpError("interrupted: what had been started is stopped again") from None
    raise UpError(f"the supervisor ended with {supervisor.wait()} before all was ready: see {folder.supervisor_log}")


def reporter(number: int) -> Callable[[Event], None]:
    """The other end: write events to the descriptor until all is up or has failed, or nobody reads any more."""
    pipe = open(number, "w", encoding="utf-8", buffering=1)  # noqa: SIM115  # closed by the last event

    def report(event: Event) -> None:
        if not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(json.dumps(asdict(event)) + "\n")
            if event.kind in ("up", "failed"):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()

    return report
