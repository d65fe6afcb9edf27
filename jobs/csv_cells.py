"""Text in CSV that a spreadsheet opens: a cell of somebody else's words must not be a formula."""

# A spreadsheet takes a cell that begins so for a formula; it may fetch what its author likes.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def harmless(cell: str) -> str:
    """The cell, with an apostrophe before it where a spreadsheet would compute it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
