"""Identifiers, sums and addresses in a voice note, found by rules; each with its evidence. Pure."""

import re
from decimal import Decimal

from phonenumbers import NumberParseException, is_possible_number, parse

from chalicelib.voice_note_facts import Amount, EntityName, Evidence
from sandbox.offline_ai.numbers import Reading

_REGIONS = {"en": "US", "es": "ES", "pt": "BR"}
#: Words that may stand between "order number" and the number itself.
_LINK = (
    r"(?: (?:number|no|id|code|is|the|it's|my|número|numero|nº|es|el|é|o|de|do|del|mi|meu|,|and"
    r"|y|e|with|con|com)){0,6} "
)
_CODE = r"(?P<value>[a-z]{0,3}-?\d{3,12})\b"
_ORDER = (
    r"\b(?:order|parcel|package|tracking|shipment|reference|delivery|pedido|paquete|envío|orden"
    r"|encomenda|pacote|entrega|compra)"
)
_CUSTOMER = (
    r"\b(?:customer|client|account|member|membership|contract|policy|cliente|cuenta|contrato"
    r"|conta|socio|sócio|póliza)"
)
_THE_NUMBER = r"\b(?:the|it's|el|o) (?:number|código|code|número|numero)"
_PHONE = (
    r"\b(?:phone|telephone|mobile|cell|call me(?: back)?(?: on| at)?|reach me(?: on| at)?|whatsapp"
    r"|teléfono|móvil|celular|ll[aá]m\w+(?: al)?|telefone|lig\w+(?: no| para)?)"
)
_EMAIL = (
    r"(?P<written>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<user>\w+(?: (?:dot|punto|ponto) \w+)*) (?:at|arroba) "
    r"(?P<host>\w+(?: (?:dot|punto|ponto) \w+)+)"
)
_ADDRESS = {
    "en": r"\b\d{1,5} (?:[a-z']+ ){1,3}(?:street|avenue|road|lane|drive|boulevard|court|square"
    r"|place|way)\b(?: ,)?(?: (?:apartment|flat|unit|suite|number|floor) \d{1,5})?",
    "es": r"\b(?:calle|avenida|plaza|paseo|carretera) (?:[^\W\d]+ ){1,5}(?:, )?(?:número )?\d{1,5}"
    r"(?: ,)?(?: (?:piso|apartamento|puerta|departamento) \d{1,4})?",
    "pt": r"\b(?:rua|avenida|praça|travessa|alameda) (?:[^\W\d]+ ){1,5}(?:, )?(?:número )?\d{1,5}"
    r"(?: ,)?(?: (?:apartamento|apto|casa|andar) \d{1,4})?",
}
_CURRENCIES = {
    r"(?:us )?dollars?|bucks|dólares|dólar|usd": "USD",
    r"euros?|eur": "EUR",
    r"pounds?|gbp|libras?": "GBP",
    r"reais|real|brl": "BRL",
    r"pesos?": None,
}
_SIGNS = {"$": None, "€": "EUR", "£": "GBP"}
_NUMBER = r"(?P<value>\d{1,7}(?:[.,]\d{1,3})*)"
_CENTS = r"(?: (?:and |y |con |e |com )?(?P<cents>\d{1,2})(?: (?:cents?|centavos?|céntimos?))?\b)?"


def order_number(reading: Reading) -> Evidence | None:
    """The number said after "order", "parcel", "pedido", ...

    Or "the number", in a later sentence, where nothing else was spoken of that has one.
    """
    near = _code(reading, _ORDER, EntityName.ORDER_NUMBER)
    others = re.search(f"{_CUSTOMER}|{_PHONE}", reading.text)
    if near or others or not re.search(_ORDER, reading.text):
        return near
    return _code(reading, _THE_NUMBER, EntityName.ORDER_NUMBER)


def customer_number(reading: Reading) -> Evidence | None:
    """The number said after "customer", "account", "cliente", ..."""
    return _code(reading, _CUSTOMER, EntityName.CUSTOMER_NUMBER)


