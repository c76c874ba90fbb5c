"""What everybody may do with their own account: password, second step, keys for other systems."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import date
from io import BytesIO
from typing import Any

import qrcode
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django_otp import login as pass_second_step
from qrcode.image.svg import SvgPathImage

from xianjie.messages import UserError
from xianjie.web.accounts.models import Grant, SecondDevice, Token, User
from xianjie.web.accounts.roles import all_roles
from xianjie.web.audit.services import record
from xianjie.web.clock import today
from xianjie.web.regions.selectors import full_names
from xianjie.web.words import department_name, label

MOST_TOKENS, TOKEN_PREFIX = 10, "xj_"


def grant_rows(grants: list[Grant]) -> list[dict[str, Any]]:
    """Grants in words: role, place, department, days, whether they hold today; two queries at most."""
    places, day = full_names({grant.region_code for grant in grants}), today()
    roles = all_roles().roles
    return [
        {
            "pk": grant.pk,
            "role": label(roles[grant.role]) if grant.role in roles else grant.role,
            "place": places.get(grant.region_code, grant.region_code),
            "region_code": grant.region_code,
            "department": department_name(grant.department),
            "begins_on": grant.begins_on,
            "ends_on": grant.ends_on,
            "holds": (not grant.begins_on or grant.begins_on <= day) and (not grant.ends_on or grant.ends_on > day),
        }
        for grant in grants
    ]


def overview(user: User) -> dict[str, Any]:
    """What the page of one's own account shows."""
    return {
        "grants": grant_rows(list(user.grants.order_by("pk"))),
        "tokens": list(user.tokens.order_by("-pk")),
        "device": SecondDevice.objects.filter(user=user, confirmed=True).first(),
    }


@transaction.atomic
def change_password(form: PasswordChangeForm) -> None:
    """Keep the new password of a valid form; a forced change is done with it."""
    user: User = form.save(commit=False)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record("accounts.password", subject=("account", user.username), region_code=user.region_code)


def new_device(user: User) -> SecondDevice:
    """The device that is being set up; the same one until it is confirmed."""
    waiting: SecondDevice | None = SecondDevice.objects.filter(user=user, confirmed=False).first()
    return waiting or SecondDevice.fresh(user)


@transaction.atomic
def confirm_device(request: Any, device: SecondDevice, code: str) -> bool:
    """Switch the second step on once the user's device gives the right code; this session has passed it then."""
    if not device.verify_token(code.strip()):
        return False
    device.confirmed = True
    device.save()
    pass_second_step(request, device)
    user = request.user
    record("accounts.two_step_on", subject=("account", user.username), region_code=user.region_code)
    return True


@transaction.atomic
def remove_device(user: User, why: str = "") -> None:
    """Switch the second step off."""
    SecondDevice.objects.filter(user=user).delete()
    record("accounts.two_step_off", subject=("account", user.username), region_code=user.region_code, why=why)


def qr_svg(text: str) -> SafeString:
    """`text` as a QR code, an SVG image to put into a page."""
    buffer = BytesIO()
    qrcode.make(text, image_factory=SvgPathImage, box_size=8).save(buffer)
    svg = buffer.getvalue().decode()
    return mark_safe(svg[svg.index("<svg") :])


def readable_secret(device: SecondDevice) -> str:
    """The device's secret for typing in, in groups of four."""
    text = base64.b32encode(device.bin_key).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def make_token(user: User, name: str, ends_on: date | None = None) -> str:
    """A new key for a system that acts as `user`: the text is given back once and kept nowhere."""
    if user.tokens.count() >= MOST_TOKENS:
        raise UserError("accounts.too_many_tokens", most=MOST_TOKENS)
    if ends_on and ends_on <= today():
        raise UserError("accounts.token_ended", day=ends_on)
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = user.tokens.create(name=name, ends_on=ends_on, hash=_hash(text))
    record(
        "accounts.token",
        subject=("account", user.username),
        region_code=user.region_code,
        after={"token": token.pk, "name": name, "ends_on": ends_on},
    )
    return text


@transaction.atomic
def withdraw_token(token: Token) -> None:
    """Make a key worthless."""
    user = token.user
    record(
        "accounts.token_withdrawn",
        subject=("account", user.username),
        region_code=user.region_code,
        before={"token": token.pk, "name": token.name},
    )
    token.delete()


def user_of_token(text: str) -> User | None:
    """The active user as whom the holder of this key acts, None for an unknown, ended or closed one."""
    token = Token.objects.select_related("user").filter(hash=_hash(text)).first()
    if token is None or not token.user.is_active or (token.ends_on and token.ends_on <= today()):
        return None
    Token.objects.filter(pk=token.pk).update(last_used_at=timezone.now())
    return token.user
