"""Files as the contract has them, the same bytes every time."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from opsreview.intake.schema import TABLES

TIMEZONE = "Europe/London"
IN_UTC = ("carrier_events",)  # carriers tell the time with an offset, the shop's own systems tell local time


def write_table(frame: pd.DataFrame, table: str, path: Path) -> None:
    """Writes the contract's columns that `frame` has, in the contract's order, as the extension says: .csv, .csv.gz, .parquet, .xlsx."""
    data = to_arrow(frame, table)
    if path.suffix == ".parquet":
        pq.write_table(data, path, compression="zstd")
    elif path.suffix == ".xlsx":
        path.write_bytes(_xlsx(data))
    else:
        text = _csv(data)
        path.write_bytes(_gzip(text) if path.suffix == ".gz" else text)


def to_arrow(frame: pd.DataFrame, table: str) -> pa.Table:
    """The frame in the contract's types: dates as days, timestamps as local seconds (as UTC in `IN_UTC`), empty as null."""
    schema = TABLES[table]
    columns = {}
    for column in schema.columns:
        if column.name in frame.columns:
            values = pa.array(frame[column.name], from_pandas=True)
            if column.type == "date" or column.name.startswith("promised_"):
                values = values.cast(pa.timestamp("s")).cast(pa.date32())
            elif column.type == "timestamp" and table in IN_UTC:
                local = frame[column.name].dt.tz_localize(TIMEZONE, ambiguous=True, nonexistent="shift_forward")
                values = pa.array(local.dt.tz_convert("UTC"), from_pandas=True).cast(pa.timestamp("s", "UTC"))
            elif column.type == "timestamp":
                values = values.cast(pa.timestamp("s"))
            columns[column.name] = values
    return pa.table(columns)


def _csv(data: pa.Table) -> bytes:
    for i, column in enumerate(data.schema):
        if pa.types.is_timestamp(column.type):
            data = data.set_column(i, column.name, pc.strftime(data[i], format="%Y-%m-%dT%H:%M:%S" + ("Z" if column.type.tz else "")))
    out = io.BytesIO()
    out.write((",".join(data.column_names) + "\n").encode())
    rows = io.BytesIO()
    try:
        pa_csv.write_csv(data, rows, pa_csv.WriteOptions(include_header=False, quoting_style="none"))
    except pa.ArrowInvalid:  # some text holds a comma or a quote
        rows = io.BytesIO()
        pa_csv.write_csv(data, rows, pa_csv.WriteOptions(include_header=False, quoting_style="needed"))
    out.write(rows.getvalue())
    return out.getvalue()


def _gzip(data: bytes) -> bytes:
    """gzip without a name or a time in it."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0, compresslevel=6) as file:
        file.write(data)
    return out.getvalue()


_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_OOXML = "http://schemas.openxmlformats.org"
_MAIN, _RELATIONS, _TYPES = (
    f"{_OOXML}/spreadsheetml/2006/main",
    f"{_OOXML}/package/2006/relationships",
    f"{_OOXML}/package/2006/content-types",
)
_OFFICE, _KIND = f"{_OOXML}/officeDocument/2006/relationships", "application/vnd.openxmlformats-"
_XLSX = {
    "[Content_Types].xml": f'{_XML}<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="{_KIND}package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}officedocument.spreadsheetml.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'{_XML}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="export" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'{_XML}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}


def _xlsx(data: pa.Table) -> bytes:
    """A workbook of one sheet, written by hand so that no clock gets into it; for small tables."""

    def cell(value) -> str:
        if value is None:
            return "<c/>"
        if isinstance(value, int | float) and not isinstance(value, bool):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    rows = [data.column_names, *zip(*(column.to_pylist() for column in data.columns), strict=True)]
    sheet = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    files = _XLSX | {"xl/worksheets/sheet1.xml": f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{sheet}</sheetData></worksheet>'}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return out.getvalue()
