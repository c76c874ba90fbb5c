from django.apps import AppConfig


class RegionsConfig(AppConfig):
    """Regions 行政区划."""

    name = "xianjie.web.regions"
    label = "regions"
