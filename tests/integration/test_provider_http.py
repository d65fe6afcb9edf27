"""What providers answer when something is wrong, and what becomes of it: waiting, another token, or a clear message."""

import asyncio
from collections.abc import Iterator

import pytest

from infra.ics_feed import feed_of, fetch
from infra.provider_http import Credentials, NotThere, ProviderApi, ProviderError, TokenExpired
from tests.providers import TOKEN, Answer, Provider, Request, error, graph_error


def _answer(request: Request) -> Answer:
    if request.path == "/token":
        return Answer(200, {"access_token": TOKEN})
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return error(401, "authError")
    return Answer(200, {"fine": True})


@pytest.fixture
def provider() -> Iterator[Provider]:
    running = Provider(_answer)
    yield running
    running.close()


def ask(provider: Provider, credentials: Credentials | None = None, url: str = "") -> tuple[object, list[float]]:
    """What the API gives, and for how long it was waited."""
    waited: list[float] = []

    async def wait(pause_s: float) -> None:
        waited.append(pause_s)

    async def run() -> object:
        async with ProviderApi(provider.url, credentials or Credentials(TOKEN, remedy="set X"), wait=wait) as api:
            return await api.get(url or f"{provider.url}/x")

    return asyncio.run(run()), waited


@pytest.mark.parametrize(
    ("answers", "waited"),
    [
        ([error(429, "rateLimitExceeded", Retry_After="7")], [7.0]),
        ([error(403, "userRateLimitExceeded")], [1.0]),
        ([Answer(503, b"<html>")], [1.0]),
        ([Answer(500, {}), Answer(504, None)], [1.0, 4.0]),
        ([Answer(200, b"no json")], [1.0]),
    ],
)
def test_what_passes_is_waited_for(provider: Provider, answers: list[Answer], waited: list[float]) -> None:
    provider.before = answers
    assert ask(provider) == ({"fine": True}, waited)


def test_what_does_not_pass_is_given_up(provider: Provider) -> None:
    provider.before = [Answer(503, {})] * 9
    with pytest.raises(ProviderError, match=r"503.* after 5 tries"):
        ask(provider)
    assert len(provider.asked) == 5


def test_a_wait_of_an_hour_is_left_to_the_user(provider: Provider) -> None:
    provider.before = [error(429, "x", Retry_After="3600")]
    with pytest.raises(ProviderError, match="asks to wait 3600 s"):
        ask(provider)


def test_a_token_that_has_run_out_is_renewed_once(provider: Provider) -> None:
    credentials = Credentials("", f"{provider.url}/token", {"refresh_token": "r", "client_secret": "s"}, "set X")
    assert ask(provider, credentials)[0] == {"fine": True}
    provider.before = [Answer(200, {"access_token": "stale"})]
    with pytest.raises(ProviderError, match=r"does not accept the token \(401 authError\): set X"):
        ask(provider, credentials)
    assert "refresh_token=r" in provider.asked[0].body


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (error(401, "authError"), ProviderError, "does not accept the token .*set X"),
        (error(403, "forbidden"), ProviderError, "does not let the token read this calendar"),
        (error(404, "notFound"), NotThere, "no such calendar"),
        (error(410, "fullSyncRequired"), TokenExpired, "410"),
        (graph_error(410, "syncStateNotFound"), TokenExpired, "syncStateNotFound"),
        (graph_error(400, "SyncStateInvalid"), TokenExpired, "SyncStateInvalid"),
        (error(400, "badRequest"), ProviderError, "refuses the request: 400 badRequest"),
        (Answer(302, None, {"Location": "https://elsewhere.example"}), ProviderError, "refuses the request: 302"),
    ],
)
def test_a_refusal_is_said_clearly_and_without_the_token(
    provider: Provider, answer: Answer, kind: type[ProviderError], message: str
) -> None:
    provider.before = [answer]
    with pytest.raises(kind, match=message) as raised:
        ask(provider)
    assert TOKEN not in str(raised.value)
    assert len(provider.asked) == 1


