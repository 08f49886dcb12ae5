"""The lexicon gives real tools the domain that a person gave them: labels by hand, a random draw of BFCL's tools."""

from __future__ import annotations

import pytest
from whole import bfcl_pool

from genesis.tools.domains import DOMAINS, domain_of

BY_HAND = {
    "biology": "plant_biomass crop_yield.get_history species_distribution_modeling.project_range_shift",
    "mathematics": "rectangle.calculate_perimeter calculate_area gcd solve_quadratic calculate_integral",
    "finance": "financial_ratio.net_profit_margin calculate_future_value bank.calculate_balance us_history.gdp",
    "arts": "museum.get_waiting_time sculpture.create_custom convert.rgb_to_hex modify_painting sculpture.create",
    "physics": "physics.magnetic_field calculate_displacement thermo.calculate_energy calculate.weight_in_space",
    "history": "us_history.get_president get_event_date",
    "law": "lawsuit_search case_info.get get_case_result lawsuit_details.find lawsuit.settlement_estimate",
    "sports": "get_team_score sports_analyzer.get_schedule",
    "weather": "rainfall_prediction air_quality_forecast weather_forecast calculate_vehicle_emission",
    "entertainment": "concert_ticket.buy concert_info.get",
    "travel": "flight_schedule.get_timings hotel_booking.check_availability",
    "food": "find_recipe grocery_store.find_by_criteria wholefoods.vegan_products grocery.get_food_list",
    "statistics": "probability.dice_roll probabilities.calculate_single",
    "games": "game.board_analyser BoardGameGeek.recommend cards.shuffle_deck",
    "transport": "parking_lot.find_nearest car.rental location.get_travel_time",
    "software": "NFILibrary.isMemberReadable DateScriptFieldType.createFieldType db_fetch_records",
    "education": "religion.get_core_beliefs public_library.find_nearby",
    "communication": "emailFormatValidator",
    "chemistry": "calculate_mass",
    "geography": "time_zones.get_time_difference",
    "information": "get_discoverer",
}


def test_labels_of_a_random_draw() -> None:
    pool, report = bfcl_pool()
    given = {tool.original_name or tool.name: tool.domain for tool in pool}
    labels = [(name, domain) for domain, names in BY_HAND.items() for name in names.split()]
    wrong = [(name, given[name], domain) for name, domain in labels if given[name] != domain]
    assert len(labels) == 59
    assert len(wrong) <= 6, wrong
    assert report.domains.get("other", 0) <= 0.02 * len(pool)
    assert set(report.domains) <= set(DOMAINS)


@pytest.mark.parametrize(
    ("name", "description", "domain"),
    [
        (["frob", "nicate"], ["xyzzy"], "other"),
        (["get", "forecasts"], ["weather", "tomorrow"], "weather"),
        (["run"], ["bet", "on", "a", "chess", "game"], "games"),
    ],
)
def test_words_decide(name: list[str], description: list[str], domain: str) -> None:
    assert domain_of(name, description, []) == domain
