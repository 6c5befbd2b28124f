"""Delimited text to rows, exactly: encoding, separator, the physical line on which each row begins, ragged rows told apart."""

from __future__ import annotations

import codecs
import csv
import gzip
import re
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from itertools import islice
from pathlib import Path

SEPARATORS = ",;\t|"
CHUNK = 1 << 20
_NOT_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")

Batch = tuple[list[int], list[list[str]], list[int]]  # lines, their rows, lines of ragged rows


class Unusable(Exception):
    """A file that cannot be a part of its table; the message completes the sentence `<path> ...`."""


class NoHeader(Unusable):
    """A file without a header: the same as no file."""


class Unreadable(Unusable):
    """A file that could not be read this time; another time it may be."""


@dataclass(frozen=True)
class Layout:
    """How a foreign file is written: its separator, the physical lines before its header, the names of one that has no header."""

    separator: str
    skip: int = 0
    header: tuple[str, ...] = ()


@dataclass(frozen=True)
class Survey:
    """What one pass over the bytes says: enough to choose how to read them."""

    encoding: str
    size: int  # bytes of text, after decompression
    lines: int  # physical lines, the last one counted with or without its line end
    quoted: bool
    odd: bool  # a lone CR ends a line, or a blank stands before a quote: parsers differ


def open_bytes(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def survey(path: Path) -> Survey:
    """Reads the file once. Unusable when it is no text, or a gzip file that is cut off."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, cp1252, odd, size, newlines, quotes, last = True, True, False, 0, 0, 0, b""
    try:
        with open_bytes(path) as file:
            while True:
                chunk = file.read(CHUNK)
                if utf8:
                    try:
                        decoder.decode(chunk, final=not chunk)
                    except UnicodeDecodeError:
                        utf8 = False
                if not chunk:
                    break
                if size == 0 and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    raise Unusable("is UTF-16 text; save it as UTF-8")
                cp1252 = cp1252 and not _NOT_CP1252.search(chunk)
                seam = last + chunk  # a pair of bytes may straddle two chunks
                odd = odd or seam.count(b"\r") > seam.count(b"\r\n") + seam.endswith(b"\r") or b' "' in seam
                size, newlines, quotes, last = size + len(chunk), newlines + chunk.count(b"\n"), quotes + chunk.count(b'"'), chunk[-1:]
    except (EOFError, zlib.error):
        raise Unusable("is a gzip file that is cut off or damaged") from None
    except gzip.BadGzipFile:
        raise Unusable("is not a gzip file, though its name says so") from None
    except OSError as error:
        raise Unreadable(f"cannot be read ({error.strerror or error})") from None
    if not utf8 and not cp1252:
        raise Unusable("is neither UTF-8 nor cp1252 text")
    return Survey("utf-8-sig" if utf8 else "cp1252", size, newlines + (size > 0 and last != b"\n"), quotes > 0, odd or last == b"\r")


class Delimited:
    """A delimited text file: `header`, then `batches()` of rows. NoHeader when it is empty.

    The names of the columns are known, so its separator is the one that shows most of them, unless `layout` says it.
    """

    def __init__(self, path: Path, known: Survey, names: set[str], layout: Layout | None = None) -> None:
        self.path, self.survey = path, known
        with self._open() as file:
            first = next((line for line in file if line.strip()), "")
        if not first:
            raise NoHeader("is empty: it has not even a header")
        shown = {s: sum(n.strip().lower() in names for n in next(csv.reader([first], delimiter=s))) for s in SEPARATORS}
        self.separator = layout.separator if layout else max(SEPARATORS, key=shown.__getitem__)
        if layout and layout.header:
            self.header, self.header_lines = list(layout.header), 0
            return
        with self._open() as file:
            skip = layout.skip if layout else 0
            lines = _Lines(islice(file, skip, None))
            start, self.header = next((line, fields) for line, fields in self._records(lines, skip + 1) if fields)
            self.header_lines = start + len(lines.taken) - 1  # physical lines up to the header's end

    @property
    def decimal_comma(self) -> bool:
        return self.separator != ","

    def _open(self) -> TextIOWrapper:
        return TextIOWrapper(open_bytes(self.path), encoding=self.survey.encoding, newline="")

    def batches(self, size: int = 50_000) -> Iterator[Batch]:
        """The rows under the header, some at a time, in file order. Empty lines are no rows."""
        lines, rows, ragged = list[int](), list[list[str]](), list[int]()
        width = len(self.header)
        with self._open() as file:
            for _ in islice(file, self.header_lines):
                pass
            for numbers, records in self._blocks(_Lines(file), self.header_lines + 1):
                if set(map(_width, records)) == {width}:
                    lines += numbers
                    rows += records
                else:
                    lines += [i for i, row in zip(numbers, records, strict=True) if _width(row) == width]
                    rows += [row for row in records if _width(row) == width]
                    ragged += [i for i, row in zip(numbers, records, strict=True) if _width(row) not in (width, 0)]
                if len(rows) + len(ragged) >= size:
                    yield lines, rows, ragged
                    lines, rows, ragged = [], [], []
        yield lines, rows, ragged

    def _blocks(self, lines: _Lines, line: int) -> Iterator[tuple[Sequence[int], list]]:
        """(lines, records) of some hundred lines at a time. Where they have no quote a line is a record, which is fast."""
        while block := lines.block():
            end = line + len(block)
            if '"' not in "".join(block):
                yield range(line, end), list(csv.reader(block, delimiter=self.separator))
                line = end
                continue
            lines.again(block)
            numbers, records = list[int](), list[list[str] | None]()
            for start, fields in self._records(lines, line):
                numbers.append(start)
                records.append(fields)
                line = start + len(lines.taken)
                if line >= end:
                    break
            lines.taken.clear()
            yield numbers, records

    def _records(self, lines: _Lines, line: int) -> Iterator[tuple[int, list[str] | None]]:
        """(line, fields) of each record; None for one that cannot be read.

        A quote that is never closed would swallow the rows after it. The strict parser notices; then only the line on which the
        quote stands is at fault, and reading goes on with the line after it.
        """
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        while True:
            try:
                fields: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fields = self._alone(lines.taken[0])
                lines.again(lines.taken[1:])
                del lines.taken[1:]
            yield line, fields
            line += len(lines.taken)
            lines.taken.clear()

    def _alone(self, line: str) -> list[str] | None:
        """The fields of a line that the strict parser refused, or None where a quote stays open."""
        fields = next(csv.reader([line], delimiter=self.separator), [])
        return None if fields and fields[-1].endswith(("\n", "\r")) else fields


class _Lines:
    """Lines that remember which were taken for a record, and can be given again."""

    def __init__(self, source: Iterator[str]) -> None:
        self.source, self.taken, self.pending = source, list[str](), deque[str]()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.taken.append(self.pending.popleft() if self.pending else next(self.source))
        return self.taken[-1]

    def again(self, lines: list[str]) -> None:
        self.pending.extendleft(reversed(lines))

    def block(self, size: int = 2_000) -> list[str]:
        """The next lines, as of no record."""
        pending = [*self.pending]
        self.pending.clear()
        return pending + list(islice(self.source, size))


def _width(fields: list[str] | None) -> int:
    return -1 if fields is None else len(fields)
