"""The settings of a test run: the same ones, read in a clean environment with its own data folder.

They are a module because the test runner reads the settings before any conftest.
"""

import os
import tempfile

if "PYTEST_XDIST_WORKER" not in os.environ:
    # One data folder and one server per run; workers inherit the folder's name, and the
    # file lock lets them share the server. What the caller configured is never touched.
    for name in [name for name in os.environ if name.startswith("RETURNSBRIDGE_")]:
        del os.environ[name]
    for name in ("DATABASE_URL", "DATABASE_URL_FILE", "SECRET_KEY", "SECRET_KEY_FILE"):
        os.environ.pop(name, None)
    os.environ["RETURNSBRIDGE_DATA_DIR"] = tempfile.mkdtemp(prefix="returnsbridge-test-")
    # A test cluster is thrown away, so it need not survive a power cut.
    os.environ["RETURNSBRIDGE_EMBEDDED_DURABLE"] = "off"

from returnsbridge.settings import *  # noqa: F403 (every setting, after the clean-up)

# Tests that run side by side share the data folder, and may not share a partner's.
EXCHANGE_ROOT = f"{os.environ['RETURNSBRIDGE_DATA_DIR']}/exchange-{os.getpid()}"

# Signing in costs half a second with the real hasher, and hundreds of tests sign in.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
