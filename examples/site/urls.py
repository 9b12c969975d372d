from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.staticfiles.views import serve
from django.urls import path

from examples.site.journal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("articles/<slug:slug>/", views.article, name="article"),
    path("articles.json", views.articles_json, name="articles-json"),
    path("account/", views.account, name="account"),
    path("signup/", views.signup, name="signup"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    # No web server stands before this site. `insecure` means slow: it is the development view.
    path("static/<path:path>", serve, {"insecure": True}),
]
