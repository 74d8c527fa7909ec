# ruff: noqa: E501 - lists of words read better in one line each
"""Which language a text is in, by its script and its commonest words; None if these do not tell.

Fourteen scripts and eighteen languages in Latin letters are known. Languages that share a script and have no list here
go by the commonest one, so the answer says what is written with and not who writes it. Where the lists do not tell, the
optional py3langid is asked (Lui and Baldwin 2012, langid.py), of the languages that have a name here.
"""

import importlib.util
import re
from collections import Counter
from functools import cache
from typing import Any

# Words that hardly any other of these languages has among its common ones weigh more; see _weights.
STOP_WORDS: dict[str, str] = {
    "en": "a i am need want get got go know out up only off over after before us let here been being while made use used using going back still even very per each day time new s t don the of and to is in that it for was on are with as be this have from at not by but you he they we she his her or an were been which there can will would about if what when who how do does did has had your my me our their them its so than then these those all any some no nobody could should please where why because into just like make each most more much many one tell",
    "de": "am der die das und ist nicht ich sie es ein eine einen einem einer zu den dem des mit auf für von sich auch im am als wie bei aus nach wir ihr er aber oder wenn war waren hat haben wird werden kann können noch nur so dass daß mein meine dein ihre ihnen uns dir mir mich dich was wer wo warum durch über unter vor zum zur sind bin bist sein seine kein keine mehr sehr schon hier dort dann weil bis um jeden jede jeder diese dieser dieses diesen man sollte bitte wieder davon",
    "fr": "le la les des du de et est un une que qui dans pour pas sur au aux avec ce cette ces il elle ils elles nous vous je tu on ne se sa son ses mon ma mes votre vos notre leur leurs par plus mais ou où donc car si sont été être avoir ont avez avons était avait fait faire comme tout tous toute toutes très bien peut quand comment pourquoi aussi y en à chez sans sous entre après avant depuis personne combien faut pendant alors encore",
    "es": "el la los las de y que en un una es por con para no se su sus al del lo como más pero o este esta estos estas ese esa eso fue era son ser está están hay he ha han muy ya si sí mi mis tu tus me te le les nos qué cómo cuándo dónde quién cuál cuántas cuántos porque sobre entre cuando también hasta desde sin todo todos toda todas así puede puedo tiene tengo usted nadie después durante una unos unas solo sólo después otra otro vez hay favor nada",
    "pt": "o a os as de e que em um uma é do da dos das no na nos nas por com para não se seu sua seus suas ao à aos mais mas ou este esta isso esse essa foi era são ser está estão há muito já meu minha meus minhas você vocês eu ele ela nós eles como quando onde quem qual porque sobre entre também até desde sem todo todos toda todas assim pode posso tem tenho pelo pela num numa favor outra outro vez nada ninguém depois por só me então",
    "it": "il lo la i gli le di e che in un una uno è per con non si su al allo alla ai agli alle del dello della dei degli delle nel nella nei nelle sul sulla dal dalla da ma o se come più questo questa questi queste quello quella era sono essere ha hanno ho abbiamo sei siamo mi ti ci vi mio mia miei tuo tua suo sua loro io tu lui lei noi voi cosa chi quando dove perché anche molto tutto tutti ogni può posso ancora dopo prima senza fino così nessuno bisogna quanti quante di",
    "nl": "de het een en van is dat in te op niet met voor zijn aan er ik je hij zij ze we wij u ook als bij of om naar dan maar uit over nog wel door tot was waren heeft hebben had wordt worden kan kunnen moet zal zou deze dit die mijn uw jouw ons onze hun haar hem mij wat wie waar hoe waarom wanneer omdat geen meer veel al zo na toen elke iemand niemand dus pas alstublieft weer",
    "pl": "i w na nie się z że do jest to jak o po za ale co od dla przez przy czy są był była było były być mam ma mają może można już tylko jeszcze także oraz lub albo więc bo jeśli kiedy gdzie kto który która które ten ta te tego tej tym mój moja moje twój jego jej ich nas nam was mnie mi ja ty on ona my wy oni bardzo tak też proszę aż nikt każdego ile we ze",
    "sv": "och att det i en som är på för av med den till inte har de ett om vi jag du han hon men var så från eller när hur vad vem kan ska skulle vill man mig dig sig min din sin mitt ditt våra er ni detta denna dessa där här efter över under också bara mycket många alla något någon ingen hade blev blir vara varit",
    "da": "og at det i en som er på for af med den til ikke har de et om vi jeg du han hun men var så fra eller når hvordan hvad hvem kan skal skulle vil man mig dig sig min din sin mit dit vores jer dette denne disse der her efter over under også kun meget mange alle noget nogen ingen havde blev bliver være været",
    "no": "og at det i en som er på for av med den til ikke har de et om vi jeg du han hun men var så fra eller når hvordan hva hvem kan skal skulle vil man meg deg seg min din sin mitt ditt vår dere dette denne disse der her etter over under også bare mye mange alle noe noen ingen hadde ble blir være vært hvor",
    "fi": "ja on ei se että en oli hän mutta ovat kun niin myös tai jos kuin joka mitä mikä missä miten minä sinä me te he tämä nämä ne minun sinun hänen ole olen olet olemme voi voin pitää vain vielä jo nyt sitten kanssa ennen jälkeen kaikki paljon hyvin koska sekä",
    "cs": "a se v na je že to s z do o i jak ale po za pro k od už jen jako by který která které co když nebo jsem jsi jsou byl byla bylo být má mám mají může tak také ještě kde kdo proč tento tato toto této můj moje tvůj jeho její jejich nám vám mi ti si ve ze ke při před bez než protože prosím nikdo",
    "ro": "și în de la a cu pe nu că este un o din pentru ce mai sau dar sunt era au am ai fi fost care să se lui ei lor mea meu tău sa acest această aceste unde când cum cine foarte după până dacă doar așa toate toți fără între eu tu el ea noi voi le îi îmi vă",
    "hu": "a az és hogy nem is egy ez azt van volt de ha csak mint már még meg vagy ki mi el le be fel én te ő mi ti ők nekem neked lesz lehet kell nagyon minden mert amikor hol hogyan miért aki ami után előtt között között során alatt az",
    "tr": "ve bir bu da de için ile çok ne var yok mi mı mu mü ben sen o biz siz onlar benim senin olarak olan daha en gibi kadar sonra önce ama veya ya değil her şey nasıl neden nerede kim hangi şu ki ise oldu olur ediyor",
    "id": "yang dan di ke dari untuk dengan ini itu adalah tidak pada saya anda dia kami kita mereka akan sudah telah bisa dapat ada atau juga karena jika lebih oleh sebagai seperti dalam apa siapa bagaimana kapan mengapa belum hanya sangat semua satu para",
    "vi": "và của là có không một được cho với này trong đã các những người tôi bạn anh em nó chúng để khi thì mà từ đến ở về như cũng rất sẽ đang nào gì sao đâu nhiều hay hoặc nếu vì bởi",
}
_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", "\u3040-\u30ff\uff66-\uff9f"), ("ko", "\uac00-\ud7af\u1100-\u11ff"), ("zh", "\u3400-\u4dbf\u4e00-\u9fff"),
    ("ru", "\u0400-\u052f"), ("ar", "\u0600-\u06ff\u0750-\u077f"), ("hi", "\u0900-\u097f"), ("el", "\u0370-\u03ff"),
    ("he", "\u0590-\u05ff"), ("th", "\u0e00-\u0e7f"), ("bn", "\u0980-\u09ff"), ("ta", "\u0b80-\u0bff"),
    ("te", "\u0c00-\u0c7f"), ("ka", "\u10a0-\u10ff"), ("hy", "\u0530-\u058f"),
)  # fmt: skip
# Letters that one or few languages use: what each is worth to them.
LETTERS: tuple[tuple[str, str], ...] = (
    ("ß", "de"), ("ñ¿¡", "es"), ("ãõ", "pt"), ("łżźśćńęą", "pl"), ("őű", "hu"), ("řěů", "cs"), ("țș", "ro"), ("ğışİ", "tr"),
    ("œ", "fr"), ("đơưạảấầẩẫậắằẳẵặẹẻẽếềểễệ", "vi"), ("å", "sv da no"), ("øæ", "da no"), ("ä", "de sv fi"), ("ö", "de sv fi hu tr"),
    ("ü", "de hu tr"), ("êèù", "fr it pt"), ("ç", "fr pt tr"), ("ì", "it"), ("ò", "it"),
)  # fmt: skip
NAMES: dict[str, str] = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian", "nl": "Dutch",
    "pl": "Polish", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish", "cs": "Czech", "ro": "Romanian",
    "hu": "Hungarian", "tr": "Turkish", "id": "Indonesian", "vi": "Vietnamese", "ja": "Japanese", "ko": "Korean",
    "zh": "Chinese", "ru": "Cyrillic script", "ar": "Arabic script", "hi": "Devanagari script", "el": "Greek",
    "he": "Hebrew", "th": "Thai", "bn": "Bengali", "ta": "Tamil", "te": "Telugu", "ka": "Georgian", "hy": "Armenian",
}  # fmt: skip
MOST_CHARACTERS = 1000  # of a text that are read
LEAST_LETTERS, SCRIPT_SHARE = 4, 0.6
LEAST_WORDS = 4
MOST_OF_A_WORD = 3  # times one word counts: a name or variable may stand often
LEAST_WEIGHT, LEAD, LEAST_COMMON = 1.4, 1.3, 0.08  # weight of the best; over the next; weight for each word
_LETTER_WEIGHT = 0.8
EXTRA = "py3langid"
EXTRA_LEAD = 6.0  # how much likelier the first language must be than the next [log]
_WORD = re.compile(r"[^\W\d_]+")
_NOISE = re.compile(r"```.*?```|`[^`]*`|https?://\S+|<[^<>]{1,60}>|\S*[\d@_{}\\=]\S*", re.DOTALL)


