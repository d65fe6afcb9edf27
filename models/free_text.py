"""Free text that names no person by address: who is forgotten is looked for where people are declared.

And text that commands nobody's terminal: what others wrote is shown, not done.
"""

import re
import unicodedata

# They turn the direction of what follows, so that a text reads as another one.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_COMMANDS = frozenset(("Cc", "Cs", "Zl", "Zp"))
_HOLDS_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.[A-Za-z]{2,}")


def holds_address(text: str) -> bool:
    """Whether a text holds a mail address, however wide it is written: `sato＠aozora.example` is one."""
    return bool(_HOLDS_ADDRESS.search(unicodedata.normalize("NFKC", text)))


def is_control(char: str) -> bool:
    """Whether a character commands instead of being read: control, half of a character, line end, turn of bidi."""
    return char in _BIDI or unicodedata.category(char) in _COMMANDS


def readable(text: str) -> str:
    """A name as it is, in quotes and escaped where not all of it can be printed."""
    return text if text.isprintable() else repr(text)
