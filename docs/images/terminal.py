"""Draw what a command printed as an SVG of a terminal. How the pictures are made: docs/contributing.md.

Every character is placed in its own cell: Rich's export places runs, and Japanese glyphs, which are not twice as wide
as the Latin ones of another font, would push the columns out of line.
"""

import re
import sys
from html import escape

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import MONOKAI
from rich.text import Text

COLUMNS = 100
FONT_SIZE = 16.0
CELL, LINE, MARGIN = 0.602 * FONT_SIZE, 1.164 * FONT_SIZE, 14.0  # advance and height of DejaVu Sans Mono
BACKGROUND, FOREGROUND, FAINT, BRIGHT_RED = "#1e1f24", "#d5d7dd", "#8b8f98", "#ff6b6b"
FONTS = "DejaVu Sans Mono, Noto Sans Mono CJK JP, monospace"


def colour(style: Style) -> str:
    """The text's colour: bright enough to be read on the dark ground."""
    if style.dim:
        return FAINT
    if style.color is None or style.color.is_default:
        return FOREGROUND
    return BRIGHT_RED if style.color.number == 1 else style.color.get_truecolor(MONOKAI).hex


def drawn(segment: Segment, column: int, y: float) -> list[str]:
    """The words of one piece of text, each character at the place of its cell."""
    style = segment.style or Style()
    attributes = f'y="{y:.1f}" fill="{colour(style)}"' + (' font-weight="bold"' if style.bold else "")
    words = []
    for word in re.finditer(r"\S+", segment.text):
        start = column + cell_len(segment.text[: word.start()])
        at = [start + cell_len(word[0][:n]) for n in range(len(word[0]))]
        places = " ".join(f"{MARGIN + cell * CELL:.1f}" for cell in at)
        words.append(f'<text x="{places}" {attributes}>{escape(word[0])}</text>')
    return words


def picture(ansi: str) -> str:
    """The whole picture, of coloured terminal output."""
    console = Console(width=COLUMNS, color_system="truecolor")
    text = Text.from_ansi(ansi.rstrip(), no_wrap=True)
    rows = console.render_lines(text, pad=False)
    shapes: list[str] = []
    for number, row in enumerate(rows):
        column = 0
        for segment in row:
            shapes += drawn(segment, column, MARGIN + number * LINE + FONT_SIZE)
            column += segment.cell_length
    width, height = round(2 * MARGIN + COLUMNS * CELL), round(2 * MARGIN + len(rows) * LINE)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">\n'
        f'<rect width="100%" height="100%" fill="{BACKGROUND}"/>\n'
        f'<g font-family="{FONTS}" font-size="{FONT_SIZE}">\n' + "\n".join(shapes) + "\n</g>\n</svg>\n"
    )


if __name__ == "__main__":
    sys.stdout.write(picture(sys.stdin.read()))
