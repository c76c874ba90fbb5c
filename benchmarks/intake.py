"""A department's Excel of 200,000 rows from hand-in to final counts, in an instance of its own.

    ./run python benchmarks/intake.py --households 20000 --rows 200000
    ./run python benchmarks/intake.py --doubts 50000          (the review list instead)

Measured: keeping the upload, the register's snapshot (cold), reading and matching, keeping counts and doubts; a second
file with the snapshot at hand. Wall and CPU seconds, the latter with child processes: the machine may be busy.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

DAY = date(2025, 9, 30)


def instance(home: Path) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "xianjie.web.settings",
        "XIANJIE_HOME": str(home),
        "XIANJIE_DEBUG": "0",
        "XIANJIE_HTTPS": "0",
        "XIANJIE_TODAY": "2025-10-31",
        "XIANJIE_HOSTS": "testserver",
    }
    import django

    django.setup()
    from django.apps import apps
    from django.conf import settings
    from django.core.management import call_command

    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
    call_command("migrate", run_syncdb=True, verbosity=0)


@contextmanager
def measured(name: str) -> Iterator[None]:
    def cpu() -> float:
        parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(part.ru_utime + part.ru_stime for part in parts)

    began, spent = time.monotonic(), cpu()
    yield
    print(f"{name:<44}{time.monotonic() - began:8.1f} s wall {cpu() - spent:8.1f} s CPU", flush=True)


def clerk(county: str) -> Any:
    from xianjie.web.accounts.models import Grant, User

    user, _ = User.objects.get_or_create(username="county", defaults={"display_name": "county"})
    Grant.objects.get_or_create(user=user, role="county", region_code=county)
    return user


def bills(path: Path, persons: Path, rows: int, paid: int) -> None:
    """Medical bills of people in the register, one in fifty with a wrong digit, one in two hundred without number."""
    from rustpy_xlsxwriter import FastExcel

    from xianjie.engines import open_engine

    with open_engine() as engine:
        people = engine.rows(f"SELECT name, id_no, region_code FROM read_parquet('{persons}') ORDER BY person_id")

    def lines() -> Iterator[dict[str, Any]]:
        for number in range(rows):
            name, id_no, region = people[number % len(people)]
            if id_no and number % 50 == 0:
                id_no = id_no[:13] + ("1" if id_no[13] != "1" else "2") + id_no[14:]
            yield {
                "患者姓名": name, "身份证号": None if number % 200 == 1 else id_no, "行政村代码": region,
                "结算日期": f"2025-09-{number % 28 + 1:02}", "就医类别": "住院" if number % 9 == 0 else "普通门诊",
                "医疗总费用（元）": round(100 + number % 7000 + paid, 2), "个人自付（元）": round(30 + number % 900, 2),
            }  # fmt: skip

    FastExcel(str(path)).sheet("明细", lines()).save()


def deliver(county: str, user: Any, path: Path, name: str) -> Any:
    from xianjie.web.accounts.scope import scope_of
    from xianjie.web.intake import services
    from xianjie.web.intake.models import Delivery
    from xianjie.web.jobs.services import run_next

    def pieces() -> Iterator[bytes]:
        with path.open("rb") as stream:
            while piece := stream.read(1 << 16):
                yield piece

    with measured(f"{name}: kept ({path.stat().st_size / 1e6:.0f} MB)"):
        offer = services.Offer(county, "medical_bills", DAY, path.name)
        receipt = services.receive(offer, pieces(), scope_of(user), user)
    with measured(f"{name}: read to final counts"):
        job = run_next("benchmark")
    assert job is not None and job.state == "done", job and job.error
    one = Delivery.everything.get(pk=receipt.delivery.pk)
    print(f"  {one.rows} = {one.accepted} + {one.repaired} + {one.review} + {one.unmatched} + {one.rejected}")
    return one


def files(households: int, rows: int, home: Path) -> None:
    from django.test import Client

    from xianjie.synth import synthesise
    from xianjie.web.daily.loading import load_register
    from xianjie.web.registry.models import Household

    synthesise(home / "data", households=households, seed=3)
    with measured("register loaded"):
        load_register(home / "data", lambda done, total, text: None)
    county = Household.everything.values_list("region_code", flat=True)[0][:6] + "000000"
    user = clerk(county)
    persons = home / "data" / "persons.parquet"
    for name, paid in (("first file, cold", 0), ("second file", 1)):
        path = home / f"{paid}.xlsx"
        bills(path, persons, rows, paid)
        delivery = deliver(county, user, path, name)
    client = Client()
    client.force_login(user)
    for query in ("", "?outcome=rejected", "?outcome=repaired", f"?after={rows - 60}"):
        spent = timed(lambda query=query: client.get(f"/intake/{delivery.pk}/{query}"))
        print(f"  page {query or 'first':<24}{spent:6.0f} ms")


def timed(what: Callable[[], Any]) -> float:
    """The median of five, in milliseconds."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        assert what().status_code == 200
        times.append(time.monotonic() - began)
    return statistics.median(times) * 1000


def doubts(count: int) -> None:
    from django.test import Client

    from xianjie.web.intake.models import Doubt
    from xianjie.web.regions.models import Region

    county = "629901000000"
    Region.objects.create(region_code=county, name="虚构县", level="county")
    for village in range(200):
        code = f"629901{village // 20 + 1:03}{village % 20 + 1:03}"
        Region.objects.create(region_code=code, name=f"第{village}村", level="village", parent_code=code[:9] + "000")
    Doubt.everything.bulk_create(
        (
            Doubt(
                county_code=county, region_code=f"629901{number % 200 // 20 + 1:03}{number % 20 + 1:03}",
                department=("medical_insurance", "civil_affairs")[number % 2],
                layout=("medical_bills", "benefits")[number % 2], fingerprint=f"{number:032x}",
                identity='{"name": "赵大山", "id_no": "629901197001100019"}', reason="依据不足", rows=number % 40,
                candidates=[{"person_id": f"P{number}", "score": 0.5, "reason": "姓名一致"}],
            )
            for number in range(count)
        ),
        batch_size=2000,
    )  # fmt: skip
    client = Client()
    client.force_login(clerk(county))
    last = client.get("/intake/doubts/?after=" + word([0, 60])).status_code
    assert last == 200
    middle = Doubt.everything.order_by("-rows", "-pk")[count // 2]
    for name, url in (
        ("list", "/intake/doubts/"),
        ("list, deep", "/intake/doubts/?after=" + word([middle.rows, middle.pk])),
        ("list of a village", "/intake/doubts/?village=629901003004"),
        ("list of a layout", "/intake/doubts/?layout=benefits"),
        ("one doubt", f"/intake/doubts/{middle.pk}/"),
    ):
        print(f"{name:<24}{timed(lambda url=url: client.get(url)):6.0f} ms")


def word(values: list[int]) -> str:
    import base64
    import json

    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--households", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--doubts", type=int, default=0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xianjie-intake-") as folder:
        instance(Path(folder))
        if asked.doubts:
            doubts(asked.doubts)
        else:
            files(asked.households, asked.rows, Path(folder))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", file=sys.stderr)


if __name__ == "__main__":
    main()
