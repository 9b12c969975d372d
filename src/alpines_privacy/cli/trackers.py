"""`alpines-privacy trackers`: compile filter lists, ask what they say of an address, tell what they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from alpines_privacy.atomic_file import USUAL, Replacement

if TYPE_CHECKING:
    from alpines_privacy.trackers import Explanation, Rules
    from alpines_privacy.trackers.source import ListInfo, When

__all__ = ["trackers"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)
_NARROW = {"max_content_width": 80}


@click.group(short_help="Compile filter lists, and ask what they say.", context_settings=_NARROW)
def trackers() -> None:
    """Compile filter lists, ask what they say of an address, tell what they are."""


@trackers.command(
    name="compile",
    short_help="Compile filter lists into one file.",
    context_settings=_NARROW,
)
@click.argument("lists", metavar="[FILE]...", nargs=-1, type=_FILE)
@click.option(
    "--signal",
    "signal_lists",
    metavar="FILE",
    multiple=True,
    type=_FILE,
    help="A list whose rules are for visitors who send a signal. May be given again.",
)
@click.option("--out", "-o", required=True, metavar="OUT", type=_OUT, help="The file to write.")
@click.option("--origin", default="", help="Where the lists are from, if they do not say so.")
@click.option("--dated", default="", metavar="DATE", help="Their date, if they do not say so.")
def compile_(
    lists: tuple[Path, ...],
    signal_lists: tuple[Path, ...],
    out: Path,
    *,
    origin: str,
    dated: str,
) -> None:
    """Compile filter lists (Adblock Plus syntax) into one file that loads in milliseconds.

    The rules of each FILE are for everyone. A list with a malformed line is refused with its
    line numbers and nothing is written; a rule with an option that is not understood is left
    out and counted.
    """
    from alpines_privacy.policy import PolicyError  # noqa: PLC0415
    from alpines_privacy.policy.bounds import read_bounded  # noqa: PLC0415
    from alpines_privacy.trackers.lists import compile_lists, read_list  # noqa: PLC0415
    from alpines_privacy.trackers.source import LONGEST_FILE  # noqa: PLC0415

    wanted: list[tuple[Path, When]] = [
        *((path, "always") for path in lists),
        *((path, "signal") for path in signal_lists),
    ]
    if not wanted:
        raise click.UsageError("no list to compile; give at least one FILE")
    read = []
    for path, when in wanted:
        try:
            text = read_bounded(path, LONGEST_FILE, source=str(path)).decode("utf-8")
        except UnicodeDecodeError:
            raise PolicyError("is not UTF-8", source=str(path)) from None
        read.append(read_list(text, source=str(path), when=when, date=dated, version=origin))
    data = compile_lists(read, modified="compiled by alpines-privacy")
    _replace(out, data)
    click.echo(f"{out}: {len(data):,} bytes")
    _print_file(out)


@trackers.command(
    short_help="Make a table of companies of third-party-web's list.", context_settings=_NARROW
)
@click.argument("entities", metavar="ENTITIES", type=_FILE)
@click.option("--companies", required=True, metavar="OUT", type=_OUT, help="The table of hosts.")
@click.option("--rules", required=True, metavar="OUT", type=_OUT, help="A list of rules.")
@click.option("--origin", default="", help="The version of third-party-web.")
def services(entities: Path, companies: Path, rules: Path, *, origin: str) -> None:
    """Turn third-party-web's entities.json into a table of companies and a list of rules."""
    from alpines_privacy.policy.bounds import read_bounded  # noqa: PLC0415
    from alpines_privacy.trackers.source import LONGEST_FILE  # noqa: PLC0415
    from alpines_privacy.trackers.third_party_web import (  # noqa: PLC0415
        company_lines,
        read_entities,
        rule_lines,
    )

    known = read_entities(
        read_bounded(entities, LONGEST_FILE, source=str(entities)), source=str(entities)
    )
    about = f"third-party-web {origin}".strip()
    _replace(companies, "\n".join((f"# {about}, MIT", *company_lines(known), "")).encode())
    head = (f"! Title: {about}", f"! Version: {origin}", "! Licence: MIT")
    _replace(rules, "\n".join((*head, *rule_lines(known), "")).encode())


@trackers.command(short_help="Choose the rules that the shield gets.", context_settings=_NARROW)
@click.option("--out", "-o", required=True, metavar="OUT", type=_OUT, help="The file to write.")
def shield(out: Path) -> None:
    """Choose, among the rules that ship, those that the shield gets."""
    from alpines_privacy.trackers import shipped_rules  # noqa: PLC0415
    from alpines_privacy.trackers.known import written  # noqa: PLC0415

    _replace(out, written(shipped_rules()))


