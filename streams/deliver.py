"""Deliver alert changes to a channel."""

import json
import logging

from infra.channels import DeliveryFailed, Webhook

log = logging.getLogger("setten.deliver")


async def deliver(value: bytes, webhook: Webhook) -> None:
    """Send one alert change; a channel that keeps refusing is logged and does not hold up the others."""
    try:
        message = json.loads(value)
        await webhook.send(message)
    except ValueError as error:
        log.error("not an alert change (%s): %r", error, value[:200])
    except DeliveryFailed as error:
        log.error("alert %s was not delivered: %s", message.get("alert_id"), error)
