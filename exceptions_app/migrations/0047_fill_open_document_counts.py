"""Documents that were open before."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("exceptions_app", "0046_open_document_counts")]

    operations = [
        migrations.RunSQL(
            "SELECT exceptions_app_recount_postings()",
            "DELETE FROM exceptions_app_postingcount",
        )
    ]
