import logging

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from examples.site.journal.forms import AccountForm, CommentForm, SignupForm
from examples.site.journal.models import Article

log = logging.getLogger(__name__)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    articles = Article.objects.select_related("author").annotate(replies=Count("comments"))
    last = Article.objects.filter(slug=request.COOKIES.get("last_seen", "")).first()
    return render(request, "journal/home.html", {"articles": articles, "last": last})


def article(request: HttpRequest, slug: str) -> HttpResponse:
    found = get_object_or_404(Article.objects.select_related("author"), slug=slug)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(found.get_absolute_url())
    form = CommentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.instance.article, form.instance.author = found, request.user
        form.save()
        messages.success(request, "Your comment is published.")
        return redirect(found)
    return render(request, "journal/article.html", {"article": found, "form": form})


@require_safe
def articles_json(_request: HttpRequest) -> JsonResponse:
    fields = ("slug", "title", "summary", "published")
    return JsonResponse({"articles": list(Article.objects.values(*fields))})


@never_cache
@sensitive_post_parameters()
def signup(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("account")
    form = SignupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        born, address = user.member.birth_date, request.META["REMOTE_ADDR"]
        log.info("new member %s, born %s, from %s", user.get_full_name(), born, address)
        login(request, user)
        messages.success(request, "Welcome. You are signed in.")
        return redirect("account")
    return render(request, "registration/signup.html", {"form": form})


@login_required
def account(request: HttpRequest) -> HttpResponse:
    form = AccountForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("account")
    return render(request, "journal/account.html", {"form": form})
