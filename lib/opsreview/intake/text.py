"""Delimited text to rows, exactly: encoding, separator, the physical line on which each row begins, ragged rows told apart."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase, TextIOWrapper
from itertools import islice
from pathlib import Path

SEPARATORS = ",;\t|"
CHUNK = 1 << 20


class Unusable(Exception):
    """A file that cannot be a part of its table; the message completes the sentence `<path> ...`."""


@dataclass(frozen=True)
class Survey:
    """What one pass over the bytes says: enough to choose how to read them."""

    encoding: str
    size: int  # bytes of text, after decompression
    lines: int  # physical lines, the last one counted with or without its line end
    quoted: bool
    odd_line_ends: bool  # some line ends in a lone CR


def open_bytes(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.name.lower().endswith(".gz") else path.open("rb")  # type: ignore[return-value]


def survey(path: Path) -> Survey:
    """Reads the file once. Unusable when it is no text, or a gzip file that ends too early."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, size, newlines, quotes, returns, pairs, last = True, 0, 0, 0, 0, 0, b""
    try:
        with open_bytes(path) as file:
            while chunk := file.read(CHUNK):
                if size == 0 and chunk[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    raise Unusable("is UTF-16 text; save it as UTF-8")
                if utf8:
                    try:
                        decoder.decode(chunk)
                    except UnicodeDecodeError:
                        utf8 = False
                size += len(chunk)
                newlines += chunk.count(b"\n")
                quotes += chunk.count(b'"')
                returns += chunk.count(b"\r")
                pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
                last = chunk[-1:]
    except (EOFError, zlib.error):
        raise Unusable("is a gzip file that is cut off or damaged") from None
    except gzip.BadGzipFile:
        raise Unusable("is not a gzip file, though its name says so") from None
    except OSError as error:
        raise Unusable(f"cannot be read ({error.strerror or error})") from None
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    lines = newlines + (size > 0 and last != b"\n")
    return Survey("utf-8-sig" if utf8 else "cp1252", size, lines, quotes > 0, returns > pairs)


class Delimited:
    """A delimited text file: `header`, then `batches()` of rows. Unusable when it has no header of its table."""

    def __init__(self, path: Path, known: Survey, names: set[str]) -> None:
        self.path, self.survey, self.names = path, known, names
        with self._open() as file:
            first = next((line for line in _checked(file) if line.strip("\r\n")), "")
        if not first.strip():
            raise Unusable("is empty: it has not even a header")
        # The names of the columns are known, so the separator is the one that shows most of them.
        self.separator = max(SEPARATORS, key=lambda s: (sum(_plain(n) in names for n in _fields(first, s)), -SEPARATORS.index(s)))
        with self._open() as file:
            rows = self._records(file, None)
            start, header = next(rows)
            self.header: list[str] = header or []
            self.header_lines = start + sum(n.count("\n") for n in self.header)

    def _open(self) -> TextIOWrapper:
        return TextIOWrapper(open_bytes(self.path), encoding=self.survey.encoding, newline="")

    def batches(self, size: int = 50_000) -> Iterator[tuple[list[int], list[list[str]], list[int]]]:
        """(lines, rows, lines of ragged rows), some rows at a time, in file order. Empty lines are no rows."""
        width = len(self.header)
        with self._open() as file:
            rows = self._records(file, width)
            next(rows)
            while batch := list(islice(rows, size)):
                good = [(line, row) for line, row in batch if row is not None]
                yield [line for line, _ in good], [row for _, row in good], [line for line, row in batch if row is None]

    def _records(self, file: TextIOWrapper, width: int | None) -> Iterator[tuple[int, list[str] | None]]:
        """(line, fields) of each record, the header first; fields are None where the row is ragged.

        A quote that is never closed would swallow the rows after it. The strict parser notices; then only the line on which the
        quote stands is at fault, and reading goes on with the line after it.
        """
        lines = _Lines(_checked(file))
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        line = 1
        while True:
            try:
                fields: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error:
                fields = _alone(lines.taken[0], self.separator)
                lines.again(lines.taken[1:])
                taken = 1
            else:
                taken = len(lines.taken)
            lines.taken.clear()
            if fields != []:
                fits = fields is not None and (width is None or len(fields) == width)
                yield line, fields if fits else None
                if width is None:
                    return
            line += taken


class _Lines:
    """Lines that remember which were taken, and can be given again."""

    def __init__(self, source: Iterator[str]) -> None:
        self.source, self.taken, self.pending = source, [], deque()  # type: ignore[var-annotated]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.pending.popleft() if self.pending else next(self.source)
        self.taken.append(line)
        return line

    def again(self, lines: list[str]) -> None:
        self.pending.extendleft(reversed(lines))


def _checked(file: TextIOWrapper) -> Iterator[str]:
    try:
        yield from file
    except UnicodeDecodeError:
        raise Unusable("is neither UTF-8 nor cp1252 text") from None


def _alone(line: str, separator: str) -> list[str] | None:
    """The fields of a line that the strict parser refused, or None where a quote stays open."""
    fields = next(csv.reader([line], delimiter=separator), [])
    return None if fields and fields[-1].endswith(("\n", "\r")) else fields


def _fields(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _plain(name: str) -> str:
    return name.strip().lower()