def test_a_token_that_is_not_given_is_said_with_what_to_set(provider: Provider) -> None:
    with pytest.raises(ProviderError, match=r"no token for 127\.0\.0\.1:\d+: set X"):
        ask(provider, Credentials("", remedy="set X"))
    provider.before = [Answer(400, {"error": "invalid_grant", "error_description": "a secret"})]
    with pytest.raises(ProviderError, match=r"gives no token \(400 invalid_grant\): set X") as raised:
        ask(provider, Credentials("", f"{provider.url}/token", {"client_secret": "s"}, "set X"))
    assert "a secret" not in str(raised.value)


@pytest.mark.parametrize("url", ["https://elsewhere.example/x", "http://127.0.0.1@elsewhere.example/", "file:///etc"])
def test_a_token_goes_nowhere_but_to_the_api(provider: Provider, url: str) -> None:
    with pytest.raises(ProviderError, match="it was not followed"):
        ask(provider, url=url)
    assert provider.asked == []


def test_credentials_are_in_no_text() -> None:
    assert "hidden" not in repr(Credentials("hidden", "https://x.example", {"client_secret": "hidden"}, "set X"))


def test_no_answer_is_a_clear_error(provider: Provider) -> None:
    provider.close()
    with pytest.raises(ProviderError, match=r"does not answer well \(no answer ClientConnectorError\)"):
        ask(provider)


@pytest.mark.parametrize(
    ("address", "allow_http", "message"),
    [
        ("http://calendars.example/secret.ics", False, "calendars.example: .*use https, or --allow-http"),
        ("ftp://calendars.example/secret.ics", True, "not an address of a calendar"),
        ("https:///secret.ics", True, "not an address of a calendar"),
    ],
)
def test_an_address_that_is_not_fetched_is_said_without_its_secret(
    address: str, allow_http: bool, message: str
) -> None:
    with pytest.raises(ProviderError, match=message) as raised:
        feed_of(address, allow_http)
    assert "secret" not in str(raised.value)


def test_a_webcal_address_is_fetched_safely() -> None:
    assert feed_of("webcal://calendars.example/x.ics").url == "https://calendars.example/x.ics"


def test_a_calendar_that_leads_on_is_followed_but_not_into_this_network(provider: Provider) -> None:
    other = Provider(lambda _: Answer(200, b"BEGIN:VCALENDAR"))
    feed = feed_of(f"{provider.url}/x.ics", allow_http=True)
    provider.before = [Answer(302, None, {"Location": "/y.ics"}), Answer(200, b"BEGIN:VCALENDAR", {"ETag": '"1"'})]
    found = asyncio.run(fetch(feed))
    assert (found.body, found.etag) == (b"BEGIN:VCALENDAR", '"1"')
    provider.before = [Answer(302, None, {"Location": f"{other.url}/y.ics"})]
    with pytest.raises(ProviderError, match="leads on into a private network"):
        asyncio.run(fetch(feed))
    assert other.asked == []
    other.close()


def test_a_calendar_is_asked_for_again_only_if_it_changed(provider: Provider) -> None:
    provider.before = [Answer(304, b"")]
    found = asyncio.run(
        fetch(feed_of(f"{provider.url}/x.ics", allow_http=True), '"1"', "Mon, 02 Nov 2026 00:00:00 GMT")
    )
    assert (found.body, found.etag) == (None, '"1"')
    assert provider.asked[0].headers["if-none-match"] == '"1"'
    assert provider.asked[0].headers["if-modified-since"] == "Mon, 02 Nov 2026 00:00:00 GMT"


def test_an_endless_calendar_is_not_read_to_its_end(provider: Provider) -> None:
    provider.before = [Answer(200, b"x" * (33 << 20))]
    with pytest.raises(ProviderError, match="more than 33,554,432 bytes"):
        asyncio.run(fetch(feed_of(f"{provider.url}/x.ics", allow_http=True)))
