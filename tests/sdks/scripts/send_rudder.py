"""A session of a site's server, told with rudder-sdk-python. In the environment: COLLECTOR and WRITE_KEY."""

import os
import sys

from calls import tell
from rudderstack.analytics.client import Client

failed: list[str] = []
client = Client(
    os.environ["WRITE_KEY"],
    host=os.environ["COLLECTOR"],
    on_error=lambda error, items: failed.append(f"{len(items)} calls: {error}"),
)
tell(client)
client.flush()
client.join()
sys.exit("\n".join(failed) or 0)
