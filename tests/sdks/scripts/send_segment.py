"""A session of a site's server, told with segment-analytics-python. In the environment: COLLECTOR and WRITE_KEY."""

import os
import sys

from calls import tell
from segment.analytics.client import Client

failed: list[str] = []
client = Client(
    os.environ["WRITE_KEY"],
    host=os.environ["COLLECTOR"],
    gzip=True,
    on_error=lambda error, items: failed.append(f"{len(items)} calls: {error}"),
)
tell(client)
client.flush()
client.shutdown()
sys.exit("\n".join(failed) or 0)
