"""Mails that no person wrote: automatic replies, notices of absence, delivery reports. They are kept and score 0.

- `delivery_report`: what a mail server says became of a mail (RFC 3464), and receipts (RFC 8098).
- `auto_reply`: an answer that a program gave (RFC 3834, and what came before it), in English and Japanese.
- `automatic`: what a program sent of itself, by its own word.

`Precedence: bulk` and `list` say nothing: people who write to mailing lists have it on their mails. Of a subject only
its first words are looked at, and nothing of it is kept.
"""

import re
from collections.abc import Mapping
from email.errors import MessageError
from email.header import decode_header, make_header

_DAEMON = re.compile(r"(?:^|[<\s\"])mailer-daemon(?:@|\s|$)", re.IGNORECASE)
_REPORT = re.compile(
    r"multipart/report\b.*report-type\s*=\s*\"?(delivery-status|disposition-notification)", re.I | re.S
)
_OPENING = r"[【\[［(（<\s]*"
_SURE = re.compile(
    r"automatic reply|auto[- ]?reply|auto(?:matic)?[- ]?response|out of (?:the )?office(?: auto ?reply| reply)?\s*[:：]"
    rf"|{_OPENING}(?:自動(?:応答|返信|回答)|不在(?:通知|応答|返信))",
    re.IGNORECASE,
)
# People write these too, but hardly as an answer.
_LIKELY = re.compile(
    r"out of (?:the )?office|ooo\b|on vacation"
    rf"|{_OPENING}(?:不在(?:連絡|の(?:お知らせ|ご連絡|ため|為))|休暇(?:中|の(?:お知らせ|ため)))",
    re.IGNORECASE,
)
_ISO_2022_JP = re.compile(r"\x1b\$[@B]")
_MOST_SUBJECT = 1000


def mail_machine(mail: Mapping[str, list[str]]) -> str:
    """Why a mail is no person's: `delivery_report`, `auto_reply` or `automatic`; '' for a person's.

    mail: its headers by their names in lower case, as they were written.
    """

    def first(name: str) -> str:
        return next(iter(mail.get(name, [])), "").strip()

    if _REPORT.match(first("content-type")) or "x-failed-recipients" in mail or _DAEMON.search(first("from")):
        return "delivery_report"
    submitted = re.split(r"[;(\s]", first("auto-submitted").lower(), maxsplit=1)[0]
    if submitted == "auto-replied" or first("precedence").lower() == "auto_reply":
        return "auto_reply"
    if any(name in mail for name in ("x-autoreply", "x-autorespond", "x-autoresponder")):
        return "auto_reply"
    subject = _readable(first("subject")).strip()
    is_reply = "in-reply-to" in mail or "references" in mail
    if _SURE.match(subject) or (is_reply and _LIKELY.match(subject)):
        return "auto_reply"
    # Exchange puts the header on what it sends of itself, and programs on what nobody is to answer automatically.
    suppressed = first("x-auto-response-suppress").lower() not in ("", "none")
    return "automatic" if suppressed or submitted not in ("", "no") else ""


def _readable(subject: str) -> str:
    subject = subject[:_MOST_SUBJECT]
    if _ISO_2022_JP.search(subject):
        return subject.encode("utf-8", "replace").decode("iso2022_jp", "replace")
    if "=?" not in subject:
        return subject
    try:
        return str(make_header(decode_header(subject)))
    except (MessageError, LookupError, ValueError):
        return subject
