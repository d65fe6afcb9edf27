"""What is shown of a contact, of what was declared of her and what sources told."""

from typing import NamedTuple

from models.facts import ContactDeclared, ContactDescribed, Seniority
from models.people.function_words import Function
from models.people.titles import read_title


class Shown(NamedTuple):
    """name, title, department: as written, empty where nobody told. seniority, function: as declared or read."""

    name: str
    title: str
    department: str
    seniority: Seniority
    function: Function


def shown(declared: ContactDeclared | None, described: ContactDescribed | None) -> Shown:
    """What is declared before what a source told, and a declared seniority before what the shown title says."""
    told = (declared, described)
    name, title, department = (
        next((value for one in told if one is not None and (value := str(getattr(one, field)))), "")
        for field in ("name", "title", "department")
    )
    read = read_title(title, department)
    seniority = read.seniority
    if declared is not None and (declared.seniority != "unknown" or not declared.title_tells):
        seniority = declared.seniority
    return Shown(name, title, department, seniority, read.function)
