"""Entry point for an ASGI server."""

import os

from django.core.asgi import get_asgi_application

from returnsbridge import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returnsbridge.settings")
os.environ.setdefault("RETURNSBRIDGE_PROCESS", "web")
application = get_asgi_application()
memory.settle()
