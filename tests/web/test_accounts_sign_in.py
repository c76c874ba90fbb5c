"""Signing in and out, as people at their desks meet it."""

from __future__ import annotations

import re
import time

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp

from tests.web.base_samples import COUNTY, make_places, make_user
from xianjie.web.accounts.demo import create_demo_accounts
from xianjie.web.accounts.models import SecondDevice
from xianjie.web.accounts.own_account import make_token, user_of_token
from xianjie.web.audit.models import Event

pytestmark = pytest.mark.django_db
PASSWORD = "ceshi-mima-2025"


@pytest.fixture
def user():
    make_places()
    return make_user("zhangsan", "county")


def sign_in(client: Client, password: str = PASSWORD, name: str = "zhangsan", **more):
    return client.post(reverse("accounts:login"), {"username": name, "password": password, **more})


def verbs() -> list[str]:
    return list(Event.objects.order_by("seq").values_list("verb", flat=True))


def test_in_and_out_leave_their_events(client: Client, user) -> None:
    answer = sign_in(client, next="/accounts/me/")
    assert answer.status_code == 302
    page = client.get(reverse("accounts:me"))
    assert "样例县" in page.content.decode() and "县级工作人员" in page.content.decode()
    client.post(reverse("accounts:logout"))
    assert client.get(reverse("accounts:me")).status_code == 302
    assert verbs() == ["accounts.login", "accounts.logout"]
    event = Event.objects.first()
    assert (event.actor, event.region_code, event.origin) == ("zhangsan", COUNTY, "127.0.0.1")
    assert "县级工作人员" in event.acting_as


def test_after_signing_in_nobody_is_led_to_another_site(client: Client, user) -> None:
    assert sign_in(client, next="https://evil.example/").url == "/"


def test_wrong_password_says_so_and_five_of_them_lock_the_account_for_a_quarter_hour(client: Client, user) -> None:
    page = sign_in(client, "falsch")
    assert "账号或密码不正确" in page.content.decode()
    for _ in range(4):
        page = sign_in(client, "falsch")
    assert page.status_code == 429 and "15 分钟" in page.content.decode()
    assert sign_in(client).status_code == 429  # the right one does not help now
    assert verbs().count("accounts.login_failed") == 6 and verbs().count("accounts.locked_out") >= 1


def test_a_password_typed_as_the_name_is_not_kept_in_the_trail(client: Client, user) -> None:
    sign_in(client, "x", name="ceshi-mima-2025")
    event = Event.objects.get()
    assert "ceshi" not in f"{event.subject_id}{event.why}{event.after}{event.actor}"


def test_a_closed_account_is_out_at_once(client: Client, user) -> None:
    sign_in(client)
    user.is_active = False
    user.save()
    assert client.get(reverse("accounts:me")).status_code == 302
    assert "不正确" in sign_in(Client()).content.decode()


def test_a_temporary_password_must_be_changed_before_anything_else(client: Client, user) -> None:
    user.must_change_password = True
    user.save()
    sign_in(client)
    assert client.get(reverse("home")).url == reverse("accounts:password")
    fresh = {"old_password": PASSWORD, "new_password1": "xin-mima-88421", "new_password2": "xin-mima-88421"}
    refused = client.post(reverse("accounts:password"), {**fresh, "new_password1": "a1", "new_password2": "a1"})
    assert refused.status_code == 200 and refused.context["form"].errors["new_password2"]
    assert client.post(reverse("accounts:password"), fresh).status_code == 302
    assert client.get(reverse("home")).status_code == 200
    user.refresh_from_db()
    assert user.check_password("xin-mima-88421") and not user.must_change_password
    assert "accounts.password" in verbs()


def test_a_new_password_ends_the_sessions_elsewhere(client: Client, user) -> None:
    other = Client()
    sign_in(client)
    sign_in(other)
    fresh = {"old_password": PASSWORD, "new_password1": "xin-mima-88421", "new_password2": "xin-mima-88421"}
    client.post(reverse("accounts:password"), fresh)
    assert client.get(reverse("accounts:me")).status_code == 200
    assert other.get(reverse("accounts:me")).status_code == 302


def test_who_rests_too_long_is_signed_out_and_comes_back_to_the_page(client: Client, user, settings) -> None:
    settings.IDLE_SECONDS = 600
    sign_in(client)
    session = client.session
    session["seen"] = int(time.time()) - 601
    session.save()
    answer = client.get(reverse("accounts:me") + "?x=1")
    assert answer.status_code == 302 and answer.url.startswith(reverse("accounts:login")) and "x%3D1" in answer.url
    assert "停留过久" in client.get(answer.url).content.decode()


