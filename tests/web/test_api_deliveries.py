"""The interface for other systems: a token acts with its user's rights, answers are typed, the contract holds."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.web import intake_county as county
from xianjie.web.accounts.models import Token, User
from xianjie.web.api.views import schema
from xianjie.web.audit.models import Event
from xianjie.web.clock import today
from xianjie.web.intake.models import Delivery
from xianjie.web.jobs.services import run_next

pytestmark = pytest.mark.django_db
CONTRACT = Path(__file__).with_name("api_contract.json")


@pytest.fixture(autouse=True)
def own_home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


def token(user: User, **more: Any) -> dict[str, str]:
    key = f"key of {user.username}"
    Token.objects.create(user=user, name="系统", hash=hashlib.sha256(key.encode()).hexdigest(), **more)
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def clerk() -> User:
    county.make_county()
    return county.make_user("yibao", "department", "medical_insurance")


CONTENT = county.bills([county.bill(county.people()[0], 5), [None, None, None, None, 6]])


def sent(layout: str = "medical_bills", **more: Any) -> dict[str, Any]:
    return {"layout": layout, "day": "2025-09-30", "file": SimpleUploadedFile("b.xlsx", CONTENT), **more}


def test_a_file_is_handed_in_read_and_asked_after(client: Client, clerk: User) -> None:
    key = token(clerk)
    answer = client.post("/api/deliveries", sent(), headers=key)
    assert answer.status_code == 201, answer.content
    pk = answer.json()["id"]
    assert answer.json()["state"] == "received" and answer.json()["counts"] is None
    assert run_next("test") is not None
    told = client.get(f"/api/deliveries/{pk}", headers=key).json()
    assert told["state"] == "ready" and told["progress"] == 100
    assert told["counts"] == {"rows": 2, "accepted": 1, "repaired": 0, "review": 0, "unmatched": 0, "rejected": 1}
    assert client.get(f"/api/deliveries/{pk}/giveback", headers=key).status_code == 200
    again = client.post("/api/deliveries", sent(), headers=key)
    assert (again.status_code, again.json()["repeated"], again.json()["id"]) == (200, True, pk)
    assert [one["id"] for one in client.get("/api/deliveries", headers=key).json()["deliveries"]] == [pk]
    event = Event.objects.get(verb="intake.receive")
    assert event.actor == "yibao" and event.acting_as.startswith("API")
    assert Delivery.everything.get().via == Delivery.API


def test_only_a_living_token_of_an_active_user_opens_it(client: Client, clerk: User) -> None:
    key = token(clerk, ends_on=today() + timedelta(days=1))
    assert client.get("/api/layouts", headers=key).status_code == 200
    assert client.get("/api/layouts").status_code == 401
    assert client.get("/api/layouts", headers={"Authorization": "Bearer nobody"}).status_code == 401
    client.force_login(clerk)
    assert client.get("/api/layouts").status_code == 401, "a session is no token"
    Token.objects.update(ends_on=today())
    assert client.get("/api/layouts", headers=key).status_code == 401
    Token.objects.update(ends_on=None)
    User.objects.update(is_active=False)
    assert client.get("/api/layouts", headers=key).status_code == 401


def test_a_token_can_do_what_its_user_can_and_no_more(client: Client, clerk: User) -> None:
    mine, other = token(clerk), token(county.make_user("minzheng", "department", "civil_affairs"))
    looker = token(county.make_user("lingdao", "leader"))
    pk = client.post("/api/deliveries", sent(), headers=mine).json()["id"]
    assert {one["department"] for one in client.get("/api/layouts", headers=mine).json()} == {"medical_insurance"}
    assert client.post("/api/deliveries", sent("benefits"), headers=mine).status_code == 403
    assert client.get(f"/api/deliveries/{pk}", headers=other).status_code == 404
    assert client.get("/api/deliveries", headers=other).json()["deliveries"] == []
    assert client.get(f"/api/deliveries/{pk}", headers=looker).status_code == 200
    assert client.get(f"/api/deliveries/{pk}/giveback", headers=looker).status_code == 404
    assert client.post("/api/deliveries", sent(), headers=looker).status_code in (400, 403)
    assert client.post("/api/deliveries", sent(county="111100000000"), headers=mine).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"layout": "nothing"}, "intake.no_layout"),
        ({"day": "30.9.2025"}, "api.invalid"),
        ({"day": "2099-01-01"}, "intake.bad_day"),
        ({"mode": "half"}, "api.invalid"),
        ({"file": SimpleUploadedFile("b.xlsm", b"PK")}, "intake.macros"),
        ({"file": SimpleUploadedFile("b.xlsx", b"<html>")}, "feeds.is_html"),
    ],
)
def test_what_is_wrong_is_told_by_code_and_sentence(client: Client, clerk: User, change: Any, code: str) -> None:
    answer = client.post("/api/deliveries", sent() | change, headers=token(clerk))
    assert answer.status_code == 400 and answer.json()["code"] == code and answer.json()["message"]


def test_what_is_far_too_big_is_refused_unread(client: Client, clerk: User) -> None:
    answer = client.generic(
        "POST", "/api/deliveries", b"", "multipart/form-data; boundary=x",
        headers=token(clerk), CONTENT_LENGTH=str(2 * 1024**3),
    )  # fmt: skip
    assert answer.status_code == 413 and answer.json()["code"] == "intake.too_big"


def test_the_description_needs_no_network_and_an_account(client: Client, clerk: User) -> None:
    assert client.get("/api/").status_code == 302
    client.force_login(clerk)
    page = client.get("/api/").content.decode()
    assert "POST" in page and "/api/deliveries" in page and "http://cdn" not in page and "https://" not in page
    assert client.get("/api/openapi.json").json()["info"]["version"] == "1"


def test_the_contract_is_what_other_systems_were_told() -> None:
    """Changing an answer breaks others: add, never take away. `XIANJIE_WRITE_CONTRACT=1` writes the file anew."""
    told = json.dumps(schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("XIANJIE_WRITE_CONTRACT"):
        CONTRACT.write_text(told, encoding="utf-8")
    assert told == CONTRACT.read_text(encoding="utf-8")
