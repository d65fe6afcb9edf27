"""Statements of the form "this is part of that", followed to their end."""

from collections.abc import Callable, Mapping
from typing import Any


def ends(links: Mapping[str, str], stated: Callable[[str], Any]) -> dict[str, str]:
    """Where each chain of links ends: of a -> b and b -> c, both a and b at c. What ends at itself is left out.

    stated: when a link was stated, by the name it leads from. Of links that form a circle the one stated first is void,
    as a later statement holds against an earlier one. It is asked for those of circles only.
    """
    found: dict[str, str] = {}
    for start in links:
        path: dict[str, None] = {}
        at = start
        while at in links and at not in found and at not in path:
            path[at] = None
            at = links[at]
        if at in path:
            steps = list(path)
            at = min(steps[steps.index(at) :], key=stated)
        found |= dict.fromkeys(path, found.get(at, at))
    return {name: end for name, end in found.items() if name != end}
