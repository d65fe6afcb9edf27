"""One look at a Google calendar: `events.list`, incremental where a sync token is known.

https://developers.google.com/workspace/calendar/api/guides/sync
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from infra.provider_http import Credentials, ProviderApi, ProviderError, TokenExpired
from infra.settings import Settings
from models.calendar_sync import CalendarState, Changes
from models.sources.google_calendar import FIELDS
from models.sources.webhook_json import Told

_MOST_PAGES = 1000


def google_credentials(settings: Settings) -> Credentials:
    """As configured: an access token, or a refresh token with its client."""
    remedy = (
        "set SETTEN_GOOGLE_REFRESH_TOKEN, SETTEN_GOOGLE_CLIENT_ID and SETTEN_GOOGLE_CLIENT_SECRET, or"
        " SETTEN_GOOGLE_ACCESS_TOKEN (docs/sources/google-calendar.md)"
    )
    token, refresh = settings.google_access_token.get_secret_value(), settings.google_refresh_token.get_secret_value()
    if token or not refresh:
        return Credentials(token, remedy=remedy)
    form = {
        "grant_type": "refresh_token",
        "refresh_token": refresh,
        "client_id": settings.google_client_id,
        "client_secret": settings.google_client_secret.get_secret_value(),
    }
    return Credentials("", settings.google_token_url, form, remedy)


async def google_changes(
    api: ProviderApi, calendar: str, state: CalendarState, window: tuple[datetime, datetime]
) -> Changes:
    """What is new in a calendar since `state`; all of the window where that is unknown, or Google has forgotten it.

    Raises ProviderError.
    """
    if state.token:
        try:
            return await _look(api, calendar, {"syncToken": state.token}, state.window_end)
        except TokenExpired:
            pass  # all of it again, as Google asks for
    since, until = (time.astimezone(UTC).isoformat(timespec="seconds") for time in window)
    return await _look(api, calendar, {"timeMin": since, "timeMax": until}, window[1])


async def _look(api: ProviderApi, calendar: str, asked: dict[str, str], window_end: datetime | None) -> Changes:
    url = f"{api.base_url}/calendars/{quote(calendar, safe='')}/events"
    params = {"singleEvents": "true", "maxResults": "2500", **asked}
    params["fields"] = f"nextPageToken,nextSyncToken,items({FIELDS})"
    events: dict[str, Told] = {}
    removed: set[str] = set()
    for _ in range(_MOST_PAGES):
        page = await api.get(url, params)
        for event in _items(page):
            id_ = str(event.get("id") or "")
            # Of a meeting that two pages tell, the later page is right.
            events.pop(id_, None)
            removed.discard(id_)
            if event.get("status") == "cancelled":
                removed.add(id_)
            elif id_:
                events[id_] = event
        if token := page.get("nextSyncToken"):
            return Changes("syncToken" not in asked, str(token), window_end, events, frozenset(removed))
        if not page.get("nextPageToken"):
            raise ProviderError("Google Calendar ended its list without a sync token: run the command again")
        params["pageToken"] = str(page["nextPageToken"])
    raise ProviderError(f"Google Calendar goes on for more than {_MOST_PAGES} pages: nothing was sent")


def _items(page: dict[str, Any]) -> list[Told]:
    items = page.get("items") or []
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
