from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Cases 案件."""

    name = "xianjie.web.cases"
    label = "cases"
