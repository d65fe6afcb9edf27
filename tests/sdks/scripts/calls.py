"""Calls of a story as the arguments of Python SDKs that speak Segment's API."""

import json
import sys
from datetime import datetime
from typing import Any

_NAMES = {"userId": "user_id", "anonymousId": "anonymous_id", "groupId": "group_id", "previousId": "previous_id"}


def tell(client: Any) -> None:
    """Make the calls that stand on standard input, in their order."""
    for call in json.load(sys.stdin):
        method = getattr(client, call.pop("type"))
        arguments = {_NAMES.get(name, name): value for name, value in call.items()}
        if "timestamp" in arguments:
            arguments["timestamp"] = datetime.fromisoformat(arguments["timestamp"])
        method(**arguments)
