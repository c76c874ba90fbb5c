from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts 账号."""

    name = "xianjie.web.accounts"
    label = "accounts"
