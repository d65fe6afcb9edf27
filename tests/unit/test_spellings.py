"""Addresses in text: where one begins and ends, and how it may be spelled."""

import re
import time

import pytest

from models.spellings import addresses_in, search_pattern

SATO = "sato@example.co.jp"


def found(text: str, *wanted: str) -> list[str]:
    return [text[one.start : one.end] for one in addresses_in(text, {SATO, *wanted}.__contains__)]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ('{"email":"sato@example.co.jp"}', "sato@example.co.jp"),
        ("SATO@Example.co.JP", "SATO@Example.co.JP"),
        ("Taro <sato@example.co.jp>, x", "sato@example.co.jp"),
        ("write to sato@example.co.jp.", "sato@example.co.jp"),
        ("'sato@example.co.jp'", "sato@example.co.jp"),
        ("/u?email=sato@example.co.jp&x=1", "sato@example.co.jp"),
        ("/u?email=sato%40example.co.jp&x=1", "sato%40example.co.jp"),
        ("%73ato%40example%2eco%2Ejp", "%73ato%40example%2eco%2Ejp"),
        (r"s\u0061to\u0040example.co.jp", r"s\u0061to\u0040example.co.jp"),
        (r'"{\"email\":\"s\\u0041to@example.co.jp\"}"', r"s\\u0041to@example.co.jp"),
        (r"\u003csato@example.co.jp\u003e", "sato@example.co.jp"),
        (r"line\nsato@example.co.jp\nline", "sato@example.co.jp"),
        ("sato&#64;example.co.jp", "sato&#64;example.co.jp"),
        ("sato&#x40;example.co.jp", "sato&#x40;example.co.jp"),
        (r"GET /sato\x40example.co.jp HTTP", r"sato\x40example.co.jp"),
        ("sa=74o=40exam=\nple.co.jp", "sa=74o=40exam=\nple.co.jp"),
        ("sato=40example=\r\n.co.jp", "sato=40example=\r\n.co.jp"),
        ("担当sato@example.co.jpまで", "sato@example.co.jp"),
        ("\x1b$B;34\x1b(Bsato@example.co.jp", "sato@example.co.jp"),
        ("...sato@example.co.jp...", "sato@example.co.jp"),
        ("sato@example.co.jp@example.com", "sato@example.co.jp"),
    ],
)
def test_an_address_is_found_in_every_spelling(text: str, spelled: str) -> None:
    assert found(text) == [spelled]
    assert re.search(search_pattern([SATO]), text), "what is in a text must be found in the store too"


@pytest.mark.parametrize(
    "text",
    [
        "taro.sato@example.co.jp",
        "xsato@example.co.jp",
        "taro+sato@example.co.jp",
        "o'sato@example.co.jp",
        "sato@example.co.jp.example.com",
        "sato@example.co.jpn",
        "sato@sub.example.co.jp",
        "sato @example.co.jp",
        "sato@example.co",
        "sato",
        "@",
        "",
    ],
)
def test_another_address_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_addresses_of_other_scripts_are_found_escaped_and_not() -> None:
    text = r"müller@beispiel.de m\u00fcller@beispiel.de 佐藤@例え.jp \u4f50\u85e4@\u4f8b\u3048.jp"
    assert found(text, "müller@beispiel.de", "佐藤@例え.jp") == text.split()
    assert all(re.search(search_pattern(["müller@beispiel.de", "佐藤@例え.jp"]), one) for one in text.split())


def test_of_two_ways_to_read_a_place_the_wanted_one_counts() -> None:
    # As quoted-printable `=ad` were a byte; as it stands it is the end of a key and the beginning of adam.
    assert found("email=adam@example.com", "adam@example.com") == ["adam@example.com"]


@pytest.mark.parametrize(
    "text", ["a" * 1_000_000, "@" * 20_000, "a/" * 200_000 + "@b", "a@" * 20_000, "=\n" * 100_000 + "@"]
)
def test_hostile_text_takes_no_longer_than_other_text(text: str) -> None:
    started = time.process_time()
    found(text)
    assert time.process_time() - started < 10
