from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RegistryConfig(AppConfig):
    """The register 农户档案. Every app's `panels.py` is read at start, so that the household's page has its parts."""

    name = "xianjie.web.registry"
    label = "registry"

    def ready(self) -> None:
        from xianjie.web.registry import region_changes  # noqa: F401  (its receiver listens from now on)

        autodiscover_modules("panels")
