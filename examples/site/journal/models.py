from django.conf import settings
from django.db import models
from django.urls import reverse


class Member(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    birth_date = models.DateField("date of birth")

    def __str__(self) -> str:
        return str(self.user)


class Article(models.Model):
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=240)
    body = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    published = models.DateField()

    class Meta:
        ordering = ("-published",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.slug])


class Comment(models.Model):
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    text = models.TextField("your comment", max_length=2000)
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("written",)

    def __str__(self) -> str:
        return f"{self.author} on {self.article}"
