from importlib import import_module

from django.apps import AppConfig
from django.utils.module_loading import module_has_submodule

# Modules that put their panels on the case's page (`work.py`) or listen to other apps.
PARTS = (
    "following", "verification_views", "comparing_views", "deliberation_views", "meeting_views", "planning", "visiting",
)  # fmt: skip


class CasesConfig(AppConfig):
    """Cases 案件."""

    name = "xianjie.web.cases"
    label = "cases"

    def ready(self) -> None:
        """Let the parts of the case's page register themselves."""
        for name in PARTS:
            if self.module is not None and module_has_submodule(self.module, name):
                import_module(f"{self.name}.{name}")
