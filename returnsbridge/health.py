"""The answer to "may this process get traffic?"."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from returnsbridge import server_account


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 "ok" only when the database answers and every migration is applied.

    Otherwise 503 with one of two fixed sentences: no address or version leaks to strangers.
    """
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, server_account.EmbeddedPostgresFailed):
        return HttpResponse("database does not answer", status=503, content_type="text/plain")
    if waiting:
        return HttpResponse("migrations are waiting", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")
