"""`setten sync` against providers on this machine, through the whole pipeline: what becomes of it in `touches`."""

import json
import os
import signal
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.kafka import ingest_lag
from tests.providers import TOKEN, Answer, GoogleCalendar, MicrosoftGraph, Provider, Request, error
from tests.stack import Stack, wait_for

NOW = datetime.now(UTC).replace(microsecond=0)
SALES = "sales@own.example"
ACCOUNTS = (
    "account_id,name,domains\naozora,Aozora,aozora.example\nkita,Kita,kita.example\nminami,Minami,minami.example\n"
)


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat()


def google(id_: str, ended_h: float, *people: str, **told: Any) -> dict[str, Any]:
    """An event that ended so many hours ago; negative: that ends in so many."""
    attendees = [{"email": SALES, "self": True, "responseStatus": "accepted"}]
    attendees += [{"email": person, "responseStatus": "needsAction"} for person in people]
    return {
        "kind": "calendar#event",
        "id": id_,
        "iCalUID": f"{id_}@google.com",
        "status": "confirmed",
        "summary": f"meeting {id_}",
        "start": {"dateTime": at(-ended_h - 1)},
        "end": {"dateTime": at(-ended_h)},
        "organizer": {"email": SALES, "self": True},
        "attendees": attendees,
        **told,
    }


def graph(id_: str, ended_h: float, *people: str, **told: Any) -> dict[str, Any]:
    def time(hours: float) -> dict[str, str]:
        return {"dateTime": (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}

    return {
        "@odata.type": "#microsoft.graph.event",
        "id": id_,
        "iCalUId": f"uid-{id_}",
        "type": "singleInstance",
        "subject": f"meeting {id_}",
        "start": time(-ended_h - 1),
        "end": time(-ended_h),
        "organizer": {"emailAddress": {"name": "Sales", "address": SALES}},
        "attendees": [
            {"type": "required", "status": {"response": "none"}, "emailAddress": {"name": "N", "address": person}}
            for person in people
        ],
        **told,
    }


@pytest.fixture(scope="module")
def providers() -> Iterator[tuple[GoogleCalendar, MicrosoftGraph]]:
    both = GoogleCalendar(), MicrosoftGraph()
    yield both
    for one in both:
        one.provider.close()


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, providers: tuple[GoogleCalendar, MicrosoftGraph]
) -> Iterator[Stack]:
    google_, graph_ = (one.provider.url for one in providers)
    secrets = {"CLIENT_ID": "client", "CLIENT_SECRET": "a-secret"}
    running = Stack(
        tmp_path_factory.mktemp("stack"),
        {
            "SETTEN_GOOGLE_API_URL": google_,
            "SETTEN_GOOGLE_TOKEN_URL": f"{google_}/token",
            "SETTEN_GOOGLE_REFRESH_TOKEN": "a-refresh-token",
            "SETTEN_GRAPH_API_URL": f"{graph_}/v1.0",
            "SETTEN_GRAPH_LOGIN_URL": f"{graph_}/login",
            "SETTEN_GRAPH_TENANT": "own.example",
            **{f"SETTEN_{kind}_{name}": value for kind in ("GOOGLE", "GRAPH") for name, value in secrets.items()},
        },
    )
    yield running
    running.down()


@pytest.fixture
def calendar(stack: Stack, providers: tuple[GoogleCalendar, MicrosoftGraph], request: pytest.FixtureRequest) -> Any:
    """The Google calendar as new, and the name of a source of the test's own."""
    providers[0].changes.clear()
    providers[0].provider.before.clear()
    providers[0].provider.asked.clear()
    return providers[0], request.node.name[:100]


def run(stack: Stack, source: str, *more: str | Path) -> dict[str, Any]:
    return dict(
        stack.json(
            "sync", "google-calendar", "--calendar", SALES, "--own-domain", "own.example", "--source", source, *more
        )
    )


