"""Who looks after several counties chooses one: a run is a county's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.web import registry_samples as sample
from xianjie.web.daily.models import Run
from xianjie.web.regions.models import Region
from xianjie.web.registry import run_results

pytestmark = pytest.mark.django_db
PROVINCE, OTHER = "990000000000", "999902000000"


@pytest.fixture(autouse=True)
def place() -> None:
    sample.regions()
    Region.objects.bulk_create(
        Region(region_code=code, name=name, level=level, parent_code=parent)
        for code, name, level, parent in ((PROVINCE, "虚构省", "province", ""), (OTHER, "白石县", "county", PROVINCE))
    )


def finished(code: str) -> Path:
    run = Run.everything.create(region_code=code, day=date(2025, 10, 30), state=Run.DONE)
    run.folder.mkdir(parents=True, exist_ok=True)
    return Path(run.folder)


@pytest.mark.parametrize("page", ["quality", "quality/findings"])
def test_a_province_sees_its_counties_and_then_the_chosen_one(page: str) -> None:
    client = sample.client("leader", PROVINCE)
    finished(sample.COUNTY)
    listed = client.get(f"/registry/{page}/").content.decode()
    assert f'href="?place={sample.COUNTY}"' in listed and f'href="?place={OTHER}"' in listed
    assert "还没有检查结果" not in listed
    chosen = client.get(f"/registry/{page}/?place={sample.COUNTY}").content.decode()
    assert "请选择一个县" not in chosen and "还没有检查结果" not in chosen
    assert "还没有检查结果" in client.get(f"/registry/{page}/?place={OTHER}").content.decode()


def test_the_run_is_the_one_of_the_place_or_of_the_only_county() -> None:
    folder = finished(sample.COUNTY)
    county, leader = sample.scope("county", sample.COUNTY), sample.scope("leader", PROVINCE)
    village = sample.scope("village", sample.VILLAGE)
    for scope, asked in ((county, ""), (village, ""), (leader, sample.COUNTY), (leader, sample.VILLAGE)):
        found = run_results.newest_run(scope, "quality.view", asked)
        assert found is not None and found.folder == folder
    assert run_results.newest_run(leader, "quality.view") is None
    assert run_results.counties(leader, "quality.view") == {sample.COUNTY: "青溪县", OTHER: "白石县"}
