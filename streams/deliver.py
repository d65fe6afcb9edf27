"""Deliver alert changes to a channel."""

import json
import logging

from infra.channels import DeliveryFailed, Webhook
from infra.telemetry import Outcome

log = logging.getLogger("setten.deliver")


async def deliver(value: bytes, webhook: Webhook) -> Outcome:
    """Send one alert change; a channel that keeps refusing is logged and does not hold up the others."""
    try:
        message = json.loads(value or b"")
        if not isinstance(message, dict):
            raise TypeError("not an object")
    except (ValueError, TypeError, RecursionError) as error:
        log.error("not an alert change (%s): %r", error, (value or b"")[:200])
        return "unreadable"
    try:
        await webhook.send(message)
    except DeliveryFailed as error:
        log.error("alert %s was not delivered: %s", message.get("alert_id"), error)
    except Exception:
        # Faust acknowledges the message whatever is raised here; what is raised would only stop the agent.
        log.exception("alert %s was not delivered", message.get("alert_id"))
    else:
        return "delivered"
    return "failed"
