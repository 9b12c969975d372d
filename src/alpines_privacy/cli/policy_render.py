"""`alpines-privacy policy render`: the policy in words, as its page says them."""

from __future__ import annotations

import click

__all__ = ["render"]


@click.command(context_settings={"max_content_width": 80})
@click.argument("file", metavar="FILE")
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "markdown", "text"]),
    default="text",
    show_default=True,
    help="What to write.",
)
@click.option("--language", metavar="TAG", help="One of the operator's languages, else the first.")
def render(file: str, form: str, language: str | None) -> None:
    """Write the policy of FILE in words, as the site's page says it today.

    FILE is a policy file with an [operator].
    """
    from datetime import UTC, datetime  # noqa: PLC0415

    from alpines_privacy.policy import PolicyError, PrivacyPolicy  # noqa: PLC0415
    from alpines_privacy.policy.claims import recorded_claims  # noqa: PLC0415
    from alpines_privacy.policy_page import Renderings  # noqa: PLC0415
    from alpines_privacy.policy_page.writing import Today  # noqa: PLC0415

    policy = PrivacyPolicy.load(file)
    operator = policy.operator
    if operator is None:
        raise PolicyError(
            "is missing; expected a table with at least name and contact",
            source=file,
            key="operator",
        )
    tag = language or operator.languages[0]
    if tag not in operator.languages:
        known = ", ".join(operator.languages)
        raise click.BadParameter(f"{tag!r} is none of {known}", param_hint="--language")
    texts = Renderings(policy, operator, recorded_claims(policy)).written(
        Today(datetime.now(UTC).date())
    )
    click.echo(texts[form, tag], nl=False)
