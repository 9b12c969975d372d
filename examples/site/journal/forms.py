from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.db import transaction

from examples.site.journal.models import Comment, Member

# What the browser's own date field sends, in every language.
ISO_DATE = "%Y-%m-%d"


class SignupForm(UserCreationForm):
    """Django's own form for a new user, with a name and a date of birth."""

    birth_date = forms.DateField(
        label="Date of birth",
        input_formats=[ISO_DATE],
        widget=forms.DateInput({"type": "date", "autocomplete": "bday"}, format=ISO_DATE),
    )

    field_order = ("username", "first_name", "last_name", "birth_date")

    class Meta(UserCreationForm.Meta):
        model = get_user_model()
        fields = ("username", "first_name", "last_name")

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's own signature
        user: User = super().save(commit)
        Member.objects.create(user=user, birth_date=self.cleaned_data["birth_date"])
        return user


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
