"""A daily run in the application: it goes through, it goes on, and its pages show each user their own part of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from tests.web import daily_county as place
from tests.web.intake_county import once
from xianjie.messages import UserError
from xianjie.screening.job import Request
from xianjie.screening.run_folder import read_json
from xianjie.web.audit.models import Event
from xianjie.web.daily import runs, selectors, warnings
from xianjie.web.daily.explaining import health_rules
from xianjie.web.daily.kinds import speaks_of_health, warning_rules
from xianjie.web.daily.models import Finding, Run, Warning
from xianjie.web.daily.syncing import sync_findings
from xianjie.web.jobs.models import Job
from xianjie.web.jobs.services import enqueue, run_next
from xianjie.web.regions.models import Region
from xianjie.web.registry.models import Household

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def done(county: Path, run: Path, django_db_setup: Any, django_db_blocker: Any) -> Iterator[Run]:
    """A finished run of the invented county: a real one of the data half, which other tests have made already (the
    application calling it is what `test_daily_killed.py` is about); everything before and after it is done here."""

    def screened(request: Request, **_told: Any) -> Any:
        shutil.copytree(run, request.out)
        return read_json(request.out / "counts.json")

    def make() -> Run:
        made = runs.start_run(place.load(county))
        place.finish()
        return Run.everything.get(pk=made.pk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "run_screening", screened)
        with once(django_db_blocker, make) as finished:
            yield finished


@pytest.fixture
def next_run(done: Run, settings: Any) -> Iterator[Run]:
    """A run of the next day whose results are the first one's with changes: five findings gone, one another sentence,
    one household's findings new again."""
    settings.TODAY = (done.day + timedelta(days=1)).isoformat()
    run = Run.everything.create(
        region_code=done.region_code,
        day=done.day + timedelta(days=1),
        previous=done,
        state=Run.DONE,
        counts=done.counts,
    )
    shutil.copytree(done.folder, run.folder)
    place.rewrite(
        run.folder / "findings.parquet",
        """SELECT * EXCLUDE (number) REPLACE (CASE WHEN number = 6 THEN '另一句话' ELSE text END AS text,
                             CASE WHEN number = 7 THEN 'floor_missing_again' ELSE finding END AS finding)
           FROM (SELECT *, row_number() OVER (ORDER BY household_id, finding) AS number FROM t) WHERE number > 5
           ORDER BY household_id, finding""",
    )
    yield run
    shutil.rmtree(run.place)


def town_of(run: Run) -> str:
    """A township that has findings, not the county's first."""
    codes = Finding.everything.filter(gone_on__isnull=True).values_list("region_code", flat=True)
    return sorted({code[:9] + "000" for code in codes})[-1]


def test_the_run_is_told_with_counts_that_add_up(done: Run) -> None:
    assert done.state == Run.DONE and done.counts["population"]["households"] == Household.everything.count()
    feeds = {row["layout"]: row for row in done.counts["feeds"]}
    assert len(feeds) == 20
    for row in feeds.values():
        assert row["rows"] == sum(row[name] for name in ("exact", "repaired", "probable", "review", "none", "rejected"))
    assert {"snapshot", "step.feeds", "step.rules", "findings", "warnings", "doubts"} <= set(done.timings)
    assert (done.folder / "report.html").exists() and Event.objects.filter(verb="daily.done").count() == 1


def test_the_database_says_what_the_run_found(done: Run) -> None:
    found = place.rows(done.folder / "findings.parquet", "SELECT household_id, finding, text, score FROM t")
    stored = Finding.everything.filter(gone_on__isnull=True).values_list("household_id", "finding", "text", "score")
    assert sorted(found) == sorted(stored) and len(found) > 100
    scores = place.rows(done.folder / "households.parquet", "SELECT household_id, score, risks FROM t")
    assert sorted(scores) == sorted(Household.everything.values_list("household_id", "score", "risks"))
    watched = place.rows(
        done.folder / "work" / "entities" / "monitorings.parquet",
        "SELECT DISTINCT household_id FROM t WHERE removed IS NOT TRUE",
    )
    monitored = Household.everything.exclude(monitored_kind="").values_list("household_id", flat=True)
    assert {row[0] for row in watched} == set(monitored)


def test_taking_the_same_findings_twice_changes_nothing(done: Run) -> None:
    before = list(Finding.everything.order_by("pk").values_list("pk", "text", "gone_on"))
    counts = sync_findings(done)
    assert (counts["new"], counts["gone"], counts["changed"], counts["households"]) == (0, 0, 0, 0)
    assert warnings.sync_warnings(done) == {"raised": 0, "closed": 0, "returned": 0}
    assert list(Finding.everything.order_by("pk").values_list("pk", "text", "gone_on")) == before


