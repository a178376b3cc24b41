"""Settings. Everything a deployment may differ in is read from the environment, nothing else.

A clone runs without any variable; naming a real database switches to the rules of
production. docs/operations.md lists every variable.
"""

import math
import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from returnsbridge import env, logs, secrets_store, sign_in

BASE_DIR = Path(__file__).resolve().parent.parent
RETURNSBRIDGE_DATA_DIR = Path(
    env.text("RETURNSBRIDGE_DATA_DIR", str(BASE_DIR / ".data"))
).absolute()
PROCESS = env.choice("RETURNSBRIDGE_PROCESS", default="command", known=("web", "worker", "command"))

DATABASE_URL = env.secret("DATABASE_URL")
DEBUG = env.boolean("RETURNSBRIDGE_DEBUG", default=not DATABASE_URL)
# Folders of file exchange lie below it, and nowhere else; "": no connection has any.
EXCHANGE_ROOT = env.text(
    "RETURNSBRIDGE_EXCHANGE_ROOT", str(RETURNSBRIDGE_DATA_DIR / "exchange") if DEBUG else ""
)


def _required(name: str, value: Any, advice: str) -> Any:
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {advice}")
    return value


if not DEBUG:
    _required(
        "DATABASE_URL",
        DATABASE_URL,
        "The embedded database is for a clone only: with RETURNSBRIDGE_DEBUG off, name a "
        "PostgreSQL, for example postgresql://user:password@host:5432/returnsbridge.",
    )

# Secrets -----------------------------------------------------------------------------------

SECRET_KEY = env.secret("SECRET_KEY") or (
    secrets_store.kept_secret_key(RETURNSBRIDGE_DATA_DIR)
    if DEBUG
    else _required("SECRET_KEY", "", "Give it, or SECRET_KEY_FILE, at least 50 random characters.")
)
SECRET_KEY_FALLBACKS = [
    part.strip() for part in env.secret("SECRET_KEY_FALLBACKS").split(",") if part.strip()
]
# The first key encrypts, all of them decrypt: put a new one in front to rotate (decision 0006).
CREDENTIAL_KEYS = [
    part.strip() for part in env.secret("RETURNSBRIDGE_CREDENTIAL_KEYS").split(",") if part.strip()
] or (
    [secrets_store.kept_credential_key(RETURNSBRIDGE_DATA_DIR)]
    if DEBUG
    else _required(
        "RETURNSBRIDGE_CREDENTIAL_KEYS",
        [],
        "It encrypts the credentials of outside systems: a comma-separated list of Fernet "
        "keys. `manage.py shell -c` with cryptography.fernet.Fernet.generate_key() makes one.",
    )
)
secrets_store.check_credential_keys(CREDENTIAL_KEYS)

# Application -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "django_q",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "exceptions_app",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "exceptions_app.views.middleware.kept_nowhere",
    "exceptions_app.views.middleware.after_the_answer",
    "exceptions_app.views.middleware.own_time_zone",
    "exceptions_app.views.middleware.SecondFactorFirst",
    "exceptions_app.views.middleware.OwnNotFound",
]
ROOT_URLCONF = "returnsbridge.urls"
WSGI_APPLICATION = "returnsbridge.wsgi.application"
ASGI_APPLICATION = "returnsbridge.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "exceptions_app.views.context.shell",
                "exceptions_app.views.context.look",
            ],
        },
    }
]

# Selects and inputs without a template for each option.
FORM_RENDERER = "exceptions_app.forms.rendering.Renderer"

# Database ----------------------------------------------------------------------------------

_STATEMENT_TIMEOUT_SECONDS = {"web": 5, "worker": 60, "command": 0}
# Only tests turn this off; a cluster without fsync may not survive a crash.
RETURNSBRIDGE_EMBEDDED_DURABLE = env.boolean("RETURNSBRIDGE_EMBEDDED_DURABLE", default=True)


