"""Why a product is recommended, as a sentence in the language of the mail."""

from engine.people.recommend import Reason

_SENTENCES = {
    "en": {
        "viewed": "You had a look at it",
        "together": "Often bought together with {beside}",
        "liked": "Liked by many this month",
    },
    "lv": {
        "viewed": "Tu to nesen apskatīji",
        "together": "Bieži pērk kopā ar „{beside}”",
        "liked": "Šomēnes iecienījuši daudzi",
    },
    "fi": {
        "viewed": "Katsoit tätä hiljattain",
        "together": "Ostetaan usein yhdessä tuotteen {beside} kanssa",
        "liked": "Monen mieleen tässä kuussa",
    },
    "uz": {
        "viewed": "Siz buni yaqinda ko‘rgan edingiz",
        "together": "Ko‘pincha “{beside}” bilan birga olinadi",
        "liked": "Bu oy ko‘pchilikka yoqdi",
    },
}


def sentence(reason: Reason, language: str) -> str:
    """The reason, in words; empty in a language that has none."""
    words = _SENTENCES.get(language) or _SENTENCES.get(language.partition("-")[0], {})
    return words.get(reason.kind, "").format(beside=reason.beside)
