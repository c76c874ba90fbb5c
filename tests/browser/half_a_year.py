"""Settings of an instance half a year on: whoever was due for help then counts as due for removal now.

No invented county lives on by itself; what the policy says of removal has tests of its own (tests/policy, tests/flows).
"""

from django.apps import AppConfig

from xianjie.web.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.browser.half_a_year.HalfAYear"]  # noqa: F405


class HalfAYear(AppConfig):
    """Reads another result of the run where the flow asks whether removal is due."""

    name = "tests.browser"
    label = "half_a_year"

    def ready(self) -> None:
        from xianjie.web.cases import results

        results.WANTED["removal_due"] = "monitoring_due"
