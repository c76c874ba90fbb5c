from django.apps import AppConfig


class DesignConfig(AppConfig):
    """Template tags and the gallery that shows them."""

    name = "xianjie.web.design"
    label = "design"