def touched(stack: Stack, source: str) -> list[str]:
    """Who was met, and at which meeting."""
    told = f"SELECT concat(substring(contact_key, 6), ' ', subject) AS t FROM touches FINAL WHERE source = '{source}'"
    return stack.ask(f"SELECT arrayStringConcat(arraySort(groupArray(t)), '|') FROM ({told})").split("|")


def test_meetings_come_once_they_are_over_and_a_later_look_asks_for_changes_only(
    stack: Stack, calendar: tuple[GoogleCalendar, str], tmp_path: Path
) -> None:
    server, source = calendar
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(ACCOUNTS)
    server.changes += [
        google("all", 20, "a@aozora.example", "k@kita.example", "m@minami.example"),
        google("ahead", -20, "later@aozora.example"),
        google("secret", 20, "x@aozora.example", visibility="private"),
        google("inside", 20, "colleague@own.example"),
        google("just", 0.5, "just@aozora.example"),
        google("held", 30, "a@aozora.example"),
    ]
    first = run(stack, source, "--accounts", accounts)
    [seen] = first["calendars"]
    assert (seen["whole"], seen["told"], seen["waiting"], seen["skipped"]) == (
        True, 2, 2, {"private": 1, "nobody_outside": 1}
    )  # fmt: skip
    assert (first["stored"], first["unaccounted"]) == (4, 0)
    assert touched(stack, source) == [
        "a@aozora.example meeting all", "a@aozora.example meeting held",
        "k@kita.example meeting all", "m@minami.example meeting all",
    ]  # fmt: skip
    bound = "SELECT groupUniqArray(account_id) FROM contact_day FINAL WHERE contact_key IN"
    asked = f"{bound} ('mail:a@aozora.example', 'mail:k@kita.example', 'mail:m@minami.example')"
    assert sorted(json.loads(stack.ask(asked).replace("'", '"'))) == ["aozora", "kita", "minami"]

    server.changes += [{"id": "ahead", "status": "cancelled"}, google("new", 3, "n@kita.example")]
    server.provider.asked.clear()
    second = run(stack, source)
    [seen] = second["calendars"]
    assert (seen["whole"], seen["told"], seen["waiting"]) == (False, 1, 1)
    assert second["stored"] == 1
    queries = [request.query for request in server.provider.asked if request.path != "/token"]
    assert all("syncToken" in query and "timeMin" not in query for query in queries)
    assert "n@kita.example meeting new" in touched(stack, source)


def test_a_sync_token_that_google_forgot_means_everything_again_and_changes_nothing(
    stack: Stack, calendar: tuple[GoogleCalendar, str]
) -> None:
    server, source = calendar
    server.changes += [google("one", 20, "a@aozora.example"), google("two", 21, "b@aozora.example")]
    run(stack, source)
    before = touched(stack, source)
    server.forgotten = True
    server.changes.append(google("three", 22, "c@aozora.example"))
    again = run(stack, source)
    [seen] = again["calendars"]
    assert (seen["whole"], seen["told"], seen["unchanged"], again["stored"]) == (True, 1, 2, 1)
    assert touched(stack, source) == [*before, "c@aozora.example meeting three"]
    full = run(stack, source, "--full")
    assert (full["calendars"][0]["told"], full["stored"], full["duplicates"]) == (3, 0, 3)


def test_who_is_added_after_a_meeting_counts_and_what_is_called_off_after_it_is_said_and_stays(
    stack: Stack, calendar: tuple[GoogleCalendar, str]
) -> None:
    server, source = calendar
    server.changes.append(google("one", 20, "a@aozora.example"))
    run(stack, source)
    server.changes.append(google("one", 20, "a@aozora.example", "b@aozora.example"))
    added = run(stack, source)
    assert (added["stored"], added["duplicates"], added["dead"]) == (1, 1, {})
    server.changes.append({"id": "one", "status": "cancelled"})
    done = stack.run("sync", "google-calendar", "--calendar", SALES, "--source", source)
    assert done.returncode == 0
    assert "1 meetings that were told are called off" in done.stderr
    assert touched(stack, source) == ["a@aozora.example meeting one", "b@aozora.example meeting one"]


