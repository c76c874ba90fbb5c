from django.apps import AppConfig


class AssistanceConfig(AppConfig):
    """Social assistance 帮扶救助."""

    name = "xianjie.web.assistance"
    label = "assistance"

    def ready(self) -> None:
        """Listen to daily runs; stand on the pages of cases."""
        from xianjie.web.assistance import following, from_cases  # noqa: F401
