"""What the columns and statuses of attendee lists are called, in Japanese and English. Documented in
docs/sources/attendees.md."""

import unicodedata
from typing import Literal

# happened, registered, exchanged: three times that a row may tell.
Column = Literal["email", "name", "company", "happened", "registered", "exchanged", "event", "status"]

# Names of people are known so that a header line is recognised by them; nothing reads those columns.
COLUMNS: dict[Column, tuple[str, ...]] = {
    "email": (
        *("メールアドレス", "メール", "Eメール", "E-mail", "Email", "Mail"),
        *("E-mail Address", "Email Address", "Mail Address"),
    ),
    "name": ("氏名", "名前", "姓", "名", "Name", "Full Name", "First Name", "Last Name"),
    "company": ("会社名", "企業名", "会社", "勤務先", "Company", "Company Name", "Organization"),
    "happened": (
        *("日時", "参加日時", "入室日時", "来場日時", "スキャン日時"),
        *("Join Time", "Scan Time", "Date", "Timestamp"),
    ),
    "registered": ("登録日時", "Registration Time"),
    "exchanged": ("名刺交換日", "交換日"),
    "event": ("イベント名", "セミナー名", "展示会名", "Event", "Event Name", "Webinar", "Topic"),
    "status": ("参加状況", "出欠", "ステータス", "出席", "Attended", "Status"),
}
STATUSES: dict[str, tuple[str, ...]] = {
    "event.attended": ("出席", "参加", "参加済", "参加済み", "はい", "○", "◯", "〇", "Attended", "Yes"),
    "event.no_show": ("欠席", "不参加", "いいえ", "×", "✕", "No", "No Show", "No-Show"),
    "event.registered": ("登録", "登録済", "登録済み", "申込", "申込済", "申込済み", "Registered"),
}


def folded(text: str) -> str:
    """A name without what says nothing: its width, its case, its blanks and line breaks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


_COLUMN_OF: dict[str, Column] = {folded(name): column for column, names in COLUMNS.items() for name in names}
_TYPE_OF = {folded(name): told for told, names in STATUSES.items() for name in names}


def column_of(name: str) -> Column | None:
    """Which column of a list has this name; None for one that nobody reads."""
    return _COLUMN_OF.get(folded(name))


def type_of(status: str) -> str | None:
    """The type of signal that a status stands for, None for an unknown one."""
    return _TYPE_OF.get(folded(status))
