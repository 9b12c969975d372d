"""Lists of people: what a file is, its encoding and delimiter, and one bad line that costs itself alone."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.ipc as arrow_ipc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from alpines_privacy.breach.errors import BreachError
from alpines_privacy.breach.sources.delimited import Delimited
from alpines_privacy.breach.sources.detect import Reading, open_list
from alpines_privacy.breach.sources.encoding import read_once
from alpines_privacy.breach.sources.query import Query
from alpines_privacy.breach.sources.source import named_once
from tests.breach.support import fast_folder

ROWS = [["1", "a@x.com", "Zoë"], ["2", "b@x.com", "Ağa, Müller & Sön"], ["3", "c@x.com", ""]]


def text_of(rows: list[list[str]], mark: str = ",") -> str:
    return "".join(
        mark.join(f'"{cell}"' if mark in cell else cell for cell in row) + "\r\n" for row in rows
    )


def cells_of(path: Path, reading: Reading | None = None) -> list[list[Any]]:
    return [list(row.cells) for row in open_list(path, reading).rows()]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encoding_and_delimiter_are_found(mark: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "people.txt"
    path.write_bytes(text_of([["id", "email", "name"], *ROWS], mark).encode(encoding))
    source = open_list(path)
    assert source.columns == ["id", "email", "name"]
    assert cells_of(path) == ROWS
    facts = dict(source.facts())
    assert facts["encoding"] == encoding
    assert facts["delimiter"] == {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}[mark]


@pytest.mark.parametrize(("encoding", "name"), [
    ("cp1252", "Zoë Müller, Françoise Lefèvre, Jürgen Groß, Señora Núñez"),
    ("cp1251", "Мария Иванова, Алексей Петров, Екатерина Смирнова"),
])  # fmt: skip
def test_an_encoding_without_a_mark_is_guessed(encoding: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(f"email;name\na@x.com;{name}\n".encode(encoding) + b"b@x.com;Jane\n" * 200_000)
    assert cells_of(path)[0] == ["a@x.com", name]


def test_a_few_lines_of_another_encoding_change_nothing(tmp_path: Path) -> None:
    """Only they are unreadable, and are told so; the others stay what they are."""
    path = tmp_path / "people.csv"
    good = "".join(f"p{n}@x.com,Zoë {n}\n" for n in range(50)).encode()
    path.write_bytes(b"email,name\n" + good + "q@x.com,Zoë\n".encode("latin-1"))
    assert read_once(path).encoding == "utf-8"
    assert cells_of(path)[0] == ["p0@x.com", "Zoë 0"]
    assert "\ufffd" in cells_of(path)[-1][1]


def test_what_the_operator_says_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes("a@x.com:Zoë\nb@x.com:Ağa\n".encode("iso8859-9"))
    reading = Reading("latin5", ":", has_head=False)
    assert cells_of(path, reading) == [["a@x.com", "Zoë"], ["b@x.com", "Ağa"]]


def test_a_list_without_a_head_has_numbered_columns(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("a@x.com\nb@x.com\n", "utf-8")
    assert open_list(path).columns == ["1"]
    assert cells_of(path) == [["a@x.com"], ["b@x.com"]]


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("mail,,mail\na@x.com,1,b@x.com\n", "utf-8")
    assert open_list(path).columns == ["mail", "2", "mail (3)"]


def test_a_name_with_a_number_is_told_apart_too(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("a (3),a,a\nx@x.com,1,2\n", "utf-8")
    assert open_list(path).columns == ["a (3)", "a", "a (3) (3)"]


def test_a_head_of_hundreds_of_thousands_of_columns_is_named_in_one_pass(tmp_path: Path) -> None:
    """Each name is looked up, not searched for among all before it: that would take hours."""
    path = tmp_path / "people.csv"
    path.write_text("a" + "," * 400_000 + "\n", "utf-8")
    columns = open_list(path).columns
    assert (columns[0], columns[-1], len(columns)) == ("a", "400001", 400_001)


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "a (3) (3)", "b", ""])))
def test_columns_have_a_name_each(names: list[str]) -> None:
    once = named_once(names)
    assert len(once) == len(set(once)) == len(names)
    assert all(new.startswith(old) for old, new in zip(names, once, strict=True))
    assert named_once(once) == once


# The lines after the head, and for each row its line, its cells, and whether it has a problem.
BAD = {
    "too many cells": ("a@x.com,A\nb@x.com,B,C\nc@x.com,C\n", [(2, 2, False), (3, 3, True), (4, 2, False)]),
    "too few cells": ("a@x.com\nb@x.com,B\n", [(2, 1, True), (3, 2, False)]),
    "delimiters at the end": ("a@x.com,A,,\n", [(2, 2, False)]),
    "empty lines": ("\n\na@x.com,A\n\n", [(4, 2, False)]),
    "a quote that does not end": ('a@x.com,"A\nb@x.com,B\nc@x.com,C\n', [(2, 1, True), (3, 2, False), (4, 2, False)]),
    "text after a quote": ('a@x.com,"A"x\nb@x.com,B\n', [(2, 1, True), (3, 2, False)]),
    "a line in a cell": ('a@x.com,"A\nB"\nb@x.com,B\n', [(2, 2, False), (4, 2, False)]),
    "a cell of 200,000 letters": (f"a@x.com,{'x' * 200_000}\nb@x.com,B\n", [(2, 1, True), (3, 2, False)]),
    "a line of three million": (f"a@x.com,{'x,' * 1_500_000}\nb@x.com,B\n", [(2, 1, True), (3, 2, False)]),
    "no line end at the end": ("a@x.com,A", [(2, 2, False)]),
    "old line ends": ("a@x.com,A\rb@x.com,B\r", [(2, 2, False), (3, 2, False)]),
    "a NUL": ("a@x.com,A\0B\nb@x.com,B\n", [(2, 2, False), (3, 2, False)]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_line_costs_itself_alone(case: str, tmp_path: Path) -> None:
    lines, expected = BAD[case]
    path = tmp_path / "people.csv"
    path.write_bytes(f"email,name\n{lines}".encode())
    rows = [*Delimited(path, read_once(path), ",").rows()]
    assert [(row.line, len(row.cells), bool(row.problem)) for row in rows] == expected


def test_a_quote_that_does_not_end_costs_one_line_of_many(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    lines = [f"p{number}@x.com,P" for number in range(10_000)]
    lines[5_000] = 'q@x.com,"Q'
    path.write_text("\n".join(["email,name", *lines]), "utf-8")
    rows = [*open_list(path).rows()]
    assert [row.line for row in rows if row.problem] == [5_002]
    assert [row.line for row in rows] == [*range(2, 10_002)]


_CELLS = st.lists(st.text('a,"\n\r;é ', max_size=6), min_size=2, max_size=4)


@given(st.lists(_CELLS, max_size=12))
def test_no_line_is_lost_whatever_it_holds(cells: list[list[str]]) -> None:
    """Rows come in the order of their lines, and rows that follow a bad one are as if it were not there."""
    with fast_folder() as folder:
        path = folder / "people.csv"
        body = "\n".join(",".join(row) for row in cells)
        path.write_text(f"email,name\n{body}\nlast@x.com,Last\n", "utf-8", newline="")
        rows = [*Delimited(path, read_once(path), ",").rows()]
        lines = [row.line for row in rows]
        assert lines == sorted(set(lines))
        assert list(rows[-1].cells) == ["last@x.com", "Last"]


def test_json_lines_have_the_columns_of_their_members(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text(
        '{"email": "a@x.com", "name": "Zoë"}\n\nnonsense\n{"email": "b@x.com", "age": 3}\n[1]\n{"email": "c@x.com"',
        "utf-8",
    )
    rows = [*open_list(path).rows()]
    assert open_list(path).columns == ["email", "name", "age"]
    assert [(row.line, bool(row.problem)) for row in rows] == [
        (1, False),
        (3, True),
        (4, False),
        (5, True),
        (6, True),
    ]
    assert rows[2].cells == ["b@x.com", None, 3]


def test_json_that_is_nested_too_deep_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "people.jsonl"
    path.write_text('{"email": "a@x.com"}\n{"email": ' + "[" * 400_000 + "\n", "utf-8")
    assert [bool(row.problem) for row in open_list(path).rows()] == [False, True]


TABLE = {"email": ["a@x.com", None], "id": [1, 2], "score": [1.0, 2.5]}


def write_arrow(path: Path, kind: str) -> None:
    table = pa.table(TABLE)
    if kind == "Parquet":
        parquet.write_table(table, path)
        return
    opener = arrow_ipc.new_file if kind == "Arrow file" else arrow_ipc.new_stream
    with opener(str(path), table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize("kind", ["Parquet", "Arrow file", "Arrow stream"])
def test_columns_are_read_from_arrow_s_files(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "people"
    write_arrow(path, kind)
    source = open_list(path)
    assert dict(source.facts()) == {"format": kind}
    assert source.columns == ["email", "id", "score"]
    assert [(row.line, tuple(row.cells)) for row in source.rows()] == [
        (1, ("a@x.com", 1, 1.0)),
        (2, (None, 2, 2.5)),
    ]


@pytest.mark.parametrize("kind", ["Parquet", "Arrow file", "Arrow stream"])
def test_a_damaged_file_is_one_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "people"
    write_arrow(path, kind)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(BreachError, match="is damaged"):
        list(open_list(path).rows())


# What a column may hold that Python cannot: a cell is unreadable, its row and the others stay.
BEYOND_PYTHON = {
    "text that is no UTF-8": pa.array([b"\xff\xfe", b"a"], pa.binary()).view(pa.string()),
    "nanoseconds": pa.array([1, 1_000], pa.timestamp("ns")),
    "a time of another age": pa.array([2**61, 1], pa.timestamp("us")),
    "a day of another age": pa.array([2**31 - 1, 1], pa.date32()),
}


@pytest.mark.parametrize("case", BEYOND_PYTHON)
def test_a_cell_that_cannot_be_read_costs_itself_alone(case: str, tmp_path: Path) -> None:
    path = tmp_path / "people"
    column = BEYOND_PYTHON[case]
    parquet.write_table(pa.table({"email": ["a@x.com", "b@x.com"], "x": column}), path)
    rows = list(open_list(path).rows())
    assert [row.cells[0] for row in rows] == ["a@x.com", "b@x.com"]
    assert rows[0].cells[1] == "\ufffd"


@pytest.mark.parametrize("kind", ["Arrow file", "Arrow stream"])
def test_a_batch_that_is_not_what_it_says_is_damaged(kind: str, tmp_path: Path) -> None:
    """Arrow checks nothing by itself: lengths and places of another's file may lie outside it."""
    path = tmp_path / "people"
    opener = arrow_ipc.new_file if kind == "Arrow file" else arrow_ipc.new_stream
    batch = pa.record_batch([BEYOND_PYTHON["text that is no UTF-8"]], ["email"])
    with opener(str(path), batch.schema) as writer:
        writer.write_batch(batch)
    with pytest.raises(BreachError, match="is damaged"):
        list(open_list(path).rows())


REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank": (b" \r\n\n", "is empty"),
    "a mark alone": (b"\xef\xbb\xbf", "is empty"),
    "gzip": (b"\x1f\x8b\x08", "is packed"),
    "a zip file": (b"PK\x03\x04", "is packed"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a spreadsheet"),
    "a list of objects": (b'[ {"email": "a@x.com"},', "one JSON list"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_list_is_refused(case: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(REFUSED[case][0])
    with pytest.raises(BreachError, match=REFUSED[case][1]):
        open_list(path)


@pytest.mark.parametrize("member", ["xl/workbook.xml", "content.xml", "letter.txt"])
def test_a_spreadsheet_is_told_from_another_zip_file(member: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    with ZipFile(path, "w") as packed:
        packed.writestr(member, "a@x.com")
    problem = (
        "is packed" if member == "letter.txt" else "is a spreadsheet; expected it saved as CSV"
    )
    with pytest.raises(BreachError, match=problem):
        open_list(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "name", ["Jane", "\u0632\u06cc\u0646\u0628 \u062e\u0627\u0646", "\u738b\u5c0f\u660e"]
)
def test_utf_16_without_its_mark_is_told(encoding: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(f"email,name\r\na@example.com,{name}\r\n".encode(encoding))
    source = open_list(path)
    assert dict(source.facts())["encoding"] == encoding
    assert [row.cells for row in source.rows()] == [["a@example.com", name]]


@pytest.mark.parametrize("line", ["sep=;", "SEP=;\r", '"sep=;"', "\ufeffsep=;"])
def test_a_first_line_that_names_the_delimiter_is_no_head(line: str, tmp_path: Path) -> None:
    """Excel writes and reads it."""
    path = tmp_path / "people.csv"
    path.write_bytes(f"{line}\nMail;Name, first\na@x.com;Jane, Doe\nb@x.com;John, Roe\n".encode())
    source = open_list(path)
    assert source.columns == ["Mail", "Name, first"]
    assert [(row.line, row.cells[1]) for row in source.rows()] == [
        (3, "Jane, Doe"),
        (4, "John, Roe"),
    ]


def test_other_refusals(tmp_path: Path) -> None:
    path = tmp_path / "people.json"
    path.write_text(json.dumps([{"email": "a@x.com"}]), "utf-8")
    (tmp_path / "people.csv").write_text("a@x.com::b\n", "utf-8")
    for wrong, reading, problem in (
        (path, None, "one JSON list"),
        (tmp_path, None, "no regular file"),
        (tmp_path / "absent.csv", None, "No such file"),
        (path, Reading("klingon"), "no encoding"),
        (path, Reading("hex"), "no encoding"),
        (path, Reading("idna"), "no encoding"),
        (tmp_path / "people.csv", Reading("utf-16"), "is not utf-16"),
        (tmp_path / "people.csv", Reading(delimiter="::"), "no delimiter"),
    ):
        with pytest.raises(BreachError, match=problem):
            open_list(wrong, reading)


def test_a_query_is_read_and_changes_nothing(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE customer (email TEXT, born TEXT)")
        shop.executemany(
            "INSERT INTO customer VALUES (?, '12:30')", [(f"p{n}@x.com",) for n in range(9)]
        )
    shop.close()
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    query = Query("SELECT email, born FROM customer WHERE born = '12:30' ORDER BY 1", url)
    assert query.columns == ["email", "born"]
    assert Query("SELECT email, email FROM customer", url).columns == ["email", "email (2)"]
    assert [row.cells[0] for row in query.rows()] == [f"p{n}@x.com" for n in range(9)]
    with pytest.raises(BreachError, match="no such table: clients"):
        Query("SELECT * FROM clients", url)
    Query("DELETE FROM customer RETURNING email", url)
    assert len([*query.rows()]) == 9
    with pytest.raises(BreachError, match="returns no rows"):
        Query("DELETE FROM customer", url)
    assert len([*query.rows()]) == 9


@pytest.mark.parametrize(("url", "problem"), [
    ("sqlite://host/x", "no such URL"), ("sqlite:///x?timeout=long", "no such URL"),
    ("nonsense", "URL is none"), ("klingon://x", "no driver"), ("mssql+pymssql://x", "needs the package"),
    ("postgresql://someone:hunter22@127.0.0.1:1/x", "cannot be reached"),
])  # fmt: skip
def test_a_database_that_cannot_be_asked_is_one_error(url: str, problem: str) -> None:
    with pytest.raises(BreachError, match=problem) as raised:
        Query("SELECT 1", url)
    assert "hunter22" not in str(raised.value)
