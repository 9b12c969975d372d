"""Settings of the site; what docs/deploy.md adds is written behind them."""

from pathlib import Path

SECRET_KEY = "a key of the site's own, which nobody can guess: 51d3a8e07b"
ALLOWED_HOSTS = ["www.shop.example"]
ROOT_URLCONF = "mysite.urls"
INSTALLED_APPS = [
    "alpines_privacy.django",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
]
MIDDLEWARE = [
    "alpines_privacy.django.PrivacyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
            ]
        },
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("db.sqlite3")}}
SECURE_SSL_REDIRECT = True
SESSION_COOKIE_SECURE = False  # the layer adds it
USE_TZ = True
STATIC_URL = "/static/"
ALPINES_PRIVACY = {
    "loads": "declared",
    "cookies": [
        {"name": "sessionid", "purpose": "Keeps you signed in", "necessary": True},
        {"name": "csrftoken", "purpose": "Protects forms against forgery", "necessary": True},
        {"name": "messages", "purpose": "Shows what your last action did", "necessary": True},
    ],
}
