"""POST /webhooks/{source}: what a provider posts, once its signature over the very bytes is good.

Each kind has its check in models/signatures and its adapter in models/sources. Two providers want an answer before
they begin: Zoom a signed token, Amazon SNS that an address of its own is called.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from infra.webhook_sources import Hook
from models.signatures import Refusal, basic, hubspot, mailgun, sendgrid, sns, zoom
from models.sources import webhook_json
from streams.collect.answers import Refused
from streams.collect.desk import Desk, origin
from streams.collect.hooks import Hooks
from streams.collect.sns import Unreachable, may_confirm

log = logging.getLogger("setten.collector")

MAX_WEBHOOK_BYTES = 4 << 20
_KEYED = {"sendgrid": sendgrid.check, "mailgun": mailgun.check, "postmark": basic.check, "zoom": zoom.check}


async def take(request: Request, desk: Desk, hooks: Hooks) -> Response:
    """Answer 200 once the broker has the body, or the provider's question is answered."""
    name = request.path_params["source"]
    hook = hooks.find(name)
    if hook is None:
        raise Refused(404, "unknown_source", "no such source: name it in the file that SETTEN_WEBHOOKS_FILE names")
    async with desk.body(request, MAX_WEBHOOK_BYTES, packed=False) as body:
        refusal = await _refusal(request, body, hook, hooks)
        if refusal is not None:
            desk.metrics.signatures.labels(refusal).inc()
            raise Refused(401, f"signature_{refusal}", "the signature is not good: docs/sources/webhook-signatures.md")
        answer = await _handshake(body, hook, hooks)
        if answer is None:
            await desk.forward(hook.source.topic, body, origin(request, hook.name, hook.source.kind))
            answer = JSONResponse({"success": True})
        return answer


async def _refusal(request: Request, body: bytes, hook: Hook, hooks: Hooks) -> Refusal | None:
    """Why the request is not the provider's, None where it is: where one of the source's secrets opens."""
    now = datetime.now(UTC)
    headers = _Headers(request.headers.items())
    kind = hook.source.kind
    if kind == "ses":
        return await _refusal_of_sns(body, hook, hooks, now)
    check: Callable[[str], Refusal | None]
    if kind == "hubspot":
        called = hubspot.Called("POST", hook.source.url or "")
        check = lambda secret: hubspot.check(body, headers, secret, now, called)  # noqa: E731
    else:
        check = lambda secret: _KEYED[kind](body, headers, secret, now)  # noqa: E731
    refusals = [check(secret) for secret in hook.secrets]
    if None not in refusals:
        # A clock that is wrong says more than another secret that does not fit.
        return next((one for one in refusals if one is not Refusal.WRONG), Refusal.WRONG)
    if kind == "mailgun" and not hooks.mailgun_signatures.allows(_mailgun_signature(body), body, time.monotonic()):
        return Refusal.WRONG
    return None


async def _refusal_of_sns(body: bytes, hook: Hook, hooks: Hooks, now: datetime) -> Refusal | None:
    told, topic = _object(body), hook.source.topic_arn or ""
    # Before anything is fetched: anybody may name an address, only we name the topic.
    if told.get("TopicArn") != topic:
        return Refusal.WRONG
    url = told.get("SigningCertURL")
    if not isinstance(url, str) or not sns.may_fetch(url):
        return Refusal.MALFORMED
    try:
        certificate = await hooks.amazon.certificate(url)
    except Unreachable as error:
        log.error("source %s: SNS's certificate: %s", hook.name, error)
        raise Refused(
            503, "certificate_unavailable", "SNS's certificate cannot be fetched: send it again", 60
        ) from error
    return sns.check(body, {}, certificate, now, topic)


async def _handshake(body: bytes, hook: Hook, hooks: Hooks) -> Response | None:
    """The answer to a provider's question, None where the body is an event. Only of what is signed well."""
    if hook.source.kind == "zoom":
        # Of several secrets the first is the newest; Zoom asks anew when the secret changes.
        answer = zoom.url_validation_answer(body, hook.secrets[0])
        return None if answer is None else JSONResponse(answer)
    if hook.source.kind != "ses":
        return None
    told = _object(body)
    if told.get("Type") == "UnsubscribeConfirmation":
        log.warning("source %s: SNS has ended the subscription of its topic", hook.name)
        return JSONResponse({"success": True})
    if told.get("Type") != "SubscriptionConfirmation":
        return None
    url = told.get("SubscribeURL")
    if not isinstance(url, str) or not may_confirm(url, hook.source.topic_arn or ""):
        raise Refused(400, "bad_subscribe_url", "SubscribeURL: not an address of SNS that confirms a subscription")
    try:
        await hooks.amazon.confirm(url)
    except Unreachable as error:
        log.error("source %s: SNS's subscription: %s", hook.name, error)
        raise Refused(503, "not_confirmed", "the subscription cannot be confirmed: send it again", 60) from error
    log.info("source %s: SNS's subscription is confirmed", hook.name)
    return JSONResponse({"success": True})


def _object(body: bytes) -> dict[str, object]:
    try:
        told = webhook_json.parse(body)
    except webhook_json.Refused as error:
        raise Refused(400, str(error.reason), error.detail) from error
    if not isinstance(told, dict):
        raise Refused(400, "not_an_event", f"a JSON {type(told).__name__}, not an object")
    return told


def _mailgun_signature(body: bytes) -> str:
    """The signature, of time and token, of a body that was checked."""
    told = _object(body).get("signature")
    return str(told.get("signature", "")) if isinstance(told, dict) else ""


class _Headers(dict[str, str]):
    """Headers as the checks want them, where one that is sent twice must not pass for one."""

    def __init__(self, told: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in told:
            # The checks look for names whatever their case, and refuse two that are alike.
            self[name if name not in self else name.upper()] = value
