from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Tasks, supervision and assessment 任务督导."""

    name = "xianjie.web.supervision"
    label = "supervision"
