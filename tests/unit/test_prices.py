"""What the demo says a message costs."""

from decimal import Decimal

import pytest

from chalicelib import ai_prices
from chalicelib.list_prices import PRICES, bill


@pytest.mark.parametrize("name", PRICES)
def test_every_price_names_its_source_and_date(name):
    price = PRICES[name]
    assert price.source
    assert price.dated.startswith("2026")
    assert price.usd > 0


def test_a_bill_is_what_was_counted_times_its_price():
    billed = bill({"connect_message": 3, "eum_message": 2, "meta_service_message": 1})
    assert billed["Connect"] == Decimal("0.030")
    assert billed["WhatsApp"] == Decimal("0.0134")
    assert billed["AI"] == 0


def test_a_count_without_a_price_is_a_mistake():
    with pytest.raises(KeyError):
        bill({"carrier_pigeon": 1})


def test_a_minute_of_speech_costs_here_what_the_product_says_it_costs():
    ours = bill({"speech_second": 60})["AI"]
    assert ours == ai_prices.of_audio("gpt-transcribe", 60)
