from django.apps import AppConfig


class AssistanceConfig(AppConfig):
    """Social assistance 帮扶救助."""

    name = "xianjie.web.assistance"
    label = "assistance"