def _database(url: str, process: str) -> dict[str, Any]:
    """Return the one database; psycopg itself reads the URL, so every libpq option works."""
    # Compiling a statement takes longer than any of ours; one that asks many small things at once
    # would look dear enough for it.
    options: dict[str, Any] = {
        "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_SECONDS[process] * 1000} -c jit=off"
    }
    if process == "web":
        options["pool"] = {
            "min_size": 1,
            "max_size": env.integer("RETURNSBRIDGE_POOL_SIZE", default=10, minimum=1),
            "timeout": 10,
        }
    if not url:
        return {
            "ENGINE": "returnsbridge.embedded_backend",
            "NAME": "postgres",
            "OPTIONS": options,
        }
    try:
        parts = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read: {error}") from None
    named = {name: str(parts.pop(name, "")) for name in ("dbname", "user", "password")}
    address = {name: str(parts.pop(name, "")) for name in ("host", "port")}
    if "options" in parts:
        options["options"] += f" {parts.pop('options')}"
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _required("DATABASE_URL", named["dbname"], "It names no database."),
        "USER": named["user"],
        "PASSWORD": named["password"],
        "HOST": address["host"],
        "PORT": address["port"],
        "CONN_HEALTH_CHECKS": process != "command",
        "OPTIONS": parts | options,
    }


DATABASES = {"default": _database(DATABASE_URL, PROCESS)}

# Per process on purpose: nothing that must be shared or survive lives in the cache. Pace,
# leases and limits are rows, because several hosts keep one quota (decision 0003).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Work in the background --------------------------------------------------------------------


def _lease_seconds(*, timeout: int, workers: int, prefetch: int, bulk: int) -> int:
    """Return how long a claimed task stays ours; it counts from the claim, not from the start.

    A task may wait for as many rounds as the local queue holds per worker, then runs one.
    """
    rounds = math.ceil((prefetch + bulk) / workers) + 1
    return timeout * rounds + 31


def _cluster(*, workers: int, timeout: int) -> dict[str, Any]:
    return {
        "workers": workers,
        "timeout": timeout,
        "retry": _lease_seconds(timeout=timeout, workers=workers, prefetch=workers, bulk=1),
        "queue_limit": workers,
        "bulk": 1,
        "max_attempts": 3,
        "ack_failures": False,
        "save_limit": 0,
        "catch_up": False,
        "poll": 0.5,
        "recycle": 500,
        "max_rss": 300_000,
    }


_WORKERS = env.integer("RETURNSBRIDGE_WORKERS", default=2, minimum=1)
Q_CLUSTER: dict[str, Any] = {
    "name": "ingest",
    "orm": "default",
    "label": "Background work",
    **_cluster(workers=_WORKERS, timeout=60),
    "ALT_CLUSTERS": {
        "post": _cluster(workers=_WORKERS, timeout=60),
        "report": _cluster(workers=1, timeout=600),
    },
}

# Sign-in and sessions ----------------------------------------------------------------------

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"
AUTHENTICATION_BACKENDS = ["exceptions_app.views.adapters.PeopleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# A link to set a password works once and for a day.
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
INVITATION_HOURS = env.integer("RETURNSBRIDGE_INVITATION_HOURS", default=72, minimum=1)
# Role codes whose people must have a second factor before they go on.
MFA_ROLES = sign_in.second_factor_roles(() if DEBUG else ("finance", "admin"))
ACCOUNT_ADAPTER = "exceptions_app.views.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# A proof of who one is: long enough for a round of work on people or connections.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_FORMS = sign_in.ACCOUNT_FORMS
# Wrong tries are counted in rows, one limit over all processes (services.access). The library
# counts in the cache, which each process has for itself; its other limits stay as a brake.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "reset_password": "20/m/ip"}
# Passkeys cannot be guessed, and a whole office may share an address.
MFA_RATE_LIMITS = {"webauthn_login": "120/m/ip"}

MFA_ADAPTER = "exceptions_app.views.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Returnsbridge"
# A phone's clock may be half a minute off; a code is good once all the same.
MFA_TOTP_TOLERANCE = 1
# Browsers themselves allow passkeys without https on localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG
MFA_FORMS = sign_in.MFA_FORMS

SOCIALACCOUNT_ADAPTER = "exceptions_app.views.adapters.CompanyAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
# The way there is a link: the policy lets forms lead to this site only.
SOCIALACCOUNT_LOGIN_ON_GET = True
OIDC_TRUSTS_EMAIL = env.boolean("RETURNSBRIDGE_OIDC_TRUST_EMAIL", default=False)
OIDC_HAS_SECOND_FACTOR = env.boolean("RETURNSBRIDGE_OIDC_SECOND_FACTOR", default=False)
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {"APPS": sign_in.company_accounts(), "OAUTH_PKCE_ENABLED": True}
}

