"""How the collector says no: one form, whatever the protocol, that names what was wrong and never who sent it."""

from starlette.responses import JSONResponse


class Refused(Exception):
    """A request that is not taken. status, code, message: as the sender gets them. retry_s: when to come again."""

    def __init__(self, status: int, code: str, message: str, retry_s: int | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code, self.message, self.retry_s = status, code, message, retry_s

    def response(self) -> JSONResponse:
        """The answer. code and message stand twice: SDKs of Segment's and RudderStack's look for them at the top."""
        error = {"code": self.code, "message": self.message}
        headers = {} if self.retry_s is None else {"Retry-After": str(self.retry_s)}
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="setten"'
        return JSONResponse({"success": False, **error, "error": error}, self.status, headers)


def busy() -> Refused:
    """There is no room for another body now."""
    return Refused(503, "busy", "too much is being received at once: send it again", 5)
