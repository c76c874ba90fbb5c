from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The audit trail 审计."""

    name = "xianjie.web.audit"
    label = "audit"