def test_after_a_long_break_or_with_a_state_that_nobody_can_read_nothing_is_missing(
    stack: Stack, calendar: tuple[GoogleCalendar, str]
) -> None:
    server, source = calendar
    before = set((stack.folder / "sync").glob("*.json"))
    server.changes.append(google("one", 20, "a@aozora.example"))
    run(stack, source)
    [state] = set((stack.folder / "sync").glob("*.json")) - before
    told = json.loads(state.read_text())
    away = NOW - timedelta(days=200)
    state.write_text(
        json.dumps(told | {"window_end": (NOW + timedelta(days=1)).isoformat(), "synced_at": away.isoformat()})
    )
    server.provider.asked.clear()
    [seen] = run(stack, source)["calendars"]
    assert (seen["whole"], seen["told"], seen["unchanged"]) == (True, 0, 1)
    [asked] = [request.query for request in server.provider.asked if "timeMin" in request.query]
    assert datetime.fromisoformat(asked["timeMin"]) < away
    assert datetime.fromisoformat(asked["timeMax"]) > NOW + timedelta(days=59)

    state.write_text('{"token": 5')
    again = run(stack, source)
    assert (again["calendars"][0]["whole"], again["stored"], again["duplicates"]) == (True, 0, 1)


def test_a_dry_run_shows_what_would_be_told_and_does_nothing(
    stack: Stack, calendar: tuple[GoogleCalendar, str]
) -> None:
    server, source = calendar
    server.changes.append(google("one", 20, "a@aozora.example"))
    shown = run(stack, source, "--dry-run")["calendars"][0]
    assert [(one["people"], one["subject"]) for one in shown["meetings"]] == [(["a@aozora.example"], "meeting one")]
    assert touched(stack, source) == [""]
    assert run(stack, source)["stored"] == 1


def test_a_sync_that_is_killed_in_the_middle_loses_nothing_and_counts_nothing_twice(
    stack: Stack, calendar: tuple[GoogleCalendar, str]
) -> None:
    server, source = calendar
    server.changes += [google(f"m{n}", 20 + n, f"p{n}@aozora.example") for n in range(5)]
    command = ("sync", "google-calendar", "--calendar", SALES, "--own-domain", "own.example", "--source", source)

    server.going_on.clear()  # it hangs at the second page: what came before must not be noted as seen
    reading = stack.start(*command)
    wait_for(server.stalled.is_set, "the second page to be asked for")
    reading.kill()
    reading.wait()
    server.going_on.set()
    assert touched(stack, source) == [""]

    states = set((stack.folder / "sync").glob("*.json"))
    worker = stack.process_id("worker")
    assert worker
    os.kill(worker, signal.SIGSTOP)  # the broker has the meetings, nobody has stored them: nothing must be noted yet
    try:
        sending = stack.start(*command)
        wait_for(lambda: ingest_lag(stack.settings).records >= 5, "the meetings to be in Kafka")
        sending.kill()
        sending.wait()
    finally:
        os.kill(worker, signal.SIGCONT)
    assert set((stack.folder / "sync").glob("*.json")) == states

    ended = run(stack, source)
    assert ended["unaccounted"] == 0
    assert touched(stack, source) == [f"p{n}@aozora.example meeting m{n}" for n in range(5)]
    assert run(stack, source)["calendars"][0]["told"] == 0


def test_without_a_broker_there_is_a_clear_error_and_nothing_is_noted(
    stack: Stack, calendar: tuple[GoogleCalendar, str], tmp_path: Path
) -> None:
    states = set((stack.folder / "sync").glob("*.json"))
    config = tmp_path / "setten.toml"
    config.write_text('kafka_brokers = "127.0.0.1:9"\n')
    done = stack.run("sync", "google-calendar", "--calendar", SALES, "--source", calendar[1], "--config", config)
    assert done.returncode == 1
    assert "Kafka at 127.0.0.1:9 does not answer" in done.stderr
    assert set((stack.folder / "sync").glob("*.json")) == states


