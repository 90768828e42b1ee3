"""Django's settings, made from the operator's (:mod:`rolebook.server.environment`)."""

from pathlib import Path

from rolebook.server.environment import django_database, read_environment

ROLEBOOK = read_environment()
_PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = ROLEBOOK.secret_key
SECRET_KEY_FALLBACKS = list(ROLEBOOK.earlier_secret_keys)
DEBUG = False
ALLOWED_HOSTS = list(ROLEBOOK.allowed_hosts)
ROOT_URLCONF = "rolebook.server.urls"
# A page of a review posts two fields for each of its lines: MOST_LINES (rolebook.web.reviews.posted), and few besides.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_100
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": django_database(ROLEBOOK.database)}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "rolebook.audit",
    "rolebook.accounts",
    "rolebook.governance",
    "rolebook.notices",
    "rolebook.jobs",
    "rolebook.web",
]

MIDDLEWARE = [
    "rolebook.api.edge.Edge",
    "rolebook.web.proxies.BehindProxies",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rolebook.web.account.session.SessionLimits",
    "rolebook.web.gate.Gate",
    "django_htmx.middleware.HtmxMiddleware",
    "rolebook.web.errors.MethodsInDress",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rolebook.web.context.page",
            ],
        },
    },
]

AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["rolebook.accounts.backend.SessionBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "rolebook.accounts.passwords.OwnNameValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "rolebook.accounts.passwords.PatternValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]

# allauth keeps the second factors (its tables, its TOTP and recovery codes); signing in and registering are our
# flows, because they commit together with their audit events (docs/decisions/0008-sign-in-is-our-flows.md).
# None of its pages are reachable.
ACCOUNT_USER_MODEL_USERNAME_FIELD = "user_id"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "rolebook.web.account.adapter.AccountAdapter"
MFA_ADAPTER = "rolebook.accounts.second_factor.EncryptingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
CSRF_FAILURE_VIEW = "rolebook.web.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ROLEBOOK.https
# The prefix makes browsers refuse a cookie of that name set by a neighboring host or without TLS.
SESSION_COOKIE_NAME = "__Host-rolebook" if ROLEBOOK.https else "rolebook"
CSRF_COOKIE_NAME = "__Host-rolebook-csrf" if ROLEBOOK.https else "rolebook-csrf"
CSRF_TRUSTED_ORIGINS = [ROLEBOOK.site_url] if ROLEBOOK.https else []
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = ROLEBOOK.session_hours * 60 * 60
ROLEBOOK_SESSION_IDLE_SECONDS = ROLEBOOK.session_idle_minutes * 60
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ROLEBOOK.proxies and ROLEBOOK.https else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if ROLEBOOK.https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

STATIC_URL = "/static/"
STATIC_ROOT = None  # served as installed, by the finders; nothing is collected
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# No mail leaves through Django: everything goes into the outbox (rolebook.notices), and its worker alone talks SMTP.
MAILERS: dict[str, dict[str, object]] = {}
SILENCED_SYSTEM_CHECKS = ["mail.W001"]  # it asks for a default mailer
DEFAULT_FROM_EMAIL = ROLEBOOK.mail_from
# Of django-anymail only the webhooks are used, where a provider is set (docs/decisions/0032-rejected-mail.md).
ANYMAIL = ROLEBOOK.bounces.anymail if ROLEBOOK.bounces.provider else {}

# Tracebacks go to standard error beside the reference that the error page shows; Django's own default mails them.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "line": {
            "()": "rolebook.server.logs.OneLine",
            "fmt": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        },
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "plain"},
        "lines": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.request": {"level": "ERROR"},  # a mistyped form is no warning
        # What strangers send at will (a wrong host, a body too big) takes one line each, not a traceback.
        "django.security": {"handlers": ["lines"], "level": "WARNING", "propagate": False},
    },
}
