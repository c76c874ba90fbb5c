"""One invented county and one finished run of it, shared by the tests of several rooms."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from xianjie.screening.job import Request, screen_data
from xianjie.synth import synthesise

HOUSEHOLDS = 240


def quiet(text: str) -> None:
    """No progress."""


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county") / "data"
    synthesise(folder, households=HOUSEHOLDS, seed=11)
    return folder


@pytest.fixture(scope="session")
def run(county: Path) -> Path:
    folder = county.parent / "run"
    screen_data(Request(data=county, out=folder, documents=True), quiet)
    return folder


@pytest.fixture
def small_county(county: Path, tmp_path: Path) -> Path:
    """A copy of the county with three small files, for tests that change it."""
    folder = tmp_path / "data"
    shutil.copytree(county, folder, ignore=shutil.ignore_patterns("truth", "feeds"))
    for name in ("housing/house_grades", "medical_insurance/insurance_roll", "emergency/disasters"):
        for path in (county / "feeds" / name).parent.glob(f"{Path(name).name}-*"):
            (folder / "feeds" / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / "feeds" / path.parent.name / path.name)
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep each file's tests in one process; those that need the shared county or instance all in the same one."""
    for item in items:
        shared = {"county", "run", "small_county"} & set(getattr(item, "fixturenames", ()))
        group = "browser" if item.path.parent.name == "browser" else "county" if shared else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
