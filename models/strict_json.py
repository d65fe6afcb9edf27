"""JSON as it is taken from strangers: what two readers could understand differently is refused.

A name given twice in one object has as many meanings as there are parsers; NaN and infinities are no JSON; nesting as
deep as a sender likes costs whoever reads it. jiter is the parser inside pydantic, which reads for the contract
(models/events.py), so its limits are the same here and there: 200 levels, well-formed UTF-8.
"""

import jiter

from models.outcomes import Reason


class NotStrict(Exception):
    """A text that is refused. reason, detail: those of its dead letter.

    is_doubled: it is well-formed but for a name given twice, so the bounds of what is in it can be told.
    """

    def __init__(self, reason: Reason, detail: str, *, is_doubled: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.is_doubled = is_doubled


def loads(raw: bytes) -> object:
    """The JSON value of a text in UTF-8, with a byte order mark or not. Raises NotStrict.

    What it builds is some twenty times as large as the text at worst (empty arrays): bound the text first.
    """
    stripped = raw.strip().removeprefix(b"\xef\xbb\xbf")
    if not stripped:
        raise NotStrict(Reason.EMPTY_BODY, "the body is empty")
    try:
        return jiter.from_json(stripped, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        try:
            stripped.decode("utf-8")
        except UnicodeDecodeError as encoding:
            raise NotStrict(Reason.INVALID_UTF8, f"byte {encoding.start} is not UTF-8") from error
        raise NotStrict(Reason.NOT_JSON, f"not JSON: {error}", is_doubled=_is_json(stripped)) from error


def _is_json(text: bytes) -> bool:
    """Whether a text is JSON, if a name may be given twice. UTF-8 without a byte order mark."""
    try:
        jiter.from_json(text, allow_inf_nan=False)
    except ValueError:
        return False
    return True
