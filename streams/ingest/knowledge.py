"""What a worker knows of the facts: the directory, which facts are in it, and what it was a while ago.

Other workers store facts too, and bind them. So what the contact-days are bound to may be a directory that this worker
had some readings ago, or one between two of its readings.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from infra.store import DirectoryState, Store
from models.directory import Directory
from models.facts import StatementErased
from models.folding import News, extended

# How long a fact may take from being given its time by ClickHouse to being seen by whoever asks. Where it takes longer
# the number of facts does not come out, and all are read again.
_LATE_US = 30_000_000
# More than so many are read with all the others: that reads less.
_MOST_NEWS = 200_000


class Reading(NamedTuple):
    """The directory of so many facts. news: what it changed of the reading before; None where nobody knows."""

    facts: int
    directory: Directory
    news: News | None


class Unbound(NamedTuple):
    """What is to be bound. old: a directory that the contact-days are bound to, at least. news: what changed since.

    exactly: they are bound to nothing else. Otherwise to some of what changed since, perhaps to what was taken back
    again since.
    """

    old: Directory
    news: News | None
    exactly: bool


class Knowledge:
    """One per worker. Parses and folds, at each reading, the facts since the last one, however many there are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: set[str] = set()
        self._seen_us = 0  # up to when, by ClickHouse's clock, surely everything was read
        self._readings = [Reading(0, Directory(), News())]

    @property
    def facts(self) -> int:
        """Of how many facts the directory is the fold."""
        return self._readings[-1].facts

    @property
    def directory(self) -> Directory:
        """The directory of all facts read so far; its epoch is their number."""
        return self._readings[-1].directory

    def read(self, state: DirectoryState) -> None:
        """Take in the facts that were stored since the last time. state: of the store, as of now."""
        if state.facts != self.facts and not self._read_news(state.facts):
            self._read_all()
        self._forget_before(state.bound_facts)

    def unbound(self, bound_facts: int) -> Unbound | None:
        """What is to be bound where the contact-days are bound to so many facts; None if nobody knows: everything."""
        bound = self._readings[0]
        if bound.facts > bound_facts:
            return None
        news = _together([reading.news for reading in self._readings[1:]])
        exactly = bound.facts == bound_facts
        if not exactly and (news is None or news.accounts):
            return None
        return Unbound(bound.directory, news, exactly)

    def _forget_before(self, bound_facts: int) -> None:
        """Keep the last reading of which everything is bound, and those that came after it."""
        while len(self._readings) > 1 and self._readings[1].facts <= bound_facts:
            del self._readings[0]

    def _read_news(self, facts: int) -> bool:
        """Read what was stored lately; answers whether that is all that was missing.

        Facts are only ever added, but for erasures, and these add more than they remove. So if the number comes out,
        and none of what was added is of an erasure, nothing was missed.
        """
        if not self._ids:
            return False
        lately, latest_us = self._store.facts_since(self._seen_us - _LATE_US)
        unknown = list(dict.fromkeys(one for one in lately if one not in self._ids))
        if len(unknown) > _MOST_NEWS:
            return False
        found = self._store.facts_of(unknown)
        if len(self._ids) + len(found) < facts or any(isinstance(one, StatementErased) for one in found.values()):
            return False
        # More may have come since the number was asked for. Or a fact is gone.
        number = len(self._ids) + len(found)
        if number > facts and number != self._store.directory_state().facts:
            return False
        self._ids.update(found)
        self._seen_us = max(self._seen_us, latest_us)
        directory, news = extended(self.directory, list(found.values()), len(self._ids))
        self._readings.append(Reading(len(self._ids), directory, news))
        return True

    def _read_all(self) -> None:
        # Asked for first: what is stored meanwhile is met again then.
        _, latest_us = self._store.facts_since(self._seen_us)
        self._seen_us = max(self._seen_us, latest_us)
        found = self._store.facts_by_id()
        self._ids = set(found)
        directory, _ = extended(Directory(), list(found.values()), len(found))
        news = None if self.facts else _everything(directory)
        self._readings.append(Reading(len(found), directory, news))


def _everything(directory: Directory) -> News:
    return News(accounts=True, people=set(directory.people), revenue=set(directory.revenue))


def _together(news: Sequence[News | None]) -> News | None:
    if any(one is None for one in news):
        return None
    known: Iterable[News] = [one for one in news if one is not None]
    both = News()
    for one in known:
        both.accounts |= one.accounts
        both.people |= one.people
        both.revenue |= one.revenue
    return both
