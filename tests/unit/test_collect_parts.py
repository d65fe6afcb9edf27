"""The collector's parts that need no server: rates, tokens, the file of webhooks, what may be called at SNS."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.settings import Settings
from infra.telemetry import CollectorMetrics
from infra.watched import Watched
from infra.webhook_sources import parse_hooks
from models.outcomes import Reason
from models.sources import webhook_json
from models.strict_json import NotStrict, loads
from models.write_keys import make_key
from streams.collect.answers import Refused
from streams.collect.bodies import Budget
from streams.collect.desk import Desk, without_key
from streams.collect.hooks import Hooks, OneTime
from streams.collect.rates import Rates
from streams.collect.sns import may_confirm

TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:mail"


def test_a_key_may_be_used_as_often_as_said_and_twice_as_often_at_once() -> None:
    rates = Rates(10)
    assert sum(rates.wait_s("a", 0.0) == 0 for _ in range(100)) == 20
    assert rates.wait_s("a", 0.0) == pytest.approx(0.1)
    assert rates.wait_s("b", 0.0) == 0, "another key has a bucket of its own"
    passed = sum(rates.wait_s("a", second / 100) == 0 for second in range(1, 1001))
    assert passed == pytest.approx(100, abs=1)


def test_no_limit_is_no_limit() -> None:
    assert {Rates(0).wait_s("a", 0.0) for _ in range(1000)} == {0.0}


def test_a_signature_may_come_again_with_its_body_and_with_no_other() -> None:
    tokens = OneTime(keep_s=600)
    assert tokens.allows("t", b"a", 0)
    assert tokens.allows("t", b"a", 300)
    assert not tokens.allows("t", b"b", 599)
    assert tokens.allows("t", b"b", 601), "no signature with it is good any more"


def test_of_too_many_signatures_the_oldest_are_forgotten() -> None:
    tokens = OneTime(keep_s=600, most=10)
    for number in range(1000):
        tokens.allows(str(number), b"a", 0)
    assert len(tokens._seen) <= 11
    assert not tokens.allows("999", b"b", 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a]\nkind = 'fax'\nsecret = 'hunter2'\n", "a.kind"),
        ("[A]\nkind = 'zoom'\nsecret = 'hunter2'\n", "A"),
        ("[a]\nkind = 'zoom'\n", "needs one of secret, secrets and secret_file"),
        ("[a]\nkind = 'zoom'\nsecret = 'hunter2'\nsecrets = ['hunter2']\n", "needs one of"),
        ("[a]\nkind = 'zoom'\nsecret = ''\n", "the secret is empty"),
        ("[a]\nkind = 'zoom'\nsecrets = ['hunter2', '']\n", "the secret is empty"),
        ("[a]\nkind = 'zoom'\nsecret_file = '/nowhere/zoom'\n", "No such file"),
        ("[a]\nkind = 'hubspot'\nsecret = 'hunter2'\n", "needs url"),
        ("[a]\nkind = 'ses'\n", "needs topic_arn"),
        ("[a]\nkind = 'ses'\ntopic_arn = 'arn:aws:sqs:x'\n", "a.topic_arn"),
        ("[a]\nkind = 'zoom'\nsecret = 'hunter2'\nlane = 'fax'\n", "a.lane"),
        ("[a]\nkind = 'zoom'\nsecret = 'hunter2'\ncolour = 'red'\n", "a.colour"),
        ("a = 1", "a:"),
        ("[a", "no TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_without_its_secrets(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"has errors|no TOML") as raised:
        parse_hooks(text.encode())
    assert said in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_all_that_is_wrong_in_the_file_is_told_together(tmp_path: Path) -> None:
    file = tmp_path / "webhooks.toml"
    file.write_text("[a]\nkind = 'fax'\n[b]\nkind = 'zoom'\n")
    with pytest.raises(ValueError, match=r"webhooks\.toml: has errors") as raised:
        Hooks(Settings(data_dir=tmp_path, webhooks_file=file))
    assert "a.kind" in str(raised.value)
    assert "b: kind 'zoom' needs" in str(raised.value)


def test_a_file_of_secrets_has_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "zoom").write_text("new\n\nold\n")
    [hook] = parse_hooks(f"[webinars]\nkind = 'zoom'\nsecret_file = '{tmp_path}/zoom'\n".encode()).values()
    assert (hook.secrets, hook.source.topic) == (("new", "old"), "signals.event")


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&Token=1", True),
        ("https://sns.ap-northeast-1.amazonaws.com/?Token=1&Action=ConfirmSubscription", True),
        ("https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription", False),
        ("https://sns.ap-northeast-1.amazonaws.com/?Action=Unsubscribe", False),
        ("https://sns.ap-northeast-1.amazonaws.com/?XAction=ConfirmSubscription", False),
        ("https://sns.ap-northeast-1.amazonaws.com/x?Action=ConfirmSubscription", False),
        ("https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription\n", False),
        ("https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription#@evil.example", False),
        ("https://sns.ap-northeast-1.amazonaws.com/?Action=ConfirmSubscription&x=\\@evil.example", False),
        ("HTTPS://SNS.AP-NORTHEAST-1.AMAZONAWS.COM/?Action=ConfirmSubscription", False),
        ("", False),
    ],
)
def test_only_sns_in_the_topics_region_is_called_and_only_to_confirm(url: str, may: bool) -> None:
    assert may_confirm(url, TOPIC) is may


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", Reason.EMPTY_BODY), (b" \n", Reason.EMPTY_BODY), (b'{"a":1,"a":2}', Reason.NOT_JSON),
        (b'[{"a":{"b":1,"b":1}}]', Reason.NOT_JSON), (b"[NaN]", Reason.NOT_JSON), (b"[Infinity]", Reason.NOT_JSON),
        (b"[" * 202 + b"]" * 202, Reason.NOT_JSON), (b'"\xff"', Reason.INVALID_UTF8), (b"{} {}", Reason.NOT_JSON),
    ],
)  # fmt: skip
def test_what_two_readers_could_understand_differently_is_refused(raw: bytes, reason: Reason) -> None:
    with pytest.raises(NotStrict) as raised:
        loads(raw)
    assert raised.value.reason == reason


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@given(VALUES, st.binary(max_size=3), st.integers(0, 50))
def test_what_the_collector_takes_the_worker_reads_to_the_same_value(value: object, noise: bytes, at: int) -> None:
    """And what the worker refuses the collector refuses, but for names given twice."""
    good = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    for raw in (good, good[:at] + noise + good[at:]):
        try:
            taken = loads(raw)
        except NotStrict as refused:
            if "duplicate key" not in refused.detail:
                with pytest.raises(webhook_json.Refused):
                    webhook_json.parse(raw)
        else:
            assert webhook_json.parse(raw) == taken


def test_a_file_is_read_again_when_it_has_changed_and_not_before(tmp_path: Path) -> None:
    path, reads = tmp_path / "file", []

    def read(told: bytes | None) -> bytes | None:
        reads.append(told)
        if told == b"bad":
            raise ValueError("bad")
        return told

    watched = Watched(path, read)
    assert watched.value(0.0) is None
    path.write_bytes(b"one")
    assert watched.value(0.5) is None, "it looks once a second"
    assert watched.value(1.5) == b"one"
    assert watched.value(9.0) == b"one"
    path.write_bytes(b"bad")
    assert watched.value(11.0) == b"one"
    assert watched.value(13.0) == b"one"
    path.unlink()
    assert watched.value(15.0) is None
    assert reads == [None, b"one", b"bad", None]


@pytest.mark.parametrize(
    "origins", ["*", "https://a.example/", "a.example", "https://a.example,null", "https://*.a.example"]
)
def test_an_origin_is_a_scheme_a_host_and_a_port(tmp_path: Path, origins: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        Settings(data_dir=tmp_path, collector_origins=origins)
    told = Settings(data_dir=tmp_path, collector_origins="https://a.example, http://localhost:3000")
    assert told.origins == ["https://a.example", "http://localhost:3000"]


def test_a_share_of_the_budget_leaves_the_rest_and_gives_back_what_it_took() -> None:
    budget = Budget(24)
    strangers = Budget(8, budget)
    strangers.take(8)
    with pytest.raises(Refused, match="503"):
        strangers.take(1)
    budget.take(16)
    strangers.give(8)
    budget.take(8)
    with pytest.raises(Refused, match="503"):
        strangers.take(1)
    budget.give(24)
    strangers.take(8)


def test_a_collector_that_had_a_key_file_never_opens_again(tmp_path: Path) -> None:
    told = Settings(data_dir=tmp_path)
    assert Desk(told, CollectorMetrics()).is_open()
    file = tmp_path / "keys.json"
    file.write_text("[]")
    desk = Desk(told, CollectorMetrics())
    assert not desk.is_open(), "its last key was revoked"
    file.unlink()
    assert not desk.is_open(), "the file was lost"


@pytest.mark.parametrize("spelled", ["sk\\u005f{}", "sk%5F{}"])
def test_a_key_that_is_spelled_in_escapes_is_refused_and_not_kept(spelled: str) -> None:
    _, key = make_key("web", datetime(2026, 6, 1, tzinfo=UTC), bytes(range(36)))
    with pytest.raises(Refused, match="400 key_escaped"):
        without_key(spelled.format(key[3:]).encode(), key)
    assert without_key(key.encode(), key) == b"sk_00010203_"
    assert without_key(b"{}", "shop") == b"{}"
