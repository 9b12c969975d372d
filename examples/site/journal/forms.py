from django import forms
from django.contrib.auth import get_user_model

from examples.site.journal.models import Comment


class CommentForm(forms.ModelForm):
    class Meta:
        model = Comment
        fields = ("text",)
        widgets = {"text": forms.Textarea({"rows": 4})}  # noqa: RUF012 - Django's own form of it


class AccountForm(forms.ModelForm):
    """What we know of a member, for the member to change."""

    class Meta:
        model = get_user_model()
        fields = ("first_name", "last_name", "email")
