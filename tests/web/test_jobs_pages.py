"""Background jobs as people see them: how far, stop, try again, and only their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from django.test import Client
from django.urls import reverse

from tests.web.base_samples import COUNTY, FAR, A, make_places, make_user
from xianjie.messages import UserError
from xianjie.web.audit.models import Event
from xianjie.web.jobs import services
from xianjie.web.jobs.models import Job

pytestmark = pytest.mark.django_db


@services.job("test.count")
def count(work: services.Work) -> dict:
    start = work.job.saved.get("done", 0)
    for number in range(start, 3):
        work.progress(number, 3, f"第 {number} 步")
        work.save(done=number + 1)
        if work.arguments.get("fail") and number == 1:
            raise UserError("web.bad_page")
    return {"rows": 3, "url": "/jobs/", "label": "看名单"}


@pytest.fixture
def clerk(db) -> Client:
    make_places()
    client = Client()
    client.user = make_user("xian", "county")
    client.force_login(client.user)
    return client


def queue(client: Client, **arguments) -> Job:
    return services.enqueue("test.count", title="数一数", region_code=A, owner=client.user, **arguments)


def page(client: Client, job: Job) -> str:
    return client.get(reverse("jobs:job", args=[job.pk])).content.decode()


def test_a_job_from_the_queue_to_its_result(clerk: Client) -> None:
    job = queue(clerk)
    waiting = page(clerk, job)
    assert "排队中" in waiting and "hx-get" in waiting and "刷新" in waiting  # with script and without
    services.run_next("test")
    done = page(clerk, job)
    assert "已完成" in done and 'href="/jobs/"' in done and "看名单" in done and "行数" in done and "hx-get" not in done


def test_a_waiting_job_is_cancelled_and_tried_again(clerk: Client) -> None:
    job = queue(clerk)
    clerk.post(reverse("jobs:cancel", args=[job.pk]))
    assert services.run_next("test") is None and "已取消" in page(clerk, job)
    clerk.post(reverse("jobs:again", args=[job.pk]))
    services.run_next("test")
    assert "已完成" in page(clerk, job)
    assert list(Event.objects.order_by("seq").values_list("verb", flat=True)) == [
        "jobs.queue",
        "jobs.cancel",
        "jobs.again",
    ]


def test_a_failed_job_says_why_and_goes_on_from_where_it_was(clerk: Client) -> None:
    job = queue(clerk, fail=True)
    services.run_next("test")
    failed = page(clerk, job)
    assert "失败" in failed and "页码无效" in failed and "再试一次" in failed
    assert "失败的任务" in clerk.get(reverse("home")).content.decode()
    Job.everything.filter(pk=job.pk).update(arguments={})
    clerk.post(reverse("jobs:again", args=[job.pk]))
    services.run_next("test")
    job.refresh_from_db()
    assert job.state == Job.DONE and job.saved == {"done": 3}


def test_everybody_sees_their_own_and_the_administrator_those_of_the_area(clerk: Client) -> None:
    job = queue(clerk)
    other = Client()
    other.force_login(make_user("lin", "county"))
    assert other.get(reverse("jobs:job", args=[job.pk])).status_code == 404
    for name in ("cancel", "again"):
        assert other.post(reverse(f"jobs:{name}", args=[job.pk])).status_code == 404
    boss = Client()
    boss.force_login(make_user("guan", "administrator", COUNTY))
    far = services.enqueue("test.count", title="别处的", region_code=FAR)
    assert "数一数" in page(boss, job)
    assert boss.get(reverse("jobs:job", args=[far.pk])).status_code == 404
    assert "别处的" not in boss.get(reverse("jobs:jobs")).content.decode()


def test_the_list_costs_the_same_for_many(clerk: Client, django_assert_max_num_queries) -> None:
    for _ in range(60):
        queue(clerk)
    with django_assert_max_num_queries(10):
        first = clerk.get(reverse("jobs:jobs") + "?state=queued").content.decode()
    assert 'rel="next"' in first


def test_a_result_never_leads_to_another_site(clerk: Client) -> None:
    job = queue(clerk)
    Job.everything.filter(pk=job.pk).update(state=Job.DONE, result={"url": "//evil.example/x"})
    assert "evil.example" not in page(clerk, job)


def test_a_worker_ends_when_told_to(settings) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.web.settings", "DATABASE_URL": "sqlite:///:memory:"}
    process = subprocess.Popen([sys.executable, "-c", "import xianjie.web.worker as w; print(1, flush=True); w.work()"],
                               env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None and process.stdout.readline() == b"1\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode is not None
