"""How often each key may be used: a bucket of tokens a key, in this collector's memory alone."""


class Rates:
    """Buckets of two seconds' worth of requests, filled evenly. Several collectors have one each for the same key."""

    def __init__(self, per_s: int) -> None:
        """per_s: requests a second; 0: as many as come."""
        self._per_s = per_s
        self._most = 2.0 * per_s
        # Known keys only, so there are few.
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_s(self, key: str, now_s: float) -> float:
        """0 where the request may go on, and it is counted; else how long until the next may."""
        if not self._per_s:
            return 0.0
        left, since = self._buckets.get(key, (self._most, now_s))
        left = min(self._most, left + (now_s - since) * self._per_s)
        allowed = left >= 1.0
        self._buckets[key] = (left - 1.0 if allowed else left, now_s)
        return 0.0 if allowed else (1.0 - left) / self._per_s
