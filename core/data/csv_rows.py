"""A learner's CSV as rows of text cells: encoding, separator, header and line numbers are worked out here."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from core.data.table import DataError, counted, shown

LARGEST_FILE = 50_000_000
MOST_COLUMNS = 5_000
MOST_CELLS = 5_000_000
SAMPLE = 40
"""How many rows are looked at to guess the separator and the header."""

MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "-nan", "null", "?"})
INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})

_NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)
_POINT_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_SEPARATORS = ("\t", ";", ",")  # on a tie the earlier wins: a comma may be a decimal comma
_BINARY = (
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"\x93NUMPY", "a NumPy .npy array; save X and Y together with np.savez as an .npz file"),
    (b"\x89HDF", "an HDF5 file; export its table as CSV"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF document; copy its table into a spreadsheet and save that as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; open it in a spreadsheet and save it as CSV"),
    (b"PAR1", "a Parquet file; export its table as CSV"),
    (b"SQLite format 3", "an SQLite database; export its table as CSV"),
    (b"\xff\xfe", "text in UTF-16; save it as CSV in UTF-8"),
    (b"\xfe\xff", "text in UTF-16; save it as CSV in UTF-8"),
)


@dataclass(frozen=True)
class Rows:
    """The cells of a file, stripped; every row has as many as the first. `lines` are the rows' line numbers from 1."""

    cells: list[list[str]]
    lines: list[int]
    header: tuple[str, ...] | None
    header_line: int
    separator: str
    source: str

    def place(self, row: int, column: int) -> str:
        """Return `points.csv, line 3, column 2 ('height')` for a row and column counted from 0."""
        return f"{self.source}, line {self.lines[row]}, {self.column(column)}"

    def column(self, column: int) -> str:
        """Return `column 2 ('height')`, or `column 2` where there is no header."""
        name = self.header[column] if self.header else ""
        return f"column {column + 1}" + (f" ({shown(name)})" if name else "")


def is_number(cell: str, separator: str) -> bool:
    """Tell whether a cell is a number in plain digits; a decimal comma counts where the separator is not a comma."""
    pattern = _NUMBER if separator in "\t;" else _POINT_NUMBER
    return pattern.fullmatch(cell) is not None


def read_rows(data: bytes, source: str, header: bool | None = None) -> Rows:
    """Read the bytes of a CSV. `header` says whether the first row names the columns; None guesses.

    Raises:
        DataError: if this is not a table of text, is ragged, has no samples, or is too large.
    """
    # np.savetxt writes "# " before a header; before a number it is a line that someone took out.
    text = re.sub(r"\A# (?=[^\d.+-])", "", _decoded(data, source))
    marked = re.match(r"sep=([,;\t])\n", text)  # a first line that Excel writes and reads
    separator = marked[1] if marked else _separator(text)
    cells, lines = _read(text, separator, source, skip=1 if marked else 0)
    if not cells:
        raise DataError(f"{source} is empty; it needs a line of numbers for each sample")
    names, first = None, lines[0]
    if _has_header(cells[: SAMPLE + 1], separator) if header is None else header:
        names = tuple(" ".join(c.split()) for c in cells[0])
        del cells[0], lines[0]
    if not cells:
        raise DataError(f"{source} has only a header (line {first}) and no samples; add a line of numbers for each sample")
    return Rows(cells, lines, names, first, separator, source)


