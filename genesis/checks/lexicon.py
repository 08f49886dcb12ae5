"""Words that stand for values: numbers, months, days, common abbreviations; function words of languages."""

from __future__ import annotations

from collections.abc import Mapping


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
NUMBER_WORDS: Mapping[str, float] = {
    **{word: number for number, word in enumerate(_UNITS.split())},
    **{word: 20 + 10 * number for number, word in enumerate(_TENS.split())},
    **{word: number for number, word in enumerate(_ORDINALS.split())},
    "a": 1, "an": 1, "single": 1, "once": 1, "half": 0.5, "quarter": 0.25, "couple": 2, "pair": 2, "both": 2,
    "twice": 2, "double": 2, "triple": 3, "dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000,
    "noon": 12, "midnight": 0,
    "myself": 1, "me": 1, "week": 7, "fortnight": 14, "year": 365, "hour": 60, "fair": 0.5,
}  # fmt: skip
_MONTHS = "january february march april may june july august september october november december"
MONTHS: Mapping[str, int] = {
    **{name: number for number, name in enumerate(_MONTHS.split(), 1)},
    **{name[:3]: number for number, name in enumerate(_MONTHS.split(), 1)},
    "sept": 9,
}
RELATIVE_DAYS = words_of(
    "today tonight tomorrow yesterday next last this coming monday tuesday wednesday thursday friday saturday"
    " sunday week weekend month now current later ago upcoming"
)
_STATES = (
    "al alabama ak alaska az arizona ar arkansas ca california co colorado ct connecticut de delaware fl"
    " florida ga georgia hi hawaii id idaho il illinois in indiana ia iowa ks kansas ky kentucky la"
    " louisiana me maine md maryland ma massachusetts mi michigan mn minnesota ms mississippi mo missouri"
    " mt montana ne nebraska nv nevada nh new_hampshire nj new_jersey nm new_mexico ny new_york nc"
    " north_carolina nd north_dakota oh ohio ok oklahoma or oregon pa pennsylvania ri rhode_island sc"
    " south_carolina sd south_dakota tn tennessee tx texas ut utah vt vermont va virginia wa washington wv"
    " west_virginia wi wisconsin wy wyoming"
)
_PAIRS = (
    "us usa|us united_states|usa united_states|usa america|us america|usa american|us american"
    "|uk united_kingdom|uk britain|gb united_kingdom|uk england|uae emirates|eu europe|eu european"
    "|de germany|fr france|es spain|it italy|cn china|jp japan|in india|br brazil|mx mexico|au australia"
    "|kr korea|ru russia|ch switzerland|nl netherlands|se sweden|no norway|dk denmark|en english|fr french"
    "|es spanish|de german|it italian|pt portuguese|zh chinese|ja japanese|ko korean|ru russian|ar arabic"
    "|usd dollar|usd dollars|usd bucks|eur euro|eur euros|gbp pound|gbp pounds|jpy yen|cny yuan"
    "|cny renminbi|inr rupee|inr rupees|cad canadian|aud australian|chf francs|mxn pesos|btc bitcoin"
    "|eth ethereum|krw won|celsius c|fahrenheit f|kelvin k|metric celsius|imperial fahrenheit|kg kilogram"
    "|kg kilograms|kg kilo|kg kilos|lb pounds|lbs pounds|lb pound|g gram|g grams|mg milligrams"
    "|km kilometer|km kilometers|km kilometre|km kilometres|km kms|mi mile|mi miles|m meter|m meters"
    "|m metres|m metre|cm centimeter|cm centimeters|cm centimetres|mm millimeters|ft foot|ft feet|in inch"
    "|in inches|l liter|l liters|l litres|ml milliliters|ml millilitres|h hour|h hours|hr hours"
    "|minutes mins|minute min|hours hrs|seconds secs|removed delete|delete remove|min minute|min minutes"
    "|s second|s seconds|ms milliseconds|mph miles|kmh kilometers|la los_angeles|nyc new_york"
    "|ny new_york_city|sf san_francisco|dc washington|male man|male his|male he|male him|male boy"
    "|female woman|female her|female she|female girl|male men|female women|daily day|daily everyday"
    "|weekly week|monthly month|yearly year|annually year|annual year|annually annual|yearly annual"
    "|hourly hour|annually yearly|monthly months|daily days|weekly weeks|dr doctor|tv television"
    "|ai artificial_intelligence|nba basketball|ml machine_learning|vegan plant|gluten_free gluten"
)


def _abbreviations() -> dict[str, tuple[str, ...]]:
    table: dict[str, set[str]] = {}
    names = _STATES.replace("_", "~").split()
    pairs = [*zip(names[::2], names[1::2], strict=True), *(tuple(pair.split(" ")) for pair in _PAIRS.split("|"))]
    for short, long in pairs:
        one, other = short.replace("~", " ").replace("_", " "), long.replace("~", " ").replace("_", " ")
        table.setdefault(one, set()).add(other)
        table.setdefault(other, set()).add(one)
    return {word: tuple(sorted(others)) for word, others in table.items()}


ABBREVIATIONS: Mapping[str, tuple[str, ...]] = _abbreviations()
"""A value in lower case -> what people say for it, both ways."""

FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    "French": words_of(
    "le la les des est une dans pour avec vous votre sur qui que je suis nous pas cette du au aux et mais"
    " sont"
),
    "Spanish": words_of(
    "el los las una para con por que está esta usted su pero como del es al muy más y en se lo mi son"
),
    "German": words_of(
    "der die das und ist nicht ein eine mit für auf ich sie wir den dem zu von bitte ihr ihre wird sind auch"
),
    "Italian": words_of(
    "il gli una per con che non sono della nel questo è di le mi sua ho ha anche come alla dei"
),
    "Portuguese": words_of(
    "os uma para com que não você está seu sua mais por da do na no em ao dos das são um"
),
    "Dutch": words_of(
    "het een van voor niet zijn met ik je u dat op deze naar maar wordt bij ook aan uw"
),
}  # fmt: skip
ENGLISH = words_of(
    "the a an of to in is are for and you your with on it that this have has be i me my can will was at from"
    " or by as not do we what how please need want would like"
)
