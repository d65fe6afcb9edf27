"""One look at a mailbox's calendar in Microsoft Graph: `calendarView/delta`, incremental where a delta link is known.

https://learn.microsoft.com/graph/delta-query-events
"""

import contextlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from infra.provider_http import Credentials, NotThere, ProviderApi, ProviderError, TokenExpired
from infra.settings import Settings
from models.calendar_sync import CalendarState, Changes
from models.graph_rounds import Round, changes_of, masters_missing
from models.sources.webhook_json import Told

_MOST_PAGES = 1000
_PREFER = {"Prefer": 'outlook.timezone="UTC", odata.maxpagesize=200'}


def graph_credentials(settings: Settings) -> Credentials:
    """As configured: an access token, or a client's secret with a user's refresh token or without."""
    remedy = (
        "set SETTEN_GRAPH_TENANT, SETTEN_GRAPH_CLIENT_ID and SETTEN_GRAPH_CLIENT_SECRET, or SETTEN_GRAPH_ACCESS_TOKEN"
        " (docs/sources/microsoft-graph.md)"
    )
    token, refresh = settings.graph_access_token.get_secret_value(), settings.graph_refresh_token.get_secret_value()
    secret = settings.graph_client_secret.get_secret_value()
    if token or not (settings.graph_tenant and (secret or refresh)):
        return Credentials(token, remedy=remedy)
    form = {"client_id": settings.graph_client_id, "scope": "https://graph.microsoft.com/.default"}
    form |= {"client_secret": secret} if secret else {}
    form |= (
        {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else {"grant_type": "client_credentials"}
    )
    url = f"{settings.graph_login_url}/{quote(settings.graph_tenant, safe='')}/oauth2/v2.0/token"
    return Credentials("", url, form, remedy)


async def graph_changes(
    api: ProviderApi, user: str, state: CalendarState, window: tuple[datetime, datetime]
) -> Changes:
    """What is new in a user's calendar since `state`; all of the window where that is unknown or forgotten.

    user: `me`, or a user's id or principal name. Raises ProviderError.
    """
    home = f"{api.base_url}/me" if user == "me" else f"{api.base_url}/users/{quote(user, safe='@')}"
    round_: Round | None = None
    if state.token:
        with contextlib.suppress(TokenExpired):  # then all of it again, as Microsoft asks for
            round_ = await _round(api, state.token, {}, state.window_end)
    if round_ is None:
        since, until = (time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for time in window)
        asked = {"startDateTime": since, "endDateTime": until}
        round_ = await _round(api, f"{home}/calendarView/delta", asked, window[1])
    masters = []
    for id_ in masters_missing(state, round_):
        try:
            master = await api.get(f"{home}/events/{quote(id_, safe='')}", None, _PREFER)
        except NotThere:
            continue  # the series was deleted meanwhile
        masters.append({**master, "type": "seriesMaster"})
    return changes_of(state, round_, masters)


async def _round(api: ProviderApi, url: str, asked: dict[str, str], window_end: datetime | None) -> Round:
    events: list[Told] = []
    params: dict[str, str] | None = asked or None
    seen: set[str] = set()
    while url not in seen and len(seen) < _MOST_PAGES:
        seen.add(url)
        page = await api.get(url, params, _PREFER)
        events += _items(page)
        if link := page.get("@odata.deltaLink"):
            return Round(bool(asked), str(link), window_end, events)
        url, params = str(page.get("@odata.nextLink") or ""), None
        if not url:
            raise ProviderError("Microsoft Graph ended its list without a delta link: run the command again")
    raise ProviderError(f"Microsoft Graph goes round in circles after {len(seen)} pages: nothing was sent")


def _items(page: dict[str, Any]) -> list[Told]:
    items = page.get("value") or []
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