@trackers.command(
    short_help="Tell whether a page's load is stopped, and by which rule.", context_settings=_NARROW
)
@click.argument("url")
@click.option("--from", "page", required=True, metavar="PAGE", help="The page's address or host.")
@click.option("--type", "kind", default="script", show_default=True, help="What asks for it.")
@click.option("--policy", metavar="FILE", help="A policy file whose rules to ask.")
def test(url: str, page: str, kind: str, policy: str | None) -> None:
    """Tell whether a page's load of URL is stopped: by which rule, and whose host it is.

    Exit status: 0 if it is stopped, 1 if it may load.
    """
    from alpines_privacy.http.url import parse  # noqa: PLC0415
    from alpines_privacy.trackers import KINDS  # noqa: PLC0415

    asking = next((known for known in KINDS if known == kind), None)
    if asking is None:
        raise click.BadParameter(f"{kind!r} is none of {', '.join(KINDS)}", param_hint="--type")
    page_address = parse(page if "://" in page else f"https://{page}/")
    if page_address is None:
        raise click.BadParameter(f"{page!r} is no page's address or host", param_hint="--from")
    address = parse(url, page_address)
    if address is None:
        click.echo("May load: no browser would ask a host for this address.")
        raise click.exceptions.Exit(1)
    decision = _rules(policy).explain(address.url, page_address.host, asking)
    click.echo(_described(decision))
    raise click.exceptions.Exit(0 if decision.match else 1)


@trackers.command(
    short_help="Describe the rules: lists, versions, dates, counts.", context_settings=_NARROW
)
@click.option("--policy", metavar="FILE", help="A policy file whose rules to describe.")
@click.argument("file", required=False, type=_FILE)
def info(file: Path | None, policy: str | None) -> None:
    """Describe the rules: lists, versions, dates, counts, what was not understood.

    Without FILE, a compiled list, it describes the rules in force.
    """
    if file:
        _print_file(file)
        return
    rules = _rules(policy)
    for each in rules.lists:
        _print_list(each)
    click.echo(f"companies: {len(rules.companies):,} services of third-party-web")


@trackers.command(
    short_help="Print what the app's pages load as policy entries.", context_settings=_NARROW
)
@click.argument("url")
@click.option(
    "--policy", metavar="FILE", help="The app's policy file: what it declares is left out."
)
def suggest(url: str, policy: str | None) -> None:
    """Print what the pages of the app running at URL loaded from others, as policy entries.

    Needs the ALPINES_PRIVACY_SECRET_KEY the app runs with. Nothing is in force until a person adds
    an entry to the policy file and says its purpose; trackers are commented out.
    """
    from alpines_privacy.cli.suggestions import ask, entries  # noqa: PLC0415
    from alpines_privacy.http.url import parse  # noqa: PLC0415
    from alpines_privacy.policy import PrivacyPolicy  # noqa: PLC0415

    address = parse(url)
    if address is None or not url.lower().startswith(("http://", "https://")):
        raise click.BadParameter(f"{url!r} is no http address", param_hint="URL")
    declared = PrivacyPolicy.load(policy) if policy else PrivacyPolicy()
    below = address.url.partition("?")[0].rstrip("/")
    counts = ask(f"{below}{declared.endpoint}loads")
    lines = list(entries(counts, declared, _rules(policy), address.host))
    if not lines:
        click.echo("# Nothing was reported that the policy does not declare.")
        return
    click.echo("# Hosts that pages loaded from and the policy does not declare, most often first.")
    click.echo("# None is in force before you add it to the policy file and say its purpose.")
    click.echo("\n".join(lines))


def _rules(policy: str | None) -> Rules:
    from alpines_privacy.policy import PrivacyPolicy  # noqa: PLC0415
    from alpines_privacy.trackers import rules_for, shipped_rules  # noqa: PLC0415

    return rules_for(PrivacyPolicy.load(policy).trackers) if policy else shipped_rules()


def _described(decision: Explanation) -> str:
    match, blocking, exception = decision
    if match:
        stopped = "for everyone" if match.when == "always" else "for visitors who send a signal"
        who = f"{match.company} ({match.category})" if match.company else "not known"
        party = "third party" if match.is_third_party else "first party"
        return (
            f"Stopped {stopped}.\nrule: {match.rule}\nlist: {match.list}\n"
            f"company: {who}\nhost: {match.host} ({party})"
        )
    if blocking and exception:
        return f"May load: an exception lifts the rule.\nrule: {blocking.text}\nexception: {exception.text}"
    if blocking:
        return f"May load: the policy allows its category.\nrule: {blocking.text}"
    return "May load: no rule is about it."


def _print_file(path: Path) -> None:
    from alpines_privacy.policy import PolicyError  # noqa: PLC0415
    from alpines_privacy.policy.bounds import read_bounded  # noqa: PLC0415
    from alpines_privacy.trackers.source import LONGEST_FILE  # noqa: PLC0415
    from alpines_privacy.trackers.table import Table  # noqa: PLC0415

    try:
        table = Table(read_bounded(path, LONGEST_FILE, source=str(path)))
    except PolicyError:
        raise
    except ValueError as error:
        raise PolicyError(f"is no compiled list: {error}", source=str(path)) from None
    for each in table.lists:
        _print_list(each)


def _print_list(info: ListInfo) -> None:
    stopped = "for everyone" if info.when == "always" else "under a signal"
    version = ", ".join(part for part in (info.version, info.date) if part) or "version not said"
    click.echo(f"{info.name} ({version}), {stopped}")
    click.echo(f"  {info.blocking:,} rules, {info.exceptions:,} exceptions", nl=False)
    click.echo(f", {info.cosmetic:,} element-hiding lines left out")
    if info.unsupported:
        counts = ", ".join(f"{name} {count}" for name, count in info.unsupported.items())
        click.echo(f"  left out, not understood: {counts}")


def _replace(path: Path, data: bytes) -> None:
    """Replace a file as a whole, so that nobody reads a half of it."""
    with Replacement(path, mode=USUAL) as new:
        new.write(data)
        new.commit()
