"""The SDKs as they are installed, each a program that tells a story to a collector and ends when all is delivered."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from tests.stack import ROOT

FOLDER = Path(__file__).parent
PYTHON = ROOT / ".venv-sdks" / "bin" / "python"
NODE_MODULES = FOLDER / "node" / "node_modules"
PATIENCE_S = 120


class Sdk(NamedTuple):
    """name: also of the source that it writes for. command: what tells a story from standard input."""

    name: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()

    def begin(self, collector: str, key: str, story: Any) -> "Session":
        """Start telling. collector: its address. key: of the source."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SETTEN_")}
        process = subprocess.Popen(
            self.command,
            env=kept | {"COLLECTOR": collector, "WRITE_KEY": key} | dict(self.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.write(json.dumps(story))
        process.stdin.close()
        process.stdin = None
        return Session(self, process)

    def tell(self, collector: str, key: str, story: Any) -> str:
        """Tell all of a story; answers what was printed."""
        return self.begin(collector, key, story).end()


class Session(NamedTuple):
    """A story that is being told."""

    sdk: Sdk
    process: subprocess.Popen[str]

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> str:
        """Wait until all is delivered; answers what was printed. Fails the test where the SDK gave up."""
        try:
            printed, complaints = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            _, complaints = self.process.communicate()
            raise AssertionError(f"{self.sdk.name} has not ended in {PATIENCE_S} s: {complaints[-2000:]}") from None
        assert self.process.returncode == 0, f"{self.sdk.name}: {complaints[-2000:]}"
        return printed


def _python(script: str) -> tuple[str, str]:
    return str(PYTHON), str(FOLDER / "scripts" / script)


SEGMENT_PYTHON = Sdk("segment-python", _python("send_segment.py"))
SEGMENT_NODE = Sdk("segment-node", ("node", str(FOLDER / "node" / "send_segment.mjs")))
RUDDER_PYTHON = Sdk("rudder-python", _python("send_rudder.py"))
SNOWPLOW_POST = Sdk("snowplow-post", _python("send_snowplow.py"), (("METHOD", "post"),))
SNOWPLOW_GET = Sdk("snowplow-get", _python("send_snowplow.py"), (("METHOD", "get"),))
CLOUDEVENTS = Sdk("cloudevents", _python("send_cloudevents.py"))

# Of Segment's and RudderStack's all speak the same API, and tell the same story.
SEGMENTS = (SEGMENT_PYTHON, SEGMENT_NODE, RUDDER_PYTHON)
SNOWPLOWS = (SNOWPLOW_POST, SNOWPLOW_GET)
SEGMENT_BROWSER = Sdk("segment-browser", _python("browse.py"))
