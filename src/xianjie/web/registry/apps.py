from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """The register 农户档案."""

    name = "xianjie.web.registry"
    label = "registry"
