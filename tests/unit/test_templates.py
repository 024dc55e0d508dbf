"""Only templates that WhatsApp would take leave the house."""

import pytest

from chalicelib.errors import ContentError, SettingsError
from chalicelib.whatsapp.templates import Catalogue, Template, read_catalogue, reply_of
from chalicelib.wiring_whatsapp import _written

ORDER = Template(
    name="order", language="en_US", text="{{1}}, order {{2}} left", parameters=("name", "number")
)
PEDIDO = Template(
    name="order",
    language="es",
    text="{{1}}, el pedido {{2}} salió",
    parameters=("name", "number"),
)
CATALOGUE = Catalogue((ORDER, PEDIDO, Template(name="hi", language="en", text="Hi")))


def test_the_templates_we_ship_are_sound() -> None:
    assert _written().templates


@pytest.mark.parametrize(
    ("language", "found"),
    [("es", PEDIDO), ("es-MX", PEDIDO), ("en", ORDER), ("pt", ORDER), ("", ORDER)],
)
def test_a_template_is_found_in_the_closest_language(language: str, found: Template) -> None:
    assert CATALOGUE.find("order", language) is found


def test_values_come_by_name_or_number_and_on_one_line() -> None:
    reply = reply_of(ORDER, {"name": "Mia\n\tM.", "2": "7"})
    [body] = reply.components
    assert [each["text"] for each in body["parameters"]] == ["Mia M.", "7"]
    assert ORDER.filled(["Mia", "7"]) == "Mia, order 7 left"
    assert reply_of(CATALOGUE.find("hi"), {}).components == ()


def test_a_missing_value_or_an_unknown_name_is_told() -> None:
    with pytest.raises(ContentError) as refused:
        reply_of(ORDER, {"name": " "})
    assert refused.value.values == {"name": "order", "missing": "name, number"}
    with pytest.raises(ContentError):
        CATALOGUE.find("nothing")


def test_only_what_whatsapp_approved_is_offered() -> None:
    approved = {("order", "es"): "APPROVED", ("order", "en_US"): "PAUSED"}
    assert CATALOGUE.only(approved).templates == (PEDIDO,)


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "x"},
        {"name": "x", "language": "en", "text": "{{1}}"},
        {"name": "x", "language": "en", "text": "a", "parameters": ["b"]},
        {"name": "x", "language": "en", "text": "{{2}}", "parameters": ["b"]},
    ],
)
def test_a_wrong_entry_is_named_at_once(entry: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match="x"):
        read_catalogue({"templates": [entry]})
