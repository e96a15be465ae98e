"""Where a workbook is written: the file that was named, or the folder under its usual name."""

from pathlib import Path

import pytest
import typer

from leadgen_assets.cli.output_file import write_workbook


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("calls.xlsx", "calls.xlsx"),
        ("new/CALLS.XLSX", "new/CALLS.XLSX"),
        ("out", "out/Usual.xlsx"),
        (".", "Usual.xlsx"),
    ],
)
def test_a_workbook_is_written_where_it_was_asked_for(tmp_path: Path, output: str, found: str) -> None:
    path = write_workbook(tmp_path / output, "Usual.xlsx", b"content")
    assert path == tmp_path / found
    assert path.read_bytes() == b"content"


def test_a_folder_that_looks_like_a_file_is_still_a_folder(tmp_path: Path) -> None:
    (tmp_path / "odd.xlsx").mkdir()
    assert write_workbook(tmp_path / "odd.xlsx", "Usual.xlsx", b"content") == tmp_path / "odd.xlsx" / "Usual.xlsx"


@pytest.mark.parametrize("output", ["mistyped/folder/calls.xlsx", "mistyped/folder/deep"])
def test_folders_that_are_not_there_are_named_and_not_made(tmp_path: Path, output: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"mistyped.*--output"):
        write_workbook(tmp_path / output, "Usual.xlsx", b"content")
    assert list(tmp_path.iterdir()) == []
