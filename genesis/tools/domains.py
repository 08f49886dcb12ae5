"""Domains by a lexicon: which words of a tool's name, description and parameters speak of which field.

>>> domain_of(["convert", "currency"], ["exchange", "rate", "between", "two", "currencies"], [])
'finance'

No model and no network. Weights: a word of the name counts 3, of the description 1 (each word once), of the parameter
names 1. A word of several domains counts for each. Ties go to the domain that stands first here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_LEXICON: dict[str, str] = {
    "weather": """weather forecast temperature climate humidity rain rainfall snow snowfall wind storm
        precipitation sunrise sunset air pollution aqi ozone emission emissions carbon co2 footprint
        greenhouse environmental environment sustainability recycling wildfire hurricane flood ecosystem
        sunlight uv""",
    "finance": """finance financial stock stocks invest investment investor portfolio bank banking loan mortgage
        currency exchange payment pay invoice tax taxes budget credit debit balance deposit withdraw
        dividend fund etf equity asset revenue profit income salary crypto bitcoin trading trade market
        inflation gdp economic economy economics roi retirement insurance premium payout transaction
        wallet accounting payroll broker forex amortization annuity compound annual principal yield bond
        bonds interest""",
    "travel": """travel trip flight flights airline airport hotel hotels room booking itinerary tourist tourism
        tour visa passport luggage cruise destination attraction attractions vacation holiday hostel
        landmark sightseeing resort accommodation stay checkin checkout reservation airbnb""",
    "transport": """car cars vehicle vehicles driving drive driver traffic route routes bus train trains railway
        metro subway transit taxi uber ride bike bicycle parking fuel engine ev charging road highway
        license plate ship vessel logistics shipping delivery freight commute directions mileage
        navigation tire brake motor""",
    "food": """food recipe recipes cooking cook meal restaurant restaurants dish cuisine ingredient ingredients
        diet dining calorie calories nutrition nutritional coffee drink pizza menu grocery vegetarian
        vegan chef dinner lunch breakfast wine bakery bake latte takeout burger fruit tip""",
    "health": """health medical medicine patient doctor hospital symptom symptoms disease drug medication dosage
        clinic blood heart bmi body fitness exercise workout sleep mental therapy therapist vaccine
        diagnosis pregnancy weight allergy nurse physician surgery prescription wellness yoga gym
        vaccination injury cancer covid psychological psychology psychologist dental rehabilitation
        hydration water_intake neuronal neural personality traits""",
    "sports": """sport sports team teams player players nba nfl soccer football basketball baseball tennis league
        match matches championship tournament olympic olympics athlete score goalkeeper coach cricket
        golf hockey race marathon stadium fifa boxing mlb ufc racing ranking standings season""",
    "games": """game games gaming chess poker card cards dice puzzle video esports rpg minecraft fortnite zelda
        console steam playstation xbox nintendo monster pokemon lottery casino board blackjack sudoku
        dungeon inventory""",
    "entertainment": """movie movies film films cinema actor actress tv series episode theatre theater tickets concert
        concerts festival celebrity netflix streaming anime comedy broadway entertainment imdb trailer
        party venue ticket show""",
    "music": """music song songs artist artists album playlist band musical musician instrument instruments
        chord chords melody guitar piano violin lyrics tempo genre audio sound orchestra singer spotify
        concerto beats""",
    "arts": """art arts rgb hex pantone painting paintings painter sculpture sculptor museum museums gallery exhibition
        exhibitions artwork design designer fashion photography photo style color colour drawing image
        images craft poetry poem interior decor makeup paint canvas sketch architecture architectural""",
    "history": """history historical ancient war battle civilization empire dynasty century king queen president
        treaty historic archaeological archaeology monarch revolution medieval era culture cultural myth
        mythology tradition traditions""",
    "geography": """geography country countries city capital location coordinates latitude longitude distance maps
        river mountain continent region elevation population border address zip zipcode postal timezone
        altitude ocean lake geocode place places gps  geographic cartography""",
    "law": """law legal lawsuit court case cases lawyer attorney judge crime criminal police justice contract
        patent copyright trademark legislation regulation compliance statute constitution civil verdict
        prison plaintiff divorce litigation probate government election elections vote voter political
        politics senator congress policy governor party parliament census military diplomatic""",
    "education": """libraries education school university universities college student students course courses class
        classroom exam grade teacher study learning tutor lesson scholarship curriculum academic enrollment degree
        gpa homework teaching quiz book books author authors novel literature literary library publisher
        reading isbn story stories writing writer chapter word words text language translate translation
        grammar dictionary sentence article bible religion religious""",
    "mathematics": """math mathematics triangle circle rectangle sphere polygon geometry geometric area perimeter
        circumference integral integrate integration derivative equation quadratic polynomial roots root
        factorial prime gcd lcm hcf matrix vector algebra calculus trigonometry sine cosine hypotenuse
        fibonacci logarithm number numbers sum add subtract multiply divide divisor multiple fraction
        square cube exponent modulo hypot factors permutations combinations digits arithmetic angle
        volume cuboid cylinder slope list sort intersect axis""",
    "statistics": """statistics statistical mean median mode variance deviation regression correlation probability
        distribution sample hypothesis ttest anova chi normal binomial poisson random outlier percentile
        cluster clustering histogram data dataset linear significance predict prediction chart plot
        average""",
    "physics": """physics force velocity acceleration mass energy electric electrical magnetic gravity
        gravitational motion momentum kinetic wave wavelength frequency resistance voltage current
        circuit electromagnetic thermodynamics entropy pressure heat optics quantum particle speed
        displacement projectile capacitor torque density kinematics electrostatic lens friction inertia
        photon astronomy planet planets galaxy space orbit orbital moon solar telescope nasa mars earth
        satellite cosmic astronomical eclipse zodiac asteroid spacecraft constellation luminosity""",
    "chemistry": """chemistry chemical molecule molecular atom atomic reaction compound acid ph solute solubility
        concentration mol molar periodic ion formula boiling molarity gas electron oxide isotope
        stoichiometry periodic_table""",
    "biology": """biology biological cell cells dna rna gene genes genetic genetics genotype protein species
        animal animals plant plants evolution bacteria virus organism allele photosynthesis bird birds
        dog cat pet pets wildlife forest tree trees ecology mutation enzyme biome habitat mammal fish
        garden gardening crop crops soil agriculture farm""",
    "shopping": """shopping shop shops buy product products purchase cart stores amazon ebay retail discount
        customer customers seller gift clothing clothes shoes brand warranty refund catalog ecommerce
        sale coupon auction marketing inventory laundry price prices store order orders""",
    "communication": """message messages email emails mail sms phone contacts chat send notifications tweet twitter
        facebook instagram post posts social slack meeting meetings invite conversation reply followers
        linkedin discord whatsapp telegram friend friends reddit""",
    "business": """business company companies employee employees hr hiring job jobs resume manager office
        department organization sales crm client clients corporate startup supplier supply staff
        recruitment lead leads management brand campaign performance worker provider providers calendar
        schedule schedules task tasks reminder reminders todo alarm agenda appointment appointments
        project projects deadline timer workflow plan planner""",
    "home": """home house apartment properties rent rental real estate room furniture appliance kitchen bedroom
        smart thermostat light lights lamp device devices lock cleaning housing realtor repair bathroom
        conditioner plumbing plumber renovation landscape fridge washing property""",
    "software": """file files directory folder code api server database sql query git github repository
        repositories software script json xml html http https url request endpoint app application
        program programming developer debug deploy docker kubernetes cloud aws azure linux command array
        string object parameter parameters class method module interface javascript java python npm node
        component callback promise dom thread buffer byte bytes cache token async exception stack parse
        parser pixel browser log logs host hostname dns instance instances backup package compile
        variable runtime security password passwords authentication authenticate auth login logout
        encryption encrypt firewall vulnerability malware credential credentials certificate ssl privacy
        fraud hacker breach threat cybersecurity permission permissions ai model models machine neural
        network robot chatbot gpt llm prompt internet iot hardware computer laptop smartphone wifi
        bandwidth battery sensor drone vr virtual electronics semiconductor blockchain technology
        pointer listener plugin registry schema renderer shader compiler decode encode serializer
        iterator""",
    "information": """search news wikipedia google web information article articles headline headlines journalist
        lookup query keyword keywords results topic trending scientist discovery discoverer inventor
        invention contributions facts unit conversion convert""",
}
DOMAINS: tuple[str, ...] = (*_LEXICON, "other")
_WORDS: dict[str, tuple[str, ...]] = {}
for _domain, _text in _LEXICON.items():
    for _word in _text.split():
        _WORDS[_word] = (*_WORDS.get(_word, ()), _domain)
PRIORS: Mapping[str, Mapping[str, float]] = {
    "bfcl:simple_java": {"software": 6.0},
    "bfcl:simple_javascript": {"software": 3.0},
}
"""Sources that are about one field: functions cut out of Java and JavaScript projects."""
_ORDER = {domain: index for index, domain in enumerate(_LEXICON)}


def domain_of(
    name: Iterable[str], description: Iterable[str], parameters: Iterable[str], prior: Mapping[str, float] | None = None
) -> str:
    """Return the domain that most words speak of, ``other`` where none does.

    ``prior`` is what the source says of its tools (:data:`PRIORS`), in the same weights.
    """
    scores: dict[str, float] = dict(prior or {})
    for weight, found in ((3.0, name), (1.0, description), (1.0, parameters)):
        for word in dict.fromkeys(found):
            domains = _WORDS.get(word) or _WORDS.get(word.removesuffix("s")) or ()
            for domain in domains:
                scores[domain] = scores.get(domain, 0.0) + weight / len(domains) ** 0.5
    if not scores:
        return "other"
    return min(scores, key=lambda domain: (-scores[domain], _ORDER[domain]))