@cache
def _weights() -> dict[str, tuple[tuple[str, float], ...]]:
    """What each common word is worth to each language: 1, shared by those that have it."""
    owners: dict[str, list[str]] = {}
    for language, listed in STOP_WORDS.items():
        for word in dict.fromkeys(listed.split()):
            owners.setdefault(word, []).append(language)
    return {word: tuple((each, _sure(word) * len(own) ** -0.7) for each in own) for word, own in owners.items()}


def _sure(word: str) -> float:
    """Less for words of one or two letters, which stand in other languages, names and formulas as well."""
    return 1.0 if len(word) > 2 or not word.isascii() else 0.3 * len(word)


@cache
def _letters() -> dict[str, tuple[str, ...]]:
    return {letter: tuple(own.split()) for letters, own in LETTERS for letter in letters}


@cache
def _scripts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((language, re.compile(f"[{letters}]")) for language, letters in _SCRIPTS)


def detect(text: str) -> str | None:
    """The language of a text as a code of two letters, None where it cannot be told.

    A script that one language is known by decides; among Latin letters the weights of common words and of letters,
    where the best has enough and leads clearly. Numbers, code, addresses and marks are left out.

    Example:
        >>> detect("Der Deckel passt nicht mehr auf den Topf."), detect("我的包裹在哪里？"), detect("card_arrival 42")
        ('de', 'zh', None)
    """
    text = text[:MOST_CHARACTERS]
    if not text.isascii() and (written := _by_script(text)):
        return written
    words = _WORD.findall(_NOISE.sub(" ", text).replace("’", "'").lower())
    if len(words) < LEAST_WORDS:
        return None
    scores = _scores(words, text)
    best = _best(scores, len(words))
    own = {word for word in words if len(word) > 2 and best in dict(_weights().get(word, ()))}
    if len(own) > 1 or (own and not text.isascii()):
        return best
    return None if _leans_english(scores) else _asked(_NOISE.sub(" ", text).strip())


