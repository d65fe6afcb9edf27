"""A visitor in Chromium, on pages with a browser SDK. In the environment: COLLECTOR.

Standard input, as JSON: `site`, its address; `agent`, the browser's; `steps`, each a page to go to, a link or button to
click, or a form to fill in and send; `calls`, how many the SDK is to make in all. Ends when the collector has taken
so many different ones, and prints who the SDK took the visitor for, how often each call was sent, and which hosts were
asked for anything.
"""

import json
import os
import shutil
import sys
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Response, sync_playwright

collector = os.environ["COLLECTOR"]


def take(page: Page, site: str, step: dict[str, Any]) -> None:
    match step:
        case {"goto": path}:
            page.goto(site + path)
        case {"click": selector}:
            page.click(selector)
        case {"fill": form, "with": values}:
            for name, value in values.items():
                page.fill(f"{form} [name={name}]", value)
            page.click(f"{form} button")
            page.wait_for_selector("#thanks")


def main() -> None:
    told = json.load(sys.stdin)
    hosts: set[str] = set()
    sent: Counter[str] = Counter()
    taken: set[str] = set()

    def call_of(request: Request) -> str:
        posted = request.method == "POST" and request.url.startswith(collector)
        return json.loads(request.post_data or "{}").get("messageId", "") if posted else ""

    def on_request(request: Request) -> None:
        hosts.add(urlsplit(request.url).netloc)
        if call := call_of(request):
            sent[call] += 1

    def on_response(response: Response) -> None:
        if response.status == 200 and (call := call_of(response.request)):
            taken.add(call)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(timezone_id="Asia/Tokyo", locale="ja-JP", user_agent=told["agent"])
        context.on("request", on_request)
        context.on("response", on_response)
        page = context.new_page()
        for step in told["steps"]:
            take(page, told["site"], step)
        while len(taken) < told["calls"]:
            context.wait_for_event("response", timeout=100_000)
        visitor = page.evaluate("analytics.user().then(user => user.anonymousId())")
        print(json.dumps({"visitor": visitor, "sent": sent, "hosts": sorted(hosts)}))
        browser.close()


main()
