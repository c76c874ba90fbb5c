from importlib import import_module

from django.apps import AppConfig


class LedgersConfig(AppConfig):
    """Ledgers of the linkage work 台账."""

    name = "xianjie.web.ledgers"
    label = "ledgers"

    def ready(self) -> None:
        """Read the declarations, so that one that does not hold stops the start; let the app hear of finished runs."""
        import_module(f"{self.name}.declaration").ledgers()
        import_module(f"{self.name}.scheduling")
