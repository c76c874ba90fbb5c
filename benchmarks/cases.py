"""What lists and home pages cost with ten thousand open cases, and what a meeting of five hundred decisions costs.

    python benchmarks/cases.py INSTANCE [--cases 10000] [--decisions 500]

INSTANCE is a finished demo instance (`xianjie demo --no-serve --folder INSTANCE`); a copy of it is measured. Times are
CPU milliseconds of a request, the median of five after two.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGES = ("/", "/cases/", "/cases/?late=on", "/cases/clues/", "/cases/visits/", "/cases/measures/")
WHO = ("xianji", "xiangzhen", "cunganbu")


def main() -> None:
    """Measure and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("instance", type=Path)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--decisions", type=int, default=500)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "instance"
        shutil.copytree(given.instance, home)
        os.environ |= {"XIANJIE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "xianjie.web.settings"}
        os.environ |= {"XIANJIE_TODAY": os.environ.get("XIANJIE_TODAY", "2025-10-31"), "XIANJIE_DEBUG": "0"}
        os.environ |= {"XIANJIE_HTTPS": "0", "XIANJIE_HOSTS": "testserver"}
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        few = pages()
        made = fill(given.cases)
        print(f"{made} open cases")
        print("| page | who | queries (few → many) | CPU ms |\n|---|---|---|---|")
        for (who, page), (queries, milliseconds) in pages().items():
            print(f"| {page} | {who} | {few[who, page][0]} → {queries} | {milliseconds:.0f} |")
        print(f"a meeting of {given.decisions} decisions: {meeting(given.decisions):.2f} CPU s")


def fill(number: int) -> int:
    """Add households with open cases at every step until there are so many; gives the number of open cases."""
    from xianjie.web.cases.adopting import adopt
    from xianjie.web.cases.models import Case
    from xianjie.web.flows.definition import flow_by_key
    from xianjie.web.registry.models import Household

    villages = sorted(set(Household.everything.values_list("region_code", flat=True)))
    there = Case.everything.filter(over=False).count()
    homes = Household.everything.bulk_create(
        [
            Household(household_id=f"BENCH{one:06}", region_code=villages[one % len(villages)], head_name=f"虚{one}",
                      household_type="general", size=3)
            for one in range(max(0, number - there))
        ], batch_size=2000,
    )  # fmt: skip
    for start in range(0, len(homes), 2000):
        cases = adopt(homes[start : start + 2000], "helping")
        steps = [name for name, step in flow_by_key(cases[0].flow).steps.items() if step.phase != "discovery"]
        for place, case in enumerate(cases):
            case.at = steps[place % len(steps)]
            case.phase = flow_by_key(case.flow).steps[case.at].phase
        Case.everything.bulk_create(cases, update_conflicts=True, unique_fields=["id"], update_fields=["at", "phase"])
    return Case.everything.filter(over=False).count()


def pages() -> dict[tuple[str, str], tuple[int, float]]:
    """(who, page) → queries, CPU milliseconds."""
    from django.db import connection
    from django.test import Client

    from xianjie.web.accounts.models import User

    found: dict[tuple[str, str], tuple[int, float]] = {}
    for who in WHO:
        client = Client()
        client.force_login(User.objects.get(username=who))
        for page in PAGES:
            get: Callable[[], Any] = lambda: client.get(page)  # noqa: B023, E731
            assert get().status_code == 200, page
            counted = 0

            def count(execute: Any, *arguments: Any) -> Any:
                nonlocal counted
                counted += 1
                return execute(*arguments)

            with connection.execute_wrapper(count):
                get()
            times = []
            for _ in range(5):
                begun = time.process_time()
                get()
                times.append((time.process_time() - begun) * 1000)
            found[who, page] = (counted, statistics.median(times))
    return found


def meeting(number: int) -> float:
    """CPU seconds of the job that decides so many cases, with the facts of the newest run frozen."""
    from xianjie.web.accounts.models import User
    from xianjie.web.accounts.scope import scope_of
    from xianjie.web.cases import meeting as meetings
    from xianjie.web.cases.models import Case
    from xianjie.web.jobs.models import Job
    from xianjie.web.jobs.services import run_next

    county = User.objects.get(username="xianji")
    Job.everything.filter(state=Job.QUEUED).update(state=Job.CANCELLED)
    pks = list(Case.everything.filter(over=False).order_by("pk").values_list("pk", flat=True)[:number])
    Case.everything.filter(pk__in=pks).update(at="county_decision", phase="identification")
    decisions = [
        meetings.Decision(case.pk, case.revision, "identify", "会议议定", {"kind": "marginal"})
        for case in Case.everything.filter(pk__in=pks)
    ]
    meetings.call(scope_of(county), county, county.region_code, decisions)
    begun = time.process_time()
    job = run_next("benchmark")
    spent = time.process_time() - begun
    assert job is not None and job.result["decided"] + job.result["not_decided"] == number
    return spent


if __name__ == "__main__":
    main()