SESSION_ENGINE = "returnsbridge.session_store"
SESSION_COOKIE_AGE = 60 * 60 * env.integer("RETURNSBRIDGE_SESSION_HOURS", default=12, minimum=1)
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "exceptions_app.views.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Mail --------------------------------------------------------------------------------------

EMAIL_HOST = env.text("RETURNSBRIDGE_MAIL_HOST")
EMAIL_PORT = env.integer("RETURNSBRIDGE_MAIL_PORT", default=587, minimum=1)
EMAIL_HOST_USER = env.text("RETURNSBRIDGE_MAIL_USER")
EMAIL_HOST_PASSWORD = env.secret("RETURNSBRIDGE_MAIL_PASSWORD")
EMAIL_USE_TLS = env.boolean("RETURNSBRIDGE_MAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("RETURNSBRIDGE_MAIL_FROM", "returnsbridge@localhost")
# Without a mail server nothing is sent, and no page says that something was.
CAN_MAIL = bool(EMAIL_HOST)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if CAN_MAIL else 'dummy'}.EmailBackend"

# Web security ------------------------------------------------------------------------------

ALLOWED_HOSTS = env.csv("RETURNSBRIDGE_ALLOWED_HOSTS") or (
    ["localhost", "127.0.0.1", "[::1]", ".localhost"]
    if DEBUG
    else _required(
        "RETURNSBRIDGE_ALLOWED_HOSTS",
        [],
        "List the host names people use, separated by commas.",
    )
)
CSRF_TRUSTED_ORIGINS = env.csv("RETURNSBRIDGE_TRUSTED_ORIGINS")
SESSION_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_SECURE = not DEBUG
SECURE_SSL_REDIRECT = env.boolean("RETURNSBRIDGE_SSL_REDIRECT", default=not DEBUG)
# A load balancer's probe speaks plain HTTP to one process.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
# Other sites may live below this name, and a name stays on the browsers' lists for long.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.boolean("RETURNSBRIDGE_HSTS_SUBDOMAINS", default=not DEBUG)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS
SECURE_REFERRER_POLICY = "same-origin"
if env.boolean("RETURNSBRIDGE_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
# No inline script or style anywhere, Django admin included: it needs none.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# Language and time -------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# Static files ------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.text("RETURNSBRIDGE_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "returnsbridge.static_files.StaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# API ---------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    # A view that forgets to name who may call it is closed to all.
    "DEFAULT_PERMISSION_CLASSES": ["returnsbridge.api_defaults.Nobody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Returnsbridge",
    "DESCRIPTION": "Returns, postings and exceptions. The screens call the same services.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# Logs --------------------------------------------------------------------------------------

LOGGING = logs.settings_for(env.text("RETURNSBRIDGE_LOG_LEVEL", "INFO").upper())
logs.configure()

# The version people quote in a report; a deployment sets it to its commit.
RELEASE = os.environ.get("RETURNSBRIDGE_RELEASE", "")
