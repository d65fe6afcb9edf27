"""Statements of the form "this is part of that", followed to their end."""

from collections.abc import Mapping


def ends(links: Mapping[str, str]) -> dict[str, str]:
    """Where each chain of links ends: of a -> b and b -> c, both a and b at c. What ends at itself is left out.

    links: in the order in which they were stated. Of links that form a circle the one stated first is void, as a later
    statement holds against an earlier one.
    """
    stated = {name: number for number, name in enumerate(links)}
    found: dict[str, str] = {}
    for start in links:
        path: dict[str, None] = {}
        at = start
        while at in links and at not in found and at not in path:
            path[at] = None
            at = links[at]
        if at in path:
            steps = list(path)
            at = min(steps[steps.index(at) :], key=stated.__getitem__)
        found |= dict.fromkeys(path, found.get(at, at))
    return {name: end for name, end in found.items() if name != end}
