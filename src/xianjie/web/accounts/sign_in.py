"""Signing in and out: password, lock-out, second step; each is an event.

`django-axes` counts the failures of an account from an address and locks it for a while; `django-otp` checks the
codes of the second step. What both do is told to the audit trail here.
"""

from __future__ import annotations

import time
from typing import Any

from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django_otp import login as pass_second_step

from xianjie.web.accounts.models import SecondDevice, User
from xianjie.web.accounts.scope import scope_of
from xianjie.web.audit.services import Actor, acting, current_actor, record

TOUCH_SECONDS = 60


def try_password(request: Any, username: str, password: str) -> User | None:
    """Sign in with name and password; None when they do not fit or the account is locked or closed."""
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        return None
    enter(request, user)
    return user


def enter(request: Any, user: User, backend: str = "django.contrib.auth.backends.ModelBackend") -> None:
    """Begin the session of a user whose password was right."""
    login(request, user, backend=backend)
    request.session["seen"] = int(time.time())
    with acting(_actor(user)):
        record("accounts.login", subject=("account", user.username), region_code=user.region_code)


def leave(request: Any) -> None:
    """End the session."""
    user = request.user
    if user.is_authenticated:
        record("accounts.logout", subject=("account", user.username), region_code=user.region_code)
    logout(request)


def second_device(user: User) -> SecondDevice | None:
    """The device whose codes the user must give, None for one-step sign-in."""
    return SecondDevice.objects.filter(user=user, confirmed=True).first()


def try_code(request: Any, code: str) -> bool:
    """The second step: whether the code is right. Wrong codes slow the next try down (django-otp)."""
    device = second_device(request.user)
    if device is not None and device.verify_token(code.strip()):
        pass_second_step(request, device)
        record("accounts.second_step", subject=("account", request.user.username), region_code=request.user.region_code)
        return True
    record(
        "accounts.second_step_failed",
        subject=("account", request.user.username),
        region_code=request.user.region_code,
    )
    return False


def idle_too_long(request: Any) -> bool:
    """Whether a session has rested longer than `IDLE_SECONDS`; otherwise it is marked as in use."""
    seen, now = request.session.get("seen"), int(time.time())
    if seen is None:
        return False
    if now - seen > getattr(settings, "IDLE_SECONDS", 3600):
        return True
    if now - seen > TOUCH_SECONDS:
        request.session["seen"] = now
    return False


def _actor(user: User) -> Actor:
    return Actor(user.username, user.display_name, scope_of(user).words("zh"), current_actor().origin)


def _told(verb: str, username: str) -> None:
    # A name that is no account is not kept: people type passwords into the wrong field.
    user = User.objects.filter(username=username).first()
    subject = ("account", user.username) if user else ("account", "")
    record(verb, subject=subject, region_code=user.region_code if user else "")


@receiver(user_login_failed)
def _failed(sender: Any, credentials: dict[str, Any], request: Any = None, **rest: Any) -> None:
    if request is not None:
        _told("accounts.login_failed", str(credentials.get("username", "")))


@receiver(user_locked_out)
def _locked(sender: Any, request: Any, username: str, **rest: Any) -> None:
    _told("accounts.locked_out", str(username or ""))