def test_what_is_new_gone_and_otherwise_is_kept_apart(done: Run, next_run: Run) -> None:
    whole = Finding.everything.filter(gone_on__isnull=True).count()
    counts = sync_findings(next_run)
    assert (counts["new"], counts["gone"], counts["changed"]) == (1, 6, 1)
    assert counts["unchanged"] == whole - 6 - 1
    assert Finding.everything.filter(gone_on=next_run.day).count() == 6
    fresh = Finding.everything.get(finding="floor_missing_again")
    assert fresh.first_run == next_run and fresh.first_seen_on == next_run.day
    assert Finding.everything.filter(text="另一句话").get().first_run == done


def test_a_finding_becomes_a_warning_to_each_department_that_it_concerns(done: Run) -> None:
    due = warning_rules().due
    expected = {
        (one.pk, department)
        for one in Finding.everything.filter(gone_on__isnull=True, group__in=due)
        for department in one.departments.split(";")
        if department
    }
    raised = Warning.everything.all()
    assert {(one.finding_id, one.department) for one in raised} == expected and expected
    for one in raised[:50]:
        assert one.due_on == done.day + timedelta(days=due[one.group].days)
    assert not raised.filter(group__in=("cause", "evidence")).exists()


def test_a_warning_closes_with_its_finding_and_comes_back_when_the_answer_was_not_so(
    done: Run, next_run: Run, settings: Any
) -> None:
    settings.TODAY = done.day.isoformat()
    county = place.scope("county", done.region_code)
    stays, handled = Warning.everything.order_by("-household_id", "-pk")[:2]  # the first households' findings go
    warnings.answer(county, [stays], "not_so", "入户核实，没有这回事")
    warnings.answer(county, [handled], "handled", "已纳入低保")
    sync_findings(next_run)
    counts = warnings.sync_warnings(next_run)
    assert counts["returned"] == 1
    stays.refresh_from_db()
    handled.refresh_from_db()
    assert (stays.state, stays.returned) == (Warning.OPEN, 1) and stays.due_on > next_run.day
    assert handled.state == Warning.ANSWERED
    assert not Warning.everything.filter(finding__gone_on__isnull=False).exclude(state=Warning.CLOSED).exists()


def test_an_answer_needs_its_reason_and_is_an_event(done: Run) -> None:
    one = Warning.everything.filter(department="medical_insurance").first()
    assert one is not None
    clerk = place.scope("department", done.region_code, "medical_insurance")
    for code, note, department in (("handled", " ", ""), ("wrong", "说明", ""), ("forwarded", "说明", "")):
        with pytest.raises(UserError):
            warnings.answer(clerk, [one], code, note, department)
    warnings.answer(clerk, [one], "forwarded", "属于教育部门", "education")
    passed = Warning.everything.get(finding=one.finding, department="education")
    assert passed.came_from == one and passed.state == Warning.OPEN
    event = Event.objects.filter(verb="warnings.answer").latest("seq")
    assert event.why == "属于教育部门" and event.after["department"] == "education" and event.before["state"] == "open"


def test_a_department_sees_and_answers_its_own_warnings_only(done: Run) -> None:
    clerk = place.client("department", done.region_code, "medical_insurance")
    own = Warning.everything.filter(department="medical_insurance", state="open")
    other = Warning.everything.exclude(department="medical_insurance").first()
    assert other is not None and own.exists()
    shown = place.text_of(clerk.get(reverse("daily:warnings")))
    assert f"<strong>{own.count():,}</strong>" in shown or f"{own.count():,}" in shown
    answered = {"ids": [other.pk], "answer": "handled", "note": "不该成功"}
    assert clerk.post(reverse("daily:answer"), answered).status_code == 404
    picked = [one.pk for one in own[:3]]
    first = clerk.post(reverse("daily:answer"), {"ids": picked})
    assert first.status_code == 200 and "反馈结果" in place.text_of(first)
    sent = clerk.post(reverse("daily:answer"), {"ids": picked, "answer": "handled", "note": "已办理补充参保"})
    assert sent.status_code == 302
    assert set(Warning.everything.filter(answer="handled").values_list("pk", flat=True)) == set(picked)


