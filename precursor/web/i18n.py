"""Two languages: Chinese first, and English. Sentences stand in pairs where they are used."""

from datetime import date, datetime
from typing import Final

from flask import Flask, Response, g, request
from flask_babel import Babel
from markupsafe import Markup

from precursor.core.clock import SHANGHAI
from precursor.rules.law import Words

COOKIE: Final = "lang"
#: Pages that say that they set none.
COOKIELESS: Final = ("/v",)
LOCALES: Final = {"zh": "zh_Hans_CN", "en": "en"}  # Flask-Security's own catalogue is zh_Hans_CN


def language() -> str:
    """``zh`` or ``en``: asked for in the address, else chosen before, else what the browser likes."""
    if "language" not in g:
        wanted = request.args.get("lang") or request.cookies.get(COOKIE)
        if wanted not in LOCALES:
            best = request.accept_languages.best_match(["zh-CN", "zh", "en"], default="zh")
            wanted = "en" if best == "en" else "zh"
        g.language = wanted
    return str(g.language)


def t(zh: str, en: str) -> str:
    """The sentence in the reader's language."""
    return en if language() == "en" else zh


def words(pair: Words) -> str:
    """The pair in the reader's language."""
    return t(pair.zh, pair.en)


def head(pair: Words) -> str:
    """The pair as a heading or a button begins: with a capital letter, where the script has them."""
    text = words(pair)
    return text if pair.zh == pair.en else text[:1].upper() + text[1:]  # a unit is no word: mg and Mg are two


def one_language(text: str) -> str:
    """The reader's half of a message that says the same twice, parted by a slash."""
    zh, slash, en = text.partition(" / ")
    return t(zh, en) if slash and any(ord(c) > 0x2E80 for c in zh) else text


def day(value: date | None) -> str:
    """A day as tables show it; ``--`` for none."""
    return "--" if value is None else value.isoformat()


def local(at: datetime) -> str:
    """An instant as a clock in China shows it."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def number(value: int) -> str:
    """A whole number with separators."""
    return f"{value:,}"


def amount(text: str, places: int = 0) -> Markup:
    """A quantity as text, with separators in its whole part, and so many decimal places at least."""
    whole, _, fraction = text.partition(".")
    fraction = fraction.ljust(places, "0")
    dot = "." if fraction else ""
    sign, digits = ("−", whole[1:]) if whole.startswith("-") else ("", whole)
    return Markup("{}{:,}{}{}").format(sign, int(digits), dot, fraction)


def amount_in(text: str) -> Markup:
    """The same of an amount that is followed by its unit; a text that begins with no number stays as it is."""
    number, _, unit = text.partition(" ")
    if not number.removeprefix("-").replace(".", "", 1).isdecimal():
        return Markup("{}").format(text)
    return Markup("{} {}").format(amount(number), unit)


def install(app: Flask) -> None:
    """Bind Flask-Babel (Flask-Security's sentences) and our own helpers."""
    Babel(app, locale_selector=lambda: LOCALES[language()])
    app.jinja_env.globals.update(t=t, words=words, head=head, one_language=one_language, language=language)
    app.jinja_env.filters.update(day=day, number=number, amount=amount, amount_in=amount_in, local=local)

    @app.after_request
    def remember(response: Response) -> Response:
        if request.args.get("lang") in LOCALES and request.path not in COOKIELESS:
            response.set_cookie(
                COOKIE,
                request.args["lang"],
                max_age=31_536_000,
                samesite="Lax",
                httponly=True,
                secure=request.is_secure,
            )
        response.vary.add("Accept-Language")
        response.vary.add("Cookie")
        return response