def _code(reading: Reading, keyword: str, name: EntityName) -> Evidence | None:
    match = re.search(keyword + _LINK + _CODE, reading.text)
    return _evidence(reading, match, name, "value")


def phone(reading: Reading, language: str) -> Evidence | None:
    """A possible phone number after a word that announces one; fictional ones count, too."""
    for match in re.finditer(_PHONE + _LINK + r"(?P<value>\+?\d{6,15})\b", reading.text):
        if _is_possible(match["value"], _REGIONS.get(language, "US")):
            return _evidence(reading, match, EntityName.PHONE, "value")
    return None


def _is_possible(number: str, region: str) -> bool:
    try:
        return is_possible_number(parse(number, region))
    except NumberParseException:
        return False


def email(reading: Reading) -> tuple[str, Evidence] | None:
    """A written address, or one said with "at" and "dot"."""
    match = re.search(_EMAIL, reading.text)
    if match is None:
        return None
    spoken = f"{match['user']}@{match['host']}"
    address = match["written"] or re.sub(r" (?:dot|punto|ponto) ", ".", spoken)
    words = reading.words_at(match.start(), match.end())
    return address, Evidence(field=EntityName.EMAIL, words=words)


def address(reading: Reading, language: str) -> tuple[str, Evidence] | None:
    """Number, street and flat, in the order of the language."""
    match = re.search(_ADDRESS.get(language, r"(?!)"), reading.text)
    found = _evidence(reading, match, EntityName.ADDRESS, 0)
    return (_as_written(reading, *match.span()), found) if match and found else None


def _as_written(reading: Reading, start: int, end: int) -> str:
    """The customer's own spelling, numbers as digits."""
    inside = [
        item.text if item.is_number else reading.original[item.start : item.end]
        for item, at in zip(reading.items, reading.starts, strict=True)
        if start <= at < end
    ]
    return " ".join(inside).replace(" ,", ",")


def amounts(reading: Reading) -> list[Amount]:
    """Sums said with their currency; a bare number is no sum of money."""
    return [*_named_sums(reading), *_signed_sums(reading)]


def _named_sums(reading: Reading) -> list[Amount]:
    found = []
    for name, code in _CURRENCIES.items():
        for match in re.finditer(rf"\b{_NUMBER} (?:{name})\b{_CENTS}", reading.text):
            value = decimal(match["value"]) + Decimal(match["cents"] or 0) / 100
            found.append(_amount(reading, match, value, code))
    return found


def _signed_sums(reading: Reading) -> list[Amount]:
    return [
        _amount(reading, match, decimal(match["value"]), _SIGNS[match["sign"]])
        for match in re.finditer(rf"(?P<sign>[$€£]) {_NUMBER}", reading.text)
    ]


def _amount(reading: Reading, match: re.Match[str], value: Decimal, code: str | None) -> Amount:
    shown = f"{value:.2f}" if value % 1 else f"{value:.0f}"
    words = reading.words_at(match.start(), match.end())
    return Amount(value=shown, currency=code, text=words)


def decimal(written: str) -> Decimal:
    """Read "1.234,50", "1,234.50", "89,5" and "1.234" as people of either custom mean them."""
    whole, mark, rest = written.rpartition(max(".", ",", key=written.rfind))
    if not mark or len(rest) == 3:  # three digits after a mark are thousands
        return Decimal(re.sub(r"[.,]", "", written))
    return Decimal(f"{re.sub(r'[.,]', '', whole)}.{rest}")


def value_of(reading: Reading, evidence: Evidence) -> str:
    """The digits (and letters) behind the words of an identifier."""
    at = reading.original.find(evidence.words)
    inside = (i for i in reading.items if i.start >= at and i.end <= at + len(evidence.words))
    return "".join(item.text for item in inside).upper()


def _evidence(
    reading: Reading, match: re.Match[str] | None, name: EntityName, group: str | int
) -> Evidence | None:
    if match is None:
        return None
    return Evidence(field=name, words=reading.words_at(match.start(group), match.end(group)))
