"""Sessions: a handle kept between requests, one request at a time, for as long as its timeout."""

import threading
import time
from dataclasses import dataclass, field

from infra.embedded.clickhouse.engine import Handle
from infra.embedded.clickhouse.errors import (
    INVALID_SESSION_TIMEOUT,
    SESSION_IS_LOCKED,
    SESSION_NOT_FOUND,
    QueryError,
)

DEFAULT_TIMEOUT_S = 60
MAX_TIMEOUT_S = 3600
MAX_SESSIONS = 256


@dataclass(slots=True)
class Session:
    """A client's session. `database` is what it chose by USE, as against the database of one request."""

    name: str
    timeout_s: int
    handle: Handle | None = None
    database: str = "default"
    busy: bool = True
    idle_since: float = field(default_factory=time.monotonic)


class Sessions:
    """The sessions of all clients. Safe to use from several threads."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def take(self, name: str, *, must_exist: bool, timeout_s: int) -> Session:
        """Take a session for one request, made when there is none (its handle is for the caller to open).

        Raises QueryError 372 when it must exist and does not, 373 while another request has it.
        """
        self.expire()
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                if must_exist:
                    raise QueryError(SESSION_NOT_FOUND, f"Session {name} not found.")
                if len(self._sessions) >= MAX_SESSIONS and not self._drop_oldest():
                    raise QueryError(
                        202, f"Too many sessions: all {MAX_SESSIONS} are in use", "TOO_MANY_SIMULTANEOUS_QUERIES"
                    )
                self._sessions[name] = session = Session(name, timeout_s)
            elif session.busy:
                raise QueryError(SESSION_IS_LOCKED, f"Session {name} is locked by a concurrent client.")
            session.busy, session.timeout_s = True, timeout_s
            return session

    def give_back(self, session: Session, *, broken: bool = False) -> None:
        """End a request. A session whose handle is in doubt (`broken`) is dropped."""
        with self._lock:
            session.busy, session.idle_since = False, time.monotonic()
            if broken:
                self._drop(session)

    def expire(self) -> None:
        """Drop the sessions that were idle for longer than their timeouts."""
        now = time.monotonic()
        with self._lock:
            for session in list(self._sessions.values()):
                if not session.busy and now - session.idle_since > session.timeout_s:
                    self._drop(session)

    def _drop(self, session: Session) -> None:
        self._sessions.pop(session.name, None)
        if session.handle:
            session.handle.close()

    def _drop_oldest(self) -> bool:
        idle = [session for session in self._sessions.values() if not session.busy]
        if idle:
            self._drop(min(idle, key=lambda session: session.idle_since))
        return bool(idle)


def timeout_of(text: str) -> int:
    """The `session_timeout` parameter in seconds. Raises QueryError 374."""
    if not text:
        return DEFAULT_TIMEOUT_S
    if not text.isdecimal() or not 0 < int(text) <= MAX_TIMEOUT_S:
        raise QueryError(INVALID_SESSION_TIMEOUT, f"Invalid session timeout '{text}': 1 to {MAX_TIMEOUT_S} seconds")
    return int(text)
