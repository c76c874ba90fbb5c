from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AccountsConfig(AppConfig):
    """Accounts 账号. Every app's `tiles.py` is read at start, so that the home page shows what it has to say."""

    name = "xianjie.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        from xianjie.web.accounts import sign_in  # noqa: F401  (its receivers listen from now on)

        autodiscover_modules("tiles")
