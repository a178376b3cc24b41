"""The end of rows that a test had to commit."""

from django.apps import apps
from django.db import connection as database


def remove_all() -> None:
    """Empty every table of the app and the broker's queue, committed as they are.

    What migrations put into the database stands elsewhere and stays.
    """
    models = apps.get_app_config("exceptions_app").get_models()
    tables = ", ".join(sorted(model._meta.db_table for model in models))
    with database.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables}, django_q_ormq RESTART IDENTITY CASCADE")
