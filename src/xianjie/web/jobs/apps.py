from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    """Background jobs 后台任务. Every app's `jobs.py` is read at start, so that its kinds of job are known."""

    name = "xianjie.web.jobs"
    label = "jobs"

    def ready(self) -> None:
        autodiscover_modules("jobs")
