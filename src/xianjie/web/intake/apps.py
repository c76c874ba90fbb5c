from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """部门报送."""

    name = "xianjie.web.intake"
    label = "intake"
