"""Scores and stages by their definition in docs/score.md, in plain Python: slow, and sharing nothing with the code."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

Profile = dict[str, Any]


def worth(profile: Profile, row: dict[str, Any]) -> float:
    """Points of a row of contact_day on its own day."""
    points = profile["points"]
    told = points.get(f"{row['kind']}.{row['action']}") or points.get(f"{row['kind']}.*")
    person = row["contact_key"].split(":")[0] in ("mail", "id")
    if not told or not person or row["direction"] not in ("inbound", "mutual"):
        return 0.0
    seniority = row["seniority"] if row["seniority"] in ("executive", "management", "staff") else "unknown"
    return float(told["points"] * min(row["touches"], told.get("cap", 1)) * profile["seniority"][seniority])


class Account:
    """The rows of one account, and what follows from them on any day."""

    def __init__(self, profile: Profile, rows: Iterable[dict[str, Any]]) -> None:
        self._profile = profile
        self._points: dict[date, float] = defaultdict(float)
        self._people: dict[date, set[tuple[str, str]]] = defaultdict(set)
        for row in rows:
            if (points := worth(profile, row)) > 0:
                self._points[row["day"]] += points
                self._people[row["day"]].add((row["contact_key"], row["seniority"]))
        self._of_day: dict[date, tuple[float, int, int]] = {}

    def on(self, day: date) -> tuple[float, int, int]:
        """Score, people and managers at the end of a day."""
        if day not in self._of_day:
            half_life = self._profile["half_life_days"]
            ages = [(age, day - timedelta(days=age)) for age in range(10 * half_life + 1)]
            score = sum(self._points[one] * 2 ** (-age / half_life) for age, one in ages if one in self._points)
            lately: set[tuple[str, str]] = set()
            for _, one in ages[: self._profile["people_days"]]:
                lately |= self._people.get(one, set())
            managers = sum(rank in ("executive", "management") for _, rank in lately)
            self._of_day[day] = round(score, 6), len(lately), managers
        return self._of_day[day]

    def stage(self, day: date) -> str:
        """The highest stage whose entry was reached within keep_days and whose lower bound was held since."""
        for stage in reversed(self._profile["stages"]):
            for back in range(self._profile["keep_days"] + 1):
                score, people, managers = self.on(day - timedelta(days=back))
                entry = stage["score"], stage.get("people", 0), stage.get("managers", 0)
                if score >= entry[0] and people >= entry[1] and managers >= entry[2]:
                    return str(stage["name"])
                if score < stage["leave_below"]:
                    break
        return "unaware"

    def transitions(self, first: date, last: date) -> list[tuple[date, str, str]]:
        """Each day from first to last on which the stage is another than on the day before, with both."""
        found, day, before = [], first, self.stage(first - timedelta(days=1))
        while day <= last:
            now = self.stage(day)
            if now != before:
                found.append((day, before, now))
            before, day = now, day + timedelta(days=1)
        return found