def has_extra() -> bool:
    """Whether py3langid is installed."""
    return importlib.util.find_spec(EXTRA) is not None


def _leans_english(scores: dict[str, float]) -> bool:
    """True where English words weigh as much as those of any other language."""
    return bool(scores) and scores.get("en", 0.0) >= max(scores.values())


def _asked(text: str) -> str | None:
    """What py3langid says of a text, where it is installed, sure, and says another language than English.

    English is left untold: names, codes and formulas look like it.
    """
    identifier = _identifier()
    if identifier is None:
        return None
    (first, best), (_, second) = identifier.rank(text)[:2]
    return str(first) if first != "en" and first in STOP_WORDS and best - second >= EXTRA_LEAD else None


@cache
def _identifier() -> Any:
    if not has_extra():
        return None
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _scores(words: list[str], text: str) -> dict[str, float]:
    """How much the common words of a text, and its letters beyond ASCII, speak for each language."""
    scores: dict[str, float] = {}
    for word, count in Counter(words).items():
        for language, weight in _weights().get(word, ()):
            scores[language] = scores.get(language, 0.0) + weight * min(count, MOST_OF_A_WORD)
    if not text.isascii():
        own = _letters()
        for letter in set(text.lower()) & own.keys():
            for language in own[letter]:
                scores[language] = scores.get(language, 0.0) + _LETTER_WEIGHT / len(own[letter]) ** 0.7
    return scores


def _best(scores: dict[str, float], words: int) -> str | None:
    """The language with the highest score, where it is enough for so many words and leads the next one clearly."""
    if not scores:
        return None
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    (first, best), second = ranked[0], ranked[1][1] if len(ranked) > 1 else 0.0
    enough = best >= LEAST_WEIGHT and best >= LEAST_COMMON * words and best >= LEAD * second
    return first if enough else None


def _by_script(text: str) -> str | None:
    """The language of the script that most letters are in, None for Latin letters or too few of them."""
    letters = sum(map(str.isalpha, text))
    if letters < LEAST_LETTERS:
        return None
    counts = {language: len(pattern.findall(text)) for language, pattern in _scripts()}
    counts["ja"] += counts["zh"] if counts["ja"] > 0.1 * counts["zh"] else 0
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= SCRIPT_SHARE * letters else None