def test_a_township_sees_its_own_figures_files_and_lists(done: Run) -> None:
    town = town_of(done)
    clerk = place.client("township", town)
    shown = place.text_of(clerk.get(reverse("daily:run", args=[done.pk])))
    own = Finding.everything.filter(gone_on__isnull=True, region_code__startswith=town[:9]).count()
    assert 0 < own < Finding.everything.filter(gone_on__isnull=True).count()
    assert f"{own:,}" in shown
    scope = place.scope("township", town)
    files = selectors.run_files(scope, done)
    assert files and all(one.region_code.startswith(town[:9]) for one in files)
    assert {one.kind for one in files} == {"list", "checks"}
    others = [one for one in selectors.run_files(place.scope("county", done.region_code), done) if one not in files]
    assert others
    for one in others[:5]:
        assert clerk.get(reverse("daily:file", args=[done.pk, one.path])).status_code == 404
    assert clerk.get(reverse("daily:file", args=[done.pk, "../../xianjie.sqlite3"])).status_code == 404
    rows = place.text_of(clerk.get(reverse("daily:changes", args=[done.pk])))
    away = Household.everything.exclude(region_code__startswith=town[:9]).values_list("household_id", flat=True)
    assert not any(key in rows for key in away)


def test_a_file_with_health_facts_is_taken_out_for_a_reason_that_is_kept(done: Run) -> None:
    town = town_of(done)
    clerk, one = place.client("township", town), selectors.run_files(place.scope("township", town), done)[0]
    url = reverse("daily:file", args=[done.pk, one.path])
    assert "用途" in place.text_of(clerk.get(url))
    taken = clerk.post(url, {"reason": "核查风险户"})
    assert taken["Content-Type"].startswith("application/vnd.openxmlformats")
    assert b"".join(taken.streaming_content)[:2] == b"PK"
    assert Event.objects.filter(verb="daily.download").latest("seq").why == "核查风险户"


def test_sentences_about_health_are_hidden_until_somebody_says_why(done: Run) -> None:
    finding = next(one for one in Finding.everything.filter(gone_on__isnull=True) if speaks_of_health(one.causes))
    clerk = place.client("township", finding.region_code[:9] + "000")
    page = place.text_of(clerk.get(reverse("daily:findings"), {"finding": finding.finding}))
    assert finding.text not in page and "涉及健康信息" in page
    leader = place.client("leader", done.region_code)
    assert finding.text not in place.text_of(leader.get(reverse("daily:findings"), {"finding": finding.finding}))
    assert leader.get(reverse("daily:reveal", args=[finding.pk])).status_code == 404
    asked = clerk.get(reverse("daily:reveal", args=[finding.pk]))
    assert finding.text not in place.text_of(asked)
    shown = clerk.post(reverse("daily:reveal", args=[finding.pk]), {"reason": "上门走访"})
    assert finding.text in place.text_of(shown)
    event = Event.objects.filter(verb="registry.reveal").latest("seq")
    assert event.why == "上门走访" and event.after["household"] == finding.household_id


def test_a_household_is_explained_step_by_step_without_its_health(done: Run) -> None:
    finding = next(one for one in Finding.everything.filter(gone_on__isnull=True) if speaks_of_health(one.causes))
    clerk = place.client("township", finding.region_code[:9] + "000")
    url = reverse("daily:household", args=[finding.household_id])
    page = place.text_of(clerk.get(url))
    assert finding.text not in page and "推算过程" in page and "依据" in page
    diseases = place.rows(
        done.folder / "work" / "entities" / "illnesses.parquet",
        f"SELECT DISTINCT disease FROM t JOIN read_parquet('{done.folder / 'work' / 'entities' / 'persons.parquet'}') p"
        f" USING (person_id) WHERE household_id = '{finding.household_id}' AND disease IS NOT NULL",
    )
    assert not any(disease in page for (disease,) in diseases)
    revealed = place.text_of(clerk.post(url, {"reason": "入户核实病情"}))
    assert finding.text in revealed
    assert health_rules() and not {"income_per_head", "monitoring_line", "uninsured"} & health_rules()
    away = Household.everything.exclude(region_code__startswith=finding.region_code[:9]).first()
    assert away is not None and clerk.get(reverse("daily:household", args=[away.pk])).status_code == 404