def test_half_a_character_in_a_title_costs_no_meeting(stack: Stack, calendar: tuple[GoogleCalendar, str]) -> None:
    server, source = calendar
    server.changes.append(google("one", 20, "a@aozora.example", summary="half \ud83d"))
    done = run(stack, source)
    assert (done["stored"], done["dead"]) == (1, {})
    assert touched(stack, source) == ["a@aozora.example half ?"]


def test_one_calendar_that_is_not_shared_does_not_keep_the_others_back(
    stack: Stack, calendar: tuple[GoogleCalendar, str]
) -> None:
    server, source = calendar
    server.changes.append(google("one", 20, "a@aozora.example"))
    done = stack.run(
        "sync", "google-calendar", "--calendar", "nobody@own.example", "--calendar", SALES, "--source", source
    )
    assert done.returncode == 1
    assert "nobody@own.example: " in done.stderr
    assert "no such calendar" in done.stderr
    assert "a@aozora.example meeting one" in touched(stack, source)


def test_secrets_are_in_no_output_and_the_state_is_its_users_alone(
    stack: Stack, calendar: tuple[GoogleCalendar, str]
) -> None:
    server, source = calendar
    server.provider.before += [error(401, "authError")] * 3
    done = stack.run("sync", "google-calendar", "--calendar", SALES, "--source", source)
    assert done.returncode == 1
    assert "gives no token (401 authError): set SETTEN_GOOGLE_REFRESH_TOKEN" in done.stderr
    assert not any(secret in done.stdout + done.stderr for secret in (TOKEN, "a-secret", "a-refresh-token"))
    settings = stack.run("doctor", "--settings").stdout
    assert not any(secret in settings for secret in ("a-secret", "a-refresh-token"))
    for file in (stack.folder / "sync").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_outlook_calendars_come_by_their_delta_with_the_instances_of_series_made_whole(
    stack: Stack, providers: tuple[GoogleCalendar, MicrosoftGraph]
) -> None:
    server = providers[1]
    master = graph("s", 999, "series@aozora.example", type="seriesMaster")
    far = graph("far", 999, "far@kita.example", type="seriesMaster")
    server.masters["far"] = far
    keep = ("id", "start", "end")

    def instance(id_: str, ended_h: float, of: str) -> dict[str, Any]:
        told = graph(id_, ended_h)
        return {name: told[name] for name in keep} | {"type": "occurrence", "seriesMasterId": of}

    server.changes += [
        graph("one", 20, "a@aozora.example"),
        graph("off", 20, "b@aozora.example", isCancelled=True),
        master, instance("s-1", 44, "s"), instance("s-2", 20, "s"), instance("s-3", -4, "s"),
        instance("far-1", 20, "far"), instance("orphan", 20, "gone"),
        graph("ahead", -4, "later@aozora.example"),
    ]  # fmt: skip
    command = ("sync", "microsoft-graph", "--user", SALES, "--own-domain", "own.example", "--source", "outlook")
    first = stack.json(*command)
    [seen] = first["calendars"]
    assert (seen["whole"], seen["told"], seen["waiting"], first["stored"]) == (True, 4, 2, 4)
    expected = [
        "a@aozora.example meeting one",
        "far@kita.example meeting far",
        *["series@aozora.example meeting s"] * 2,
    ]
    assert touched(stack, "outlook") == expected

    server.changes += [{"id": "ahead", "@removed": {"reason": "deleted"}}, graph("two", 5, "c@aozora.example")]
    second = stack.json(*command)
    [seen] = second["calendars"]
    assert (seen["whole"], seen["told"], seen["waiting"], second["stored"]) == (False, 1, 1, 1)

    server.forgotten = True
    third = stack.json(*command)
    [seen] = third["calendars"]
    assert (seen["whole"], seen["told"], seen["unchanged"], third["stored"]) == (True, 0, 5, 0)


ICS = """BEGIN:VCALENDAR
VERSION:2.0
METHOD:{method}
BEGIN:VEVENT
UID:visit
SEQUENCE:{sequence}
DTSTAMP:20261101T000000Z
DTSTART:{start}
DTEND:{end}
SUMMARY:Visit
ORGANIZER:mailto:sales@own.example
ATTENDEE;PARTSTAT={partstat}:mailto:{who}
END:VEVENT
END:VCALENDAR
"""


