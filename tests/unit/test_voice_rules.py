"""The offline rules find what the customer said, in three languages, and nothing else."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.voice_note_facts import Intent, VoiceNoteFacts, vetted
from sandbox.offline_ai import lexicon, lexicon_intents, multipart
from sandbox.offline_ai.digit_words import repaired
from sandbox.offline_ai.entities import decimal
from sandbox.offline_ai.numbers import LANGUAGES, read
from sandbox.offline_ai.structurer import guess_language, structure

#: A Friday.
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def facts(text: str, language: str = "") -> VoiceNoteFacts:
    return structure(text, received_at=NOW, language=language)


INTENTS = [
    ("where is my parcel it should be here by now", Intent.ORDER_STATUS),
    ("i would like my money back please", Intent.REFUND),
    ("please update my shipping address we moved house", Intent.ADDRESS_CHANGE),
    ("We moved last week, please send everything to the new place", Intent.ADDRESS_CHANGE),
    ("can i return a shirt without the receipt", Intent.REFUND),
    ("can you send a technician on monday", Intent.APPOINTMENT),
    ("i want to cancel my subscription", Intent.CANCEL_SUBSCRIPTION),
    ("there is a power cut in our street", Intent.OUTAGE),
    ("the box was damaged and the glass is broken", Intent.COMPLAINT),
    ("can i talk to a real person", Intent.TALK_TO_HUMAN),
    ("i have a question about my last invoice", Intent.BILLING),
    ("the app does not work since the update", Intent.TECHNICAL_PROBLEM),
    ("good morning how are you", Intent.OTHER),
    ("¿dónde está mi paquete?", Intent.ORDER_STATUS),
    ("quiero que me devuelvan el dinero", Intent.REFUND),
    ("necesito cambiar la dirección de entrega", Intent.ADDRESS_CHANGE),
    ("quiero agendar una visita", Intent.APPOINTMENT),
    ("quiero darme de baja", Intent.CANCEL_SUBSCRIPTION),
    ("estamos sin luz desde ayer", Intent.OUTAGE),
    ("quiero poner una queja", Intent.COMPLAINT),
    ("quiero hablar con una persona", Intent.TALK_TO_HUMAN),
    ("mi factura está mal", Intent.BILLING),
    ("el internet no funciona", Intent.TECHNICAL_PROBLEM),
    ("onde está o meu pedido", Intent.ORDER_STATUS),
    ("quero um reembolso por favor", Intent.REFUND),
    ("quero mudar o meu endereço", Intent.ADDRESS_CHANGE),
    ("queria marcar uma consulta", Intent.APPOINTMENT),
    ("quero cancelar a minha assinatura", Intent.CANCEL_SUBSCRIPTION),
    ("estamos sem energia na rua", Intent.OUTAGE),
    ("o produto chegou com defeito", Intent.COMPLAINT),
    ("quero falar com um atendente", Intent.TALK_TO_HUMAN),
    ("não entendi a cobrança deste mês", Intent.BILLING),
    ("o aplicativo parou de funcionar", Intent.TECHNICAL_PROBLEM),
]


@pytest.mark.parametrize(("said", "intent"), INTENTS)
def test_the_customers_wish_is_recognised(said: str, intent: Intent) -> None:
    assert facts(said).intent is intent


def test_every_language_knows_every_intent() -> None:
    wanted = set(Intent) - {Intent.OTHER}
    for language in LANGUAGES:
        assert {intent for intent, _ in lexicon_intents.INTENTS[language]} == wanted
    assert {intent for said, intent in INTENTS} == set(Intent)
    assert all(set(steps) == set(Intent) for steps in lexicon.NEXT_STEPS.values())
    assert set(lexicon.USUAL_URGENCY) == set(Intent)


@pytest.mark.parametrize(
    ("said", "language", "number"),
    [
        ("my order number is three eight one five two", "en", "38152"),
        ("order 38152 please", "en", "38152"),
        ("this is about order AB-38152", "en", "AB-38152"),
        ("the order number is seven zero forty nine", "en", "7049"),
        ("order number double five one triple zero", "en", "551000"),
        ("order number nine oh two", "en", "902"),
        ("My order is late. The number is seven, seven, three, zero, one.", "en", "77301"),
        ("The order number is four five seven eight one two, two weeks late.", "en", "457812"),
        ("My order is late, ring my mobile. The number is 4578123.", "en", None),
        ("El número es siete siete tres cero uno, mi pedido no ha llegado.", "es", "77301"),
        ("mi pedido número cuatro cinco siete ocho", "es", "4578"),
        ("meu pedido é o dois meia zero nove", "pt", "2609"),
        ("i ordered two of them", "en", None),
        ("the year 2024 was good", "en", None),
    ],
)
def test_order_numbers_said_digit_by_digit_are_joined(
    said: str, language: str, number: str | None
) -> None:
    assert facts(said, language).entities.order_number == number


def test_a_customer_number_is_no_order_number() -> None:
    found = facts("cancel my order, my customer number is nine zero three three", "en").entities
    assert (found.order_number, found.customer_number) == (None, "9033")


@pytest.mark.parametrize(
    ("said", "language", "amounts"),
    [
        ("eighty nine dollars and fifty cents", "en", [("89.50", "USD")]),
        ("i paid £30 twice", "en", [("30", "GBP")]),
        ("it cost 1,234.50 euros", "en", [("1234.50", "EUR")]),
        ("ochenta y nueve euros con cincuenta", "es", [("89.50", "EUR")]),
        ("paguei vinte e dois reais", "pt", [("22", "BRL")]),
        ("me cobraron 500 pesos", "es", [("500", None)]),
        ("order 4578 for 5 people", "en", []),
    ],
)
def test_sums_of_money_have_value_and_currency(
    said: str, language: str, amounts: list[tuple[str, str | None]]
) -> None:
    found = facts(said, language).entities.amounts
    assert [(amount.value, amount.currency) for amount in found] == amounts


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("89,5", "89.5"),
        ("1.234", "1234"),
        ("7", "7"),
    ],
)
def test_both_customs_of_writing_numbers_are_read(written: str, value: str) -> None:
    assert str(decimal(written)) == value


@pytest.mark.parametrize(
    ("said", "language", "text", "iso"),
    [
        ("i need it before friday", "en", "before friday", "2026-11-27"),
        ("down since tuesday", "en", "since tuesday", "2026-11-17"),
        ("since yesterday", "en", "since yesterday", "2026-11-19"),
        ("come in three days", "en", "in three days", "2026-11-23"),
        ("on december third", "en", "on december third", "2026-12-03"),
        ("on june third", "en", "on june third", None),
        (
            "next tuesday at ten in the morning",
            "en",
            "next tuesday at ten in the morning",
            "2026-11-24",
        ),
        ("antes del viernes", "es", "antes del viernes", "2026-11-27"),
        ("el tres de diciembre de 2026", "es", "el tres de diciembre de 2026", "2026-12-03"),
        ("até sexta feira", "pt", "até sexta feira", "2026-11-27"),
        ("chega amanhã", "pt", "amanhã", "2026-11-21"),
        ("we moved last week", "en", "last week", None),
        ("caduca el mes que viene", "es", "el mes que viene", None),
    ],
)
def test_dates_keep_the_words_and_name_the_day_only_when_certain(
    said: str, language: str, text: str, iso: str | None
) -> None:
    (date,) = facts(said, language).entities.dates
    assert (date.text, date.iso) == (text, iso)


def test_ordinary_words_and_numbers_are_no_dates() -> None:
    assert facts("now may i have order 45781 day of it", "en").entities.dates == []


@pytest.mark.parametrize(
    ("said", "phone"),
    [
        ("my phone number is five five five zero one four nine eight two three", "5550149823"),
        ("call me back on +44 20 7946 0958", "+442079460958"),
        ("Call me on five five five, two one three, four four six eight.", "5552134468"),
        ("call me on two, three or four days", None),
        ("call me at one two three", None),
    ],
)
def test_a_callback_number_is_found_after_its_announcement(said: str, phone: str | None) -> None:
    assert facts(said, "en").entities.phone == phone


def test_spoken_and_written_mail_addresses_are_found() -> None:
    assert (
        facts("it's john dot smith at example dot com", "en").entities.email
        == "john.smith@example.com"
    )
    assert facts("write to ana@example.org", "en").entities.email == "ana@example.org"
    assert facts("meet me at home", "en").entities.email is None


def test_addresses_have_their_numbers_as_digits() -> None:
    said = "two two one Baker Street, apartment five"
    assert facts(said, "en").entities.address == "221 Baker Street, apartment 5"
    assert (
        facts("vivo en la calle mayor número cinco", "es").entities.address
        == "calle mayor número 5"
    )


def test_mood_and_urgency_follow_the_words() -> None:
    angry = facts("this is unacceptable nobody is helping me i want to speak with a manager", "en")
    assert (angry.sentiment, angry.urgency, angry.wants_human) == ("negative", "high", True)
    calm = facts("please change my address no hurry thank you very much", "en")
    assert (calm.sentiment, calm.urgency, calm.wants_human) == ("positive", "low", False)
    assert facts("meu pedido não chegou", "pt").urgency == "medium"
    assert facts("the parcel came today", "en").urgency != "high"
    assert facts("i need my parcel today", "en").urgency == "high"


def test_the_summary_quotes_instead_of_pretending() -> None:
    punctuated = facts("Hello. My lamp is broken and I want a refund of $4.50. Bye.")
    assert punctuated.summary == '"My lamp is broken and I want a refund of $4.50."'
    spoken = facts("hello my name is ann and i am calling since i want a refund for one lamp " * 2)
    assert spoken.summary.startswith('"… ')
    assert "refund" in spoken.summary
    assert facts("").summary == '""'


def test_rules_never_claim_a_confidence() -> None:
    assert facts("i want a refund").confidence is None


def test_everything_found_can_be_pointed_at() -> None:
    said = (
        "my order number is three eight one five two i paid forty nine dollars on monday call me "
        "back on five five five zero one four nine eight two three or ann at example dot com "
        "i live at two two one baker street"
    )
    found = facts(said, "en")
    assert vetted(found, said) == found
    assert len(found.evidence) == 4


def test_the_next_step_is_in_the_agents_language() -> None:
    said = structure("i want a refund", received_at=NOW, agent_language="es")
    assert said.next_step == "Compruebe el cargo y explique el reembolso."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my order", "en"),
        ("hola quiero mi dinero", "es"),
        ("olá quero meu dinheiro", "pt"),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text_is_guessed_or_left_open(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_an_unknown_language_is_read_without_numbers() -> None:
    found = facts("meine Bestellung 38152 ist nicht da", "de")
    assert (found.intent, found.language) == (Intent.OTHER, "de")
    assert read("zwei 5 6", "de").text == "zwei 56"


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        ("seven seven zero to nine four", "seven seven zero two nine four"),
        ("three ate won for five six", "three eight one four five six"),
        ("two to one baker street", "two two one baker street"),
        ("one to five days", "one to five days"),
        ("it is for two of us", "it is for two of us"),
        ("call nine one one to complain", "call nine one one to complain"),
    ],
)
def test_words_that_sound_like_digits_are_digits_only_among_digits(heard: str, text: str) -> None:
    assert " ".join(repaired(heard.split())) == text


@given(st.binary(max_size=300))
def test_a_form_keeps_every_byte_of_a_file(content: bytes) -> None:
    """Audio is full of line ends; one changed byte is a damaged note."""
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="include[]"\r\n\r\nlogprobs\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="voice.ogg"\r\n'
        b"Content-Type: audio/ogg\r\n\r\n" + content + b"\r\n--xyz--\r\n"
    )
    fields = multipart.read('multipart/form-data; boundary="xyz"', body)
    assert fields["include"][0].text == "logprobs"
    assert (fields["file"][0].filename, fields["file"][0].content) == ("voice.ogg", content)