def test_two_runs_are_compared_and_the_lists_behind_agree_with_the_figures(done: Run, next_run: Run) -> None:
    clerk = place.client("county", done.region_code)
    for change, expected in (("new", 1), ("gone", 6)):
        page = place.text_of(clerk.get(reverse("daily:changes", args=[next_run.pk]), {"change": change}))
        assert f"<strong>{expected}</strong>" in page or f">{expected}<" in page
    turned = place.text_of(clerk.get(reverse("daily:changes", args=[done.pk]), {"change": "new", "with": next_run.pk}))
    assert ">6<" in turned or "<strong>6</strong>" in turned
    assert clerk.get(reverse("daily:run", args=[next_run.pk]), {"with": done.pk}).status_code == 200
    assert clerk.get(reverse("daily:run", args=[next_run.pk]), {"with": "999999"}).status_code == 404


def test_pages_make_a_fixed_number_of_queries(done: Run, django_assert_max_num_queries: Any) -> None:
    clerk = place.client("county", done.region_code)
    pages = {
        reverse("daily:runs"): 12,
        reverse("daily:run", args=[done.pk]): 12,
        reverse("daily:changes", args=[done.pk]): 12,
        reverse("daily:findings"): 14,
        reverse("daily:warnings"): 14,
        reverse("daily:household", args=[Finding.everything.first().household_id]): 12,  # type: ignore[union-attr]
    }
    for url, most in pages.items():
        with django_assert_max_num_queries(most):
            assert clerk.get(url).status_code == 200, url


def test_pages_of_a_list_hold_every_row_once(done: Run) -> None:
    clerk = place.client("county", done.region_code)
    for name, whole in (
        ("daily:findings", Finding.everything.filter(gone_on__isnull=True).count()),
        ("daily:warnings", Warning.everything.filter(state=Warning.OPEN).count()),
    ):
        seen, after = 0, ""
        for _turn in range(100):
            table = clerk.get(reverse(name), {"after": after} if after else {}).context["table"]
            seen += len(table.page.rows)
            after = table.page.after
            if not after:
                break
        assert seen == whole, name
    assert clerk.get(reverse("daily:findings"), {"after": "nonsense"}).status_code == 302


def test_one_run_at_a_time_and_a_cancelled_one_goes_on_in_its_folder(done: Run) -> None:
    second = runs.start_run(done.region_code)
    with pytest.raises(UserError):
        runs.start_run(done.region_code)
    runs.cancel_run(second)
    second.refresh_from_db()
    assert second.state == Run.CANCELLED and runs.can_resume(second)
    runs.resume_run(second)
    assert second.state == Run.WAITING
    runs.cancel_run(second)
    shutil.rmtree(second.place, ignore_errors=True)


def test_older_runs_keep_their_results_and_lose_their_working_files(done: Run, next_run: Run) -> None:
    spare = done.place.with_name("spare")
    shutil.copytree(done.place, spare)
    try:
        assert runs.thin(done.region_code) == 1
        done.refresh_from_db()
        assert done.thinned and not (done.folder / "work").exists() and not done.data.exists()
        assert (done.folder / "findings.parquet").exists() and (done.folder / "report.html").exists()
        assert (next_run.folder / "work").exists() and runs.thin(done.region_code) == 0
        assert selectors.newest_run(town_of(done)) == next_run
        assert selectors.newest_run(done.region_code, done.day) == done
    finally:
        shutil.rmtree(done.place)
        spare.rename(done.place)


def test_only_who_may_starts_a_run_and_only_of_their_county(done: Run) -> None:
    town = place.client("township", town_of(done))
    start = reverse("daily:start")
    assert town.post(start, {"county": done.region_code}).status_code == 403
    clerk = place.client("county", done.region_code)
    assert clerk.post(start, {"county": "629902000000"}).status_code == 403
    assert clerk.get(start).status_code == 405
    Region.objects.create(region_code="629902000000", name="另一县", level="county", valid_from=date(2020, 1, 1))
    other = place.client("county", "629902000000")
    assert other.get(reverse("daily:run", args=[done.pk])).status_code == 404
    begun = clerk.post(start, {"county": done.region_code})
    assert begun.status_code == 302
    waiting = Run.everything.latest("pk")
    assert "排队中" in place.text_of(clerk.get(reverse("daily:run", args=[waiting.pk])))
    runs.cancel_run(waiting)


def test_a_scheduled_job_makes_its_own_run(done: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "lay_data", lambda *_arguments: (_ for _ in ()).throw(UserError("daily.no_answer")))
    enqueue("daily.run", title="定时", region_code=done.region_code)
    job = run_next("test")
    assert job is not None and job.state == Job.FAILED
    made = Run.everything.latest("pk")
    assert made.pk != done.pk and made.state == Run.FAILED and made.problems == [job.error]
    assert json.dumps(made.problems)
    shutil.rmtree(made.place, ignore_errors=True)
