"""Keys of contacts in what is stated: as touches have them, or `setten forget` misses people."""

import unicodedata

from pydantic import ValidationError, ValidationInfo

from models.events import Contact
from models.free_text import is_control
from models.statements import STORED


def as_touches_have_it(told: str, info: ValidationInfo) -> str:
    """A contact key as touches have it. Raises ValueError for `mail:` without an address and for control characters.

    Addresses in full width are narrowed. What is stored stays what it is: its id comes from it.
    """
    kind, _, name = told.partition(":")
    if info.context == STORED:
        return told.lower() if kind in ("mail", "host") else told
    if kind in ("mail", "id") and any(map(is_control, told)):
        raise ValueError("it holds a control character: remove it")
    if kind == "mail":
        return f"mail:{_address(name)}"
    return told.lower() if kind == "host" else told


def _address(told: str) -> str:
    try:
        known = Contact(email=unicodedata.normalize("NFKC", told)).email
    except ValidationError:
        known = None
    if not known:
        raise ValueError("it is no mail address: write one like mail:sato@example.co.jp")
    return known
