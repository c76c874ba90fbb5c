from django.apps import AppConfig


class LedgersConfig(AppConfig):
    """Ledgers of the linkage work 台账."""

    name = "xianjie.web.ledgers"
    label = "ledgers"
