"""Connect's pickers become something a customer can tap, and nothing offered is lost."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.texts import Texts
from chalicelib.whatsapp import limits
from chalicelib.whatsapp.interactive import interactive_bodies
from chalicelib.whatsapp.option_ids import chosen

ENGLISH = Texts("en")


def picker(kind: str = "ListPicker", **content: Any) -> dict[str, Any]:
    return {"templateType": kind, "version": "1.0", "data": {"content": content}}


def titled(*titles: str) -> list[dict[str, str]]:
    return [{"title": title} for title in titles]


def sent(template: dict[str, Any], texts: Texts = ENGLISH) -> list[dict[str, Any]]:
    return interactive_bodies(template, texts)


def rows(body: dict[str, Any]) -> list[dict[str, str]]:
    return [row for part in body["interactive"]["action"]["sections"] for row in part["rows"]]


@pytest.mark.parametrize("kind", ["ListPicker", "QuickReply", "Panel"])
def test_up_to_three_short_options_are_buttons(kind: str) -> None:
    [body] = sent(picker(kind, title="How can we help?", elements=titled("Track", "Refund")))
    assert body["interactive"]["type"] == "button"
    assert body["interactive"]["body"] == {"text": "How can we help?"}
    replies = [button["reply"] for button in body["interactive"]["action"]["buttons"]]
    assert replies == [
        {"id": "option:1:Track", "title": "Track"},
        {"id": "option:2:Refund", "title": "Refund"},
    ]


@pytest.mark.parametrize(
    "titles",
    [("a", "b", "c", "d"), ("same", "same"), ("longer than twenty characters", "b")],
)
def test_what_does_not_fit_buttons_is_a_list(titles: tuple[str, ...]) -> None:
    [body] = sent(picker(title="Pick", elements=titled(*titles)))
    assert body["interactive"]["type"] == "list"
    assert len(rows(body)) == len(titles)
    assert len({row["id"] for row in rows(body)}) == len(titles)
    assert body["interactive"]["action"]["button"] == "Choose"


def test_a_subtitle_makes_it_a_list_with_descriptions() -> None:
    [body] = sent(picker(title="Pick", elements=[{"title": "Refund", "subtitle": "money back"}]))
    assert rows(body) == [{"id": "option:1:Refund", "title": "Refund", "description": "money back"}]


def test_a_title_cut_in_the_row_is_written_out_and_comes_back_whole() -> None:
    title = "Change the delivery address of an order that was not sent yet"
    [body] = sent(picker(title="Pick", elements=titled(title, "Other")))
    [row, _] = rows(body)
    assert row["title"] == "Change the delivery add…"
    assert row["description"] == title
    assert f"1. {title}" in body["interactive"]["body"]["text"]
    option = chosen(row["id"])
    assert option is not None
    assert (option.number, option.title) == (1, title)


def test_a_list_picker_with_fourteen_options_is_numbered_text() -> None:
    [body] = sent(picker(title="Pick", elements=titled(*(f"Shop {n}" for n in range(14)))))
    assert body["type"] == "text"
    assert "14. Shop 13" in body["text"]["body"]
    assert body["text"]["body"].endswith("Please answer with the number of your choice.")


def test_the_words_we_add_are_in_the_customers_language() -> None:
    [body] = sent(picker(title="¿Cuál?", elements=titled("a", "b", "c", "d")), Texts("es"))
    assert body["interactive"]["action"]["button"] == "Elegir"


def test_a_picture_goes_ahead_so_that_a_broken_link_costs_only_the_picture() -> None:
    image, body = sent(
        picker(title="P", imageData="https://x.example/p.png", elements=titled("a", "b"))
    )
    assert image == {"type": "image", "image": {"link": "https://x.example/p.png"}}
    assert body["type"] == "interactive"


@pytest.mark.parametrize(
    "link", ["http://x.example/p.png", "data:image/png;base64,AA", "file:///p"]
)
def test_a_picture_that_meta_cannot_fetch_is_left_out(link: str) -> None:
    [body] = sent(picker(title="P", imageData=link, elements=titled("a")))
    assert body["type"] == "interactive"


def test_the_reply_message_and_subtitle_are_said_too() -> None:
    template = picker(title="Pick", subtitle="one of these", elements=titled("a"))
    template["data"]["replyMessage"] = {"title": "Thanks", "subtitle": "for waiting"}
    [body] = sent(template)
    assert body["interactive"]["body"]["text"] == "Thanks\nfor waiting\nPick\none of these"


class TestTimePicker:
    def test_slots_are_readable_and_come_back_as_dates(self) -> None:
        slots = [{"date": "2026-11-26T14:00+00:00", "duration": 1800}]
        [body] = sent(
            picker("TimePicker", title="When?", timeslots=slots, location={"title": "Shop"})
        )
        assert rows(body) == [
            {
                "id": "slot:1:2026-11-26T14:00+00:00",
                "title": "Thu 26 Nov 14:00",
                "description": "30 min",
            }
        ]
        assert body["interactive"]["body"]["text"] == "When?\nShop"
        option = chosen("slot:1:2026-11-26T14:00+00:00")
        assert option is not None
        assert (option.value, option.title) == ("2026-11-26T14:00+00:00", "")

    @pytest.mark.parametrize(
        ("date", "offset", "title"),
        [
            ("2026-11-26T14:00+00:00", 60, "Thu 26 Nov 15:00"),
            ("2026-11-26T14:00-03:00", None, "Thu 26 Nov 14:00"),
            ("2026-11-26T14:00", None, "Thu 26 Nov 14:00"),
            ("2026-11-26T14:00Z", 10**9, "Fri 27 Nov 13:59"),
            ("soon", None, "soon"),
            ("0001-01-01T00:00+00:00", -600, "0001-01-01T00:00+00:00"),
        ],
    )
    def test_slots_are_in_the_pickers_time_zone(
        self, date: str, offset: int | None, title: str
    ) -> None:
        template = picker("TimePicker", title="When?", timeslots=[{"date": date}])
        if offset is not None:
            template["data"]["content"]["timeZoneOffset"] = offset
        [body] = sent(template)
        assert str(body).count(title) >= 1

    def test_forty_slots_are_numbered(self) -> None:
        slots = [{"date": f"2026-11-{day:02}T09:00+00:00"} for day in range(1, 31)]
        [body] = sent(picker("TimePicker", title="When?", timeslots=slots))
        assert "30. Mon 30 Nov 09:00" in body["text"]["body"]


class TestCarousel:
    def card(self, title: str, *options: str) -> dict[str, Any]:
        return picker("ListPicker", title=title, elements=titled(*options))

    def test_cards_are_sections_of_one_list(self) -> None:
        cards = [self.card("Lamps", "Oslo", "Rome"), self.card("Bulbs", "E14")]
        [body] = sent(picker("Carousel", title="Our things", elements=cards))
        sections = body["interactive"]["action"]["sections"]
        assert [(part["title"], len(part["rows"])) for part in sections] == [
            ("Lamps", 2),
            ("Bulbs", 1),
        ]

    def test_many_cards_are_numbered_under_their_names(self) -> None:
        cards = [self.card(f"Card {n}", "a", "b", "c") for n in range(5)]
        [body] = sent(picker("Carousel", title="Our things", elements=cards))
        assert "*Card 4*\n13. a" in body["text"]["body"]

    def test_a_card_without_options_is_still_told(self) -> None:
        [body] = sent(
            picker("Carousel", title="T", elements=[self.card("Only words"), self.card("B", "x")])
        )
        assert "Only words" in body["interactive"]["body"]["text"]


@pytest.mark.parametrize(
    "template", [{}, {"templateType": "ViewResource", "data": {"content": {}}}]
)
def test_what_cannot_be_shown_is_said_rather_than_left_out(template: dict[str, Any]) -> None:
    [body] = sent(template)
    assert body["text"]["body"] == ENGLISH.get("customer.cannot_show")


def test_a_template_of_tomorrow_shows_its_words() -> None:
    [body] = sent(picker("Hologram", title="Hello", subtitle="there"))
    assert body["text"]["body"] == "Hello\nthere"


def test_a_body_too_long_for_buttons_goes_ahead() -> None:
    ahead, body = sent(picker(title="word " * 300, elements=titled("a", "b")))
    assert ahead["type"] == "text"
    assert body["interactive"]["type"] == "button"


WORDS = st.text(alphabet="abc défg 👍", min_size=0, max_size=90)


@settings(max_examples=150, deadline=None)
@given(
    title=WORDS,
    elements=st.lists(
        st.fixed_dictionaries({"title": WORDS}, optional={"subtitle": WORDS}), max_size=15
    ),
    kind=st.sampled_from(["ListPicker", "QuickReply", "Panel", "Hologram"]),
)
def test_every_message_keeps_metas_limits_and_offers_everything(
    title: str, elements: list[dict[str, str]], kind: str
) -> None:
    made = sent(picker(kind, title=title, elements=elements))
    assert made
    everything = str(made)
    for body in made:
        assert_within_limits(body)
    for element in elements:
        assert " ".join(element["title"].split()) in everything


def assert_within_limits(body: dict[str, Any]) -> None:
    if body["type"] == "text":
        assert 0 < len(body["text"]["body"]) <= limits.TEXT
        return
    inside = body["interactive"]
    if inside["type"] == "button":
        buttons = [button["reply"] for button in inside["action"]["buttons"]]
        assert 0 < len(inside["body"]["text"]) <= limits.BUTTON_BODY
        assert 0 < len(buttons) <= limits.BUTTONS
        assert len({reply["id"] for reply in buttons}) == len(buttons)
        assert len({reply["title"] for reply in buttons}) == len(buttons)
        assert all(0 < len(reply["title"]) <= limits.BUTTON_TITLE for reply in buttons)
        assert all(len(reply["id"]) <= limits.BUTTON_ID for reply in buttons)
        return
    assert 0 < len(inside["body"]["text"]) <= limits.LIST_BODY
    assert 0 < len(rows(body)) <= limits.LIST_ROWS
    for row in rows(body):
        assert 0 < len(row["id"]) <= limits.ROW_ID
        assert 0 < len(row["title"]) <= limits.ROW_TITLE
        assert len(row.get("description", "")) <= limits.ROW_DESCRIPTION