def ics(method: str, sequence: int = 0, partstat: str = "NEEDS-ACTION", who: str = "a@aozora.example") -> str:
    start, end = (f"{NOW + timedelta(hours=hours):%Y%m%dT%H%M%SZ}" for hours in (-21, -20))
    return ICS.format(method=method, sequence=sequence, start=start, end=end, partstat=partstat, who=who)


@pytest.mark.parametrize(
    ("messages", "people"),
    [
        ([ics("REQUEST")], ["a@aozora.example Visit"]),
        ([ics("REQUEST"), ics("REPLY", partstat="ACCEPTED")], ["a@aozora.example Visit"]),
        ([ics("REQUEST"), ics("REPLY", partstat="DECLINED")], [""]),
        ([ics("REQUEST"), ics("REPLY", partstat="ACCEPTED"), ics("CANCEL", 1)], [""]),
    ],
)
def test_an_invitation_its_answer_and_its_cancellation_end_in_the_right_state(
    stack: Stack, tmp_path: Path, messages: list[str], people: list[str]
) -> None:
    files = [tmp_path / f"{number}.ics" for number in range(len(messages))]
    for file, text in zip(files, messages, strict=True):
        file.write_text(text)
    source = f"files-{abs(hash(tuple(messages)))}"
    for _ in range(2):
        done = stack.run("sync", "ics", *files, "--own-domain", "own.example", "--source", source)
        assert done.returncode == 0, done.stderr
        assert touched(stack, source) == people


def test_a_published_calendar_is_fetched_again_only_if_it_changed(stack: Stack) -> None:
    calendar = ics("PUBLISH").encode()

    def answer(request: Request) -> Answer:
        if request.headers.get("if-none-match") == '"1"':
            return Answer(304, b"")
        return Answer(200, calendar, {"ETag": '"1"', "Content-Type": "text/calendar"})

    server = Provider(answer)
    command = ("sync", "ics", "-", "--own-domain", "own.example", "--source", "feed", "--json")
    given = f"{server.url}/secret.ics\n"
    refused = stack.run(*command, given=given)
    assert refused.returncode == 1
    assert "use https, or --allow-http" in refused.stderr
    first = json.loads(stack.run(*command, "--allow-http", given=given).stdout)
    assert (first["stored"], first["calendars"][0]["calendar"]) == (1, "127.0.0.1")
    second = stack.run(*command, "--allow-http", given=given)
    assert json.loads(second.stdout)["events"] == 0
    assert "secret" not in second.stdout + second.stderr
    assert [request.headers.get("if-none-match") for request in server.asked] == [None, '"1"']
    server.close()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.ics", None, "No such file"),
        ("page.ics", b"<html>sign in</html>", "no calendar: it does not begin with BEGIN:VCALENDAR"),
        ("empty.ics", b"", "no calendar: it is empty"),
    ],
)
def test_what_is_no_calendar_is_a_clear_error(
    stack: Stack, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = stack.run("sync", "ics", tmp_path / name)
    assert done.returncode == 1
    assert said in done.stderr
    assert name in done.stderr


def test_two_syncs_of_one_calendar_do_not_go_on_together(stack: Stack, calendar: tuple[GoogleCalendar, str]) -> None:
    server, source = calendar
    server.changes += [google(f"m{n}", 20 + n, f"p{n}@aozora.example") for n in range(5)]
    server.stalled.clear()
    server.going_on.clear()
    first = stack.start("sync", "google-calendar", "--calendar", SALES, "--source", source)
    wait_for(server.stalled.is_set, "the first to be at it")
    done = stack.run("sync", "google-calendar", "--calendar", SALES, "--source", source)
    assert done.returncode == 1
    assert "another `setten sync` is at this calendar" in done.stderr
    server.going_on.set()
    assert first.wait(60) == 0
