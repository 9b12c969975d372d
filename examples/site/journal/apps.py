from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "examples.site.journal"
    default_auto_field = "django.db.models.BigAutoField"
