"""What the journal holds on its first day."""

from datetime import date

from django.contrib.auth.models import User
from django.db import transaction

from examples.site.journal.models import Article, Comment

ARTICLES = [
    (
        "three-passes",
        "Three passes in two days",
        "A hut, a thunderstorm, and the long way round the lake.",
        date(2026, 7, 19),
        (
            "We left the bus at six and were above the larches by eight. The first pass still held "
            "snow on its north side, soft enough to kick steps into.\n\nThe storm the forecast had "
            "promised for the evening came at two. We spent an hour under a boulder the size of a "
            "chapel and reached the hut as the cook rang for soup."
        ),
    ),
    (
        "what-to-leave",
        "What to leave at home",
        "Weigh everything once, and you will carry half of it.",
        date(2026, 5, 3),
        (
            "Put everything on the kitchen scales, once. Not to save grams, but to see what you "
            "carry because you are afraid of something.\n\nA second torch is fear of the dark. "
            "A third jumper is fear of a cold night at eighteen hundred metres in August."
        ),
    ),
    (
        "paths-in-spring",
        "Which paths open first",
        "South slopes, old mule tracks, and where the avalanches lie until June.",
        date(2026, 3, 14),
        (
            "The mule track to the upper village is dry by the end of March in most years: it was "
            "laid out by people who needed it to be.\n\nThe gully behind it holds avalanche snow "
            "into June. Go round by the chapel."
        ),
    ),
]


@transaction.atomic
def fill() -> None:
    if User.objects.exists():
        return
    warden = User.objects.create_superuser(
        "warden", "warden@example.org", "cairn-and-compass", first_name="The warden"
    )
    ayesha = User.objects.create_user(
        "ayesha", "ayesha@example.org", "mountain-lake", first_name="Ayesha", last_name="Khan"
    )
    for slug, title, summary, published, body in ARTICLES:
        Article.objects.create(
            slug=slug, title=title, summary=summary, published=published, body=body, author=ayesha
        )
    newest = Article.objects.latest("published")
    Comment.objects.create(article=newest, author=warden, text="The soup was lentil.")
