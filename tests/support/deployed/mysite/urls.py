"""The admin, and what a health check asks."""

from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("healthz", lambda _: HttpResponse("well", content_type="text/plain")),
]
