"""Django's PostgreSQL engine; only the moment of connecting differs (decision 0002).

Starting lazily keeps commands that need no database, such as type checking or
`makemigrations --check`, from starting a server.
"""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from returnsbridge import embedded


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL in the data folder."""

    def get_connection_params(self) -> dict[str, Any]:
        server = embedded.ensure_running(
            Path(settings.RETURNSBRIDGE_DATA_DIR),
            durable=settings.RETURNSBRIDGE_EMBEDDED_DURABLE,
        )
        self.settings_dict.update(
            HOST=server.socket_dir, PORT=str(server.port), USER=server.user, PASSWORD=""
        )
        return super().get_connection_params()
