from django.contrib import admin

from examples.site.journal.models import Article, Comment


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "published")
    list_filter = ("published",)
    prepopulated_fields = {"slug": ("title",)}  # noqa: RUF012 - Django's own form of it
    search_fields = ("title", "body")


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ("article", "author", "written")
    list_select_related = ("article", "author")
