"""Entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from returnsbridge import memory

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returnsbridge.settings")
os.environ.setdefault("RETURNSBRIDGE_PROCESS", "web")
application = get_wsgi_application()
memory.settle()
