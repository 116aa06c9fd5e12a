"""Text that a spreadsheet shows instead of running it.

What a caller says, a file is named or a manifest holds ends up in cells. A spreadsheet program that
opens a CSV file takes a cell that begins like a formula for one, and a formula can start programs
and send cells away.
"""

from __future__ import annotations

# As OWASP lists them ("CSV Injection"); the wide ones are read as formulas by Japanese Excel.
FORMULA_STARTS = ('=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠')


def safe_cell(value: str) -> str:
    """The text, with a leading apostrophe where a spreadsheet would take it for a formula.

    For text only: a number is written as it is, or -3.5 would become text.
    """
    return "'" + value if value.startswith(FORMULA_STARTS) else value
