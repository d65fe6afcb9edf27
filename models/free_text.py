"""Free text that names no person by address: who is forgotten is looked for where people are declared."""

import re
import unicodedata

_HOLDS_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.[A-Za-z]{2,}")


def holds_address(text: str) -> bool:
    """Whether a text holds a mail address, however wide it is written: `sato＠aozora.example` is one."""
    return bool(_HOLDS_ADDRESS.search(unicodedata.normalize("NFKC", text)))