def test_the_second_step_is_set_up_with_a_code_asked_for_at_sign_in_and_cannot_be_walked_around(client, user) -> None:
    sign_in(client)
    page = client.get(reverse("accounts:two_step")).content.decode()
    assert "<svg" in page
    device = SecondDevice.objects.get(user=user, confirmed=False)
    assert device.bin_key.hex() not in device.key and device.key.startswith("1:"), "the secret stands open"
    wrong = client.post(reverse("accounts:two_step"), {"code": "000000"})
    assert wrong.status_code == 200
    device.refresh_from_db()
    device.throttle_reset()
    code = f"{totp(device.bin_key):06d}"
    assert client.post(reverse("accounts:two_step"), {"code": code}).status_code == 302
    assert client.get(reverse("home")).status_code == 200  # this session has proved it
    other = Client()
    sign_in(other)
    assert other.get(reverse("home")).url == reverse("accounts:second_step")
    assert other.get(reverse("accounts:me")).url == reverse("accounts:second_step")
    assert other.get(reverse("accounts:two_step_off")).url == reverse("accounts:second_step")
    again = other.post(reverse("accounts:second_step"), {"code": code})
    assert again.status_code == 200 and "验证码不正确" in again.content.decode()  # a code works once
    device.refresh_from_db()
    device.throttle_reset()
    device.last_t = 0
    device.save()
    assert other.post(reverse("accounts:second_step"), {"code": f"{totp(device.bin_key):06d}"}).status_code == 302
    assert other.get(reverse("home")).status_code == 200
    assert {"accounts.two_step_on", "accounts.second_step", "accounts.second_step_failed"} <= set(verbs())


def test_the_second_step_is_given_up_with_the_password_only(client: Client, user) -> None:
    sign_in(client)
    device = SecondDevice.fresh(user)
    client.post(reverse("accounts:two_step"), {"code": f"{totp(device.bin_key):06d}"})
    assert "密码不正确" in client.post(reverse("accounts:two_step_off"), {"password": "x"}).content.decode()
    client.post(reverse("accounts:two_step_off"), {"password": PASSWORD})
    assert not SecondDevice.objects.filter(user=user).exists()


def test_a_key_is_shown_once_acts_as_its_owner_and_dies_when_withdrawn(client: Client, user) -> None:
    sign_in(client)
    page = client.post(reverse("accounts:make_token"), {"name": "医保结算系统"}).content.decode()
    key = re.search(r"xj_[\w-]{30,}", page)
    assert key and user_of_token(key[0]) == user
    assert key[0] not in client.get(reverse("accounts:me")).content.decode()
    token = user.tokens.get()
    assert token.hash != key[0] and token.last_used_at
    stranger = Client()
    make_user("lisi", "county")
    sign_in(stranger, name="lisi")
    assert stranger.post(reverse("accounts:withdraw_token", args=[token.pk])).status_code == 404
    client.post(reverse("accounts:withdraw_token", args=[token.pk]))
    assert user_of_token(key[0]) is None
    assert user_of_token(make_token(user, "x")) == user
    user.is_active = False
    user.save()
    assert user_of_token(make_token(user, "y")) is None


def test_the_language_is_kept_for_this_browser(client: Client, user) -> None:
    client.post(reverse("accounts:language"), {"language": "en", "next": "/login/"})
    assert 'lang="en"' in client.get(reverse("accounts:login")).content.decode()


def test_invented_accounts_are_on_the_login_page_of_a_demonstration_only(client: Client, user, settings) -> None:
    settings.DEMO = True
    made = create_demo_accounts(COUNTY)
    assert {one["role"] for one in made} >= {"village", "township", "county", "department", "leader", "auditor"}
    page = client.get(reverse("accounts:login")).content.decode()
    assert all(one["username"] in page for one in made) and made[0]["password"] in page
    for one in made:
        visitor = Client()
        assert visitor.post(reverse("accounts:demo_login"), {"username": one["username"]}).status_code == 302
        assert visitor.get(reverse("home")).status_code == 200
        assert sign_in(Client(), one["password"], one["username"]).status_code == 302
    assert client.post(reverse("accounts:demo_login"), {"username": "zhangsan"}).status_code == 404
    settings.DEMO = False
    assert client.post(reverse("accounts:demo_login"), {"username": made[0]["username"]}).status_code == 404
    assert "cunganbu" not in client.get(reverse("accounts:login")).content.decode()
