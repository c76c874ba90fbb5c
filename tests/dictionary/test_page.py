"""The page in the docs is the dictionary's, not an older one's."""

from pathlib import Path

from xianjie.dictionary.page import COMMAND, main, page

COMMITTED = Path(__file__).parents[2] / "docs" / "dictionary.md"


def test_the_page_in_the_docs_is_up_to_date() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == page(), f"make it again: {COMMAND}"


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    assert main([str(tmp_path / "dictionary.md")]) == 0
    assert (tmp_path / "dictionary.md").read_text(encoding="utf-8") == page()


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    cells = 0
    for line in page().splitlines():
        if not line.startswith("|"):
            cells = 0
            continue
        cells = cells or line.count("|")
        assert line.replace("\\|", "").count("|") == cells, line
