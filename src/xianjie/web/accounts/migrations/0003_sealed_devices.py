import base64
from typing import Any

from django.db import migrations

from xianjie.web.accounts.models import sealed_secret


def seal_secrets(apps: Any, schema_editor: Any) -> None:
    for device in apps.get_model("otp_totp", "TOTPDevice").objects.all():
        device.key = sealed_secret(bytes.fromhex(device.key))
        device.save(update_fields=["key"])


def open_secrets(apps: Any, schema_editor: Any) -> None:
    from xianjie.web.sealing import unseal

    for device in apps.get_model("otp_totp", "TOTPDevice").objects.all():
        device.key = base64.b64decode(unseal(device.key) or "").hex()
        device.save(update_fields=["key"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_home_region"), ("otp_totp", "0003_add_timestamps")]

    operations = [
        migrations.CreateModel(
            name="SecondDevice",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.RunPython(seal_secrets, open_secrets),
    ]
