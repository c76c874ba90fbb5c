"""Sealing 加密: numbers that open doors elsewhere are stored encrypted, and found again by a keyed index.

A sealed value is `1:` and the base64 of nonce and AES-256-GCM ciphertext. The index is an HMAC of the normal
form, so equal numbers have equal indexes and nobody without the key can try numbers out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import unicodedata
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

from xianjie.messages import UserError

VERSION = "1:"


@cache
def _keys(secret: str) -> tuple[AESGCM, bytes]:
    """The key that encrypts and the key of the index, both drawn from the instance's one secret."""
    material = [hashlib.blake2b(secret.encode(), digest_size=32, person=name).digest() for name in (b"seal", b"index")]
    return AESGCM(material[0]), material[1]


def seal(text: str | None) -> str | None:
    """`text` encrypted; None and the empty text stay what they are."""
    if not text:
        return text
    nonce = os.urandom(12)
    cipher = _keys(settings.SEALING_KEY)[0].encrypt(nonce, text.encode(), None)
    return VERSION + base64.b64encode(nonce + cipher).decode()


def unseal(sealed: str | None) -> str | None:
    """What `seal` encrypted. Raises `UserError` when the instance's key is not the one that sealed it."""
    if not sealed:
        return sealed
    raw = base64.b64decode(sealed[len(VERSION) :])
    try:
        return _keys(settings.SEALING_KEY)[0].decrypt(raw[:12], raw[12:], None).decode()
    except InvalidTag as error:
        raise UserError("web.wrong_key") from error


def normal_number(text: str) -> str:
    """A number as it is compared: half-width, no blanks or hyphens, capital X."""
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "").upper()


def index_of(text: str | None) -> str:
    """The keyed index 32 hex digits of a number, empty for none."""
    if not text or not (number := normal_number(text)):
        return ""
    return hmac.new(_keys(settings.SEALING_KEY)[1], number.encode(), hashlib.sha256).hexdigest()[:32]


class SealedField(models.TextField):
    """A text that the database only ever sees encrypted. It cannot be searched: keep an index column beside it."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return unseal(value)

    def get_prep_value(self, value: Any) -> Any:
        return seal(super().get_prep_value(value))

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise TypeError(f"{self.name} is sealed: look its index column up")
        return super().get_lookup(lookup_name)
