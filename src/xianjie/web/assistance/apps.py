from django.apps import AppConfig


class AssistanceConfig(AppConfig):
    """Social assistance 帮扶救助."""

    name = "xianjie.web.assistance"
    label = "assistance"

    def ready(self) -> None:
        """Listen to daily runs."""
        from xianjie.web.assistance import following  # noqa: F401
