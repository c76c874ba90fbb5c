"""Users, and the roles that they hold on areas."""

from __future__ import annotations

import base64
import os

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_otp.plugins.otp_totp.models import TOTPDevice

from xianjie.web.sealing import SealedField, seal, unseal

SECRET_BYTES = 20  # RFC 4226 section 4: the length of the shared secret that it recommends


class User(AbstractUser):
    """An account 账号. What it may do stands in its grants; Django's own flags for that mean nothing here."""

    display_name = models.CharField(max_length=40)
    phone = SealedField(null=True, blank=True)
    # Where the account belongs: who manages accounts there manages this one, whether or not it has a role yet.
    region_code = models.CharField(max_length=12, blank=True, db_index=True)
    must_change_password = models.BooleanField(default=False)
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.display_name or self.username


class Grant(models.Model):
    """A role on an area, for a time 授权. A person may hold several."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=20)
    region_code = models.CharField(max_length=12)
    department = models.CharField(max_length=30, blank=True)
    begins_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)  # the first day on which it no longer holds

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "region_code", "department"], name="one_grant_each")
        ]


class Token(models.Model):
    """A key with which a department's own system hands in files 接口令牌; only its hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=60)
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    ends_on = models.DateField(null=True, blank=True)


def sealed_secret(secret: bytes) -> str:
    """A device's secret as its column keeps it."""
    return str(seal(base64.b64encode(secret).decode()))


class SecondDevice(TOTPDevice):
    """What gives the codes of the second step 动态口令; its secret stands sealed in the database."""

    class Meta:
        proxy = True

    @classmethod
    def fresh(cls, user: User) -> SecondDevice:
        """A device with a new secret, not confirmed yet."""
        made: SecondDevice = cls.objects.create(
            user=user, confirmed=False, name="totp", key=sealed_secret(os.urandom(SECRET_BYTES))
        )
        return made

    @property
    def bin_key(self) -> bytes:
        """The secret itself."""
        return base64.b64decode(unseal(self.key) or "")
