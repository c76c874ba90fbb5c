"""Users, and the roles that they hold on areas."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from xianjie.web.sealing import SealedField


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
