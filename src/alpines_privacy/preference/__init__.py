"""What a visitor asks: Do Not Track, Global Privacy Control, or a choice on this site (policy §11)."""

from alpines_privacy.preference.choice import ChoicePage, StoredChoice
from alpines_privacy.preference.signals import PreferenceReader
from alpines_privacy.preference.wellknown import WellKnown

__all__ = ["ChoicePage", "PreferenceReader", "StoredChoice", "WellKnown"]
