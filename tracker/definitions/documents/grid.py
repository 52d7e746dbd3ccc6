"""A document as it lies there: paragraphs and tables of cells, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_BLANKS = " \t\u00a0\u3000"
_ENDS = " \t\r\n\u00a0\u3000\ufeff"


def tidy(text: str) -> str:
    """Lines without blank ones between them and without blanks at their ends, so that Word, Excel
    and plain text give the same cell."""
    joined = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0b", "\n").strip(_ENDS)
    if "\n" not in joined:
        return joined
    # Not by a pattern: one that looks for the end of each run of blanks takes its length squared.
    first, *rest = joined.split("\n")
    lines = [first.rstrip(_BLANKS), *(line.rstrip(_BLANKS).lstrip() for line in rest)]
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True, eq=False)
class Cell:
    """`row` and `column` count from 1 and are those of its upper left corner; a merged cell is one
    object in every place that it covers."""

    text: str
    row: int
    column: int

    def __bool__(self) -> bool:
        return bool(self.text)


@dataclass(frozen=True)
class Row:
    number: int
    cells: tuple[Cell, ...]

    def cell(self, column: int) -> Cell | None:
        """The cell in a column counted from 0."""
        return self.cells[column] if column < len(self.cells) else None

    def own(self, column: int) -> bool:
        """Whether the cell begins in this row, and is not merged from above."""
        cell = self.cell(column)
        return cell is not None and cell.row == self.number

    @property
    def distinct(self) -> list[Cell]:
        """Filled cells, a merged one once."""
        return list(dict.fromkeys(cell for cell in self.cells if cell))


@dataclass(frozen=True)
class Table:
    """`name` is that of its sheet, or empty."""

    number: int
    rows: tuple[Row, ...]
    name: str = ""

    @property
    def width(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)

    def place(self, cell: Cell) -> str:
        return place_of(self.number, cell.row, cell.column)


@dataclass(frozen=True)
class Paragraph:
    number: int
    text: str

    @property
    def place(self) -> str:
        return f"paragraph {self.number}"


Block = Paragraph | Table


@dataclass
class Pages:
    """Blocks in their order; counts paragraphs and tables as they come."""

    blocks: list[Block] = field(default_factory=list)
    paragraphs: int = 0
    tables: int = 0

    def add_text(self, text: str) -> None:
        told = tidy(text)
        if told:
            self.paragraphs += 1
            self.blocks.append(Paragraph(self.paragraphs, told))

    def add_table(self, rows: Iterable[Row], name: str = "") -> None:
        self.tables += 1
        self.blocks.append(Table(self.tables, tuple(rows), name))


def place_of(table: int, row: int, cell: int) -> str:
    return f"table {table} row {row} cell {cell}"


def plain_rows(lines: Iterable[tuple[int, Sequence[str]]]) -> list[Row]:
    """Rows of cells of which none is merged."""
    return [
        Row(number, tuple(Cell(tidy(text), number, at) for at, text in enumerate(cells, start=1)))
        for number, cells in lines
    ]
