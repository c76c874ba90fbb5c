"""A run's folder can be stopped and resumed, and never mixes two runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from xianjie.messages import UserError
from xianjie.screening.run_folder import RunFolder, file_fingerprint, read_json, write_json
from xianjie.screening.watching import Stopped, Watch


def test_a_finished_step_is_not_done_again_after_a_stop(tmp_path: Path) -> None:
    done: list[str] = []

    def register() -> dict[str, int]:
        done.append("register")
        return {"rows": 3}

    def feeds() -> dict[str, int]:
        done.append("feeds")
        if done.count("feeds") == 1:
            raise KeyboardInterrupt
        return {"rows": 5}

    first = RunFolder(tmp_path / "run", {"date": "2025-10-31"}, Watch())
    assert first.step("register", register) == {"rows": 3}
    with pytest.raises(KeyboardInterrupt):
        first.step("feeds", feeds)
    second = RunFolder(tmp_path / "run", {"date": "2025-10-31"}, Watch())
    assert second.step("register", register) == {"rows": 3}
    assert second.step("feeds", feeds) == {"rows": 5}
    assert done == ["register", "feeds", "feeds"]


def test_progress_counts_finished_steps_as_hundredths_and_a_stop_is_kept_to(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    asked = [False]
    watch = Watch(lambda done, total, _text: told.append((done, total)), lambda: asked[0])
    run = RunFolder(tmp_path / "run", {"date": "2025-10-31"}, watch)
    run.step("register", dict)
    run.step("feeds", dict)
    assert told[0] == (0, 100)
    assert 0 < told[1][0] < 100
    asked[0] = True
    with pytest.raises(Stopped):
        run.step("link", dict)
    again = RunFolder(tmp_path / "run", {"date": "2025-10-31"}, Watch())
    assert again.step("feeds", lambda: {"done": "twice"}) == {}, "what was finished before the stop stays"


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    RunFolder(tmp_path / "run", {"date": "2025-10-31"}, Watch())
    with pytest.raises(UserError, match="另一次筛查"):
        RunFolder(tmp_path / "run", {"date": "2025-11-30"}, Watch())


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep me")
    with pytest.raises(UserError, match="已有别的文件"):
        RunFolder(tmp_path, {"date": "2025-10-31"}, Watch())
    assert (tmp_path / "letter.txt").read_text() == "keep me"


def test_json_is_the_same_bytes_for_the_same_content(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": "户"})
    write_json(tmp_path / "b.json", {"a": "户", "b": 1})
    assert file_fingerprint(tmp_path / "a.json") == file_fingerprint(tmp_path / "b.json")
    assert read_json(tmp_path / "a.json") == {"a": "户", "b": 1}
