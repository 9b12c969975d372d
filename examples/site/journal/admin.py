from django.contrib import admin

from examples.site.journal.models import Article, Comment, Member


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ("title", "author", "published")
    list_filter = ("published",)
    prepopulated_fields = {"slug": ("title",)}  # noqa: RUF012 - Django's own form of it
    search_fields = ("title", "body")


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin):
    list_display = ("user", "birth_date")
    list_select_related = ("user",)


@admin.register(Comment)
class CommentAdmin(admin.ModelAdmin):
    list_display = ("article", "author", "written")
    list_select_related = ("article", "author")
