from django.apps import AppConfig


class VillagesConfig(AppConfig):
    """Village governance 乡村治理."""

    name = "xianjie.web.villages"
    label = "villages"