def _decoded(data: bytes, source: str) -> str:
    """Return the text with \\n as its only line ending: UTF-8, else Windows-1252, else Latin-1, which takes any byte."""
    if len(data) > LARGEST_FILE:
        raise DataError(f"{source} is larger than {LARGEST_FILE // 10**6} MB; keep fewer rows or columns of it")
    what = _binary_kind(data)
    if what:
        raise DataError(f"{source} is not a CSV file but {what}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    if re.search(r"[\x00-\x08\x0e-\x1f\x7f]", text):
        raise DataError(f"{source} is not a text file; a CSV file is plain text with a line for each sample")
    start = text[:200].lstrip().lower()
    if start.startswith("<"):
        kind = "a web page (HTML)" if "<html" in start or "<!doctype" in start else "a file of markup, such as HTML or XML"
        raise DataError(f"{source} is not a CSV file but {kind}; download the data itself, often by a link named raw or CSV")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _binary_kind(data: bytes) -> str:
    """Say what a binary file is by its first bytes, or return nothing."""
    if data.startswith(b"PK\x03\x04"):
        if b"xl/" in data[:4000] or b"[Content_Types]" in data[:4000]:
            return "an Excel workbook (.xlsx); open it in a spreadsheet and save it as CSV"
        return "a zip archive; unpack it, or name it .npz if np.savez wrote it"
    if len(data) > 2 and data[0] == 0x80 and data[1] in range(2, 6):
        return "a Python pickle, which is never opened here because it could run code; save the table as CSV"
    return next((what for magic, what in _BINARY if data.startswith(magic)), "")


def _records(text: str, separator: str, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, stripped cells) of each row that is not blank; raises csv.Error."""
    stream: Iterator[str] = io.StringIO(text)
    if separator == " ":
        stream = (" ".join(line.split()) + "\n" for line in stream)
    reader = csv.reader(islice(stream, skip, None), delimiter=separator, strict=True, skipinitialspace=separator != " ")
    while True:
        line = reader.line_num + skip + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        if len(row) > 1 or (row and row[0].strip()):
            yield line, [c.strip() for c in row]


def _sample(text: str, separator: str) -> list[list[str]]:
    found: list[list[str]] = []
    try:
        for _, row in islice(_records(text, separator), SAMPLE):
            found.append(row)
    except csv.Error:
        pass  # What was read until then decides; the fault itself is said by the reading proper.
    return found


def _separator(text: str) -> str:
    """Guess the separator: the one that gives most numbers in rows of equal length; runs of spaces if there is no other."""
    best, highest = "", -1.0
    for separator in _SEPARATORS:
        rows = _sample(text, separator)
        if not rows:
            continue
        width, count = Counter(map(len, rows)).most_common(1)[0]
        if width < 2:
            continue
        body = rows[1:] or rows
        numbers = sum(is_number(c, separator) for row in body for c in row)
        score = count / len(rows) * numbers / sum(map(len, body))
        if score > highest:
            best, highest = separator, score
    if best:
        return best
    spaced = _sample(text, " ")
    return " " if spaced and all(len(row) > 1 for row in spaced) else ","


def _read(text: str, separator: str, source: str, skip: int) -> tuple[list[list[str]], list[int]]:
    cells: list[list[str]] = []
    lines: list[int] = []
    line = 0
    try:
        for line, row in _records(text, separator, skip):
            if not cells:
                if len(row) > MOST_COLUMNS:
                    raise DataError(f"{source} has {len(row)} columns, more than {MOST_COLUMNS}; keep fewer columns of it")
            elif len(row) != len(cells[0]):
                raise DataError(
                    f"{source}, line {line} has {counted(len(row), 'cell')} where line {lines[0]} has {len(cells[0])}; "
                    "give every line the same columns, and put quotes around text that contains the separator"
                )
            cells.append(row)
            lines.append(line)
            if len(cells) * len(row) > MOST_CELLS:
                raise DataError(f"{source} has more than {MOST_CELLS:,} cells; keep fewer rows or columns of it")
    except csv.Error:
        raise DataError(
            f"{source}, after line {line}: a quoted cell does not end where it should; "
            'close its quote, and write a quote inside a quoted cell twice ("")'
        ) from None
    return cells, lines


def _has_header(rows: list[list[str]], separator: str) -> bool:
    """Guess: the first row names the columns if it has text where the column is numeric below.

    A number in that row speaks against it, because it is then more likely a sample with a slip of
    the pen, unless the numbers count 0, 1, 2, … or 1, 2, 3, …, as names that pandas writes do.
    """
    first, below = rows[0], rows[1:]
    texts = [j for j, c in enumerate(first) if c.lower() not in MISSING and not is_number(c, separator)]
    if not below:
        return len(texts) == len(first)
    numbers = [c for c in first if is_number(c, separator)]
    if not any(numbers == [str(i + start) for i in range(len(numbers))] for start in (0, 1)):
        return False
    for j in texts:
        column = [row[j] for row in below if row[j].lower() not in MISSING]
        if column and 2 * sum(is_number(c, separator) for c in column) > len(column):
            return True
    return False
