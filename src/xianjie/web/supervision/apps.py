from importlib import import_module

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Tasks, supervision and assessment 任务督导."""

    name = "xianjie.web.supervision"
    label = "supervision"

    def ready(self) -> None:
        """Let the app hear of finished runs."""
        import_module(f"{self.name}.scheduling")
