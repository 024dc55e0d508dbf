"""What customers tap, fill in and order, as the agent reads it. Pure."""

import json
import re
from decimal import Decimal
from typing import Any

from chalicelib.conversation import REPLY_SOURCE
from chalicelib.texts import Texts
from chalicelib.whatsapp import content as said
from chalicelib.whatsapp import fields
from chalicelib.whatsapp.option_ids import chosen
from chalicelib.whatsapp.safe_text import safe_body, safe_line
from chalicelib.whatsapp.view import (
    MAX_NAME,
    Renderer,
    Shown,
    View,
    attributes_of,
    render_unknown,
    renderer,
    stacked,
)

MAX_ANSWERS = 20
MAX_ANSWER = 200
MAX_ANSWERS_JSON = 4000
"""Characters, chosen so that even four-byte ones fit: a contact's attributes share 32 KB."""
MAX_TOTAL = Decimal(10) ** 15
"""More than this is no order but nonsense, and its digits would fill the screen."""


@renderer("interactive", "button")
def render_interactive(content: said.Content, view: View) -> Shown:
    """A reply to buttons, a list, a template button, a form or a call request."""
    for kind, render in _REPLIES.items():
        if isinstance(content, kind):
            return render(content, view)
    return render_unknown(content, view)


def _choice(content: said.Choice, _: View) -> Shown:
    """The title alone, as if typed: flows and bots compare it. The id travels beside it."""
    option = chosen(content.id)
    title = option.title if option and option.title else content.title
    attributes = {
        "replyId": content.id,
        "replyTitle": title,
        "replyValue": option.value if option else content.id,
        "replyDescription": content.description,
        REPLY_SOURCE: content.source,
    }
    return safe_body(title), attributes_of(attributes)


def _form(content: said.FormAnswers, view: View) -> Shown:
    """All answers, each on its line, and the scalar ones as attributes answer_<name>."""
    name = safe_line(content.name, MAX_NAME) if content.name not in ("", "flow") else ""
    head = view.texts.get("shown.form_named" if name else "shown.form", name=name)
    answers = {key: _plain(value) for key, value in content.answers.items() if key != "flow_token"}
    rows = [
        f"{safe_line(fields.scalar(key), MAX_NAME)}: {safe_body(value)}"
        for key, value in answers.items()
    ]
    written = json.dumps(content.answers, ensure_ascii=True)
    attributes = {
        f"answer_{_name(key)}": value[:MAX_ANSWER]
        for key, value in list(answers.items())[:MAX_ANSWERS]
    }
    shown = stacked(head, *rows, safe_body(content.unreadable))
    kept = {"answers": written} if len(written) <= MAX_ANSWERS_JSON else {}
    return shown, {**attributes_of(attributes), **kept}


def _plain(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return fields.scalar(", ".join(value))
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return fields.scalar(written)


def _name(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", key)[:60]


def _call_permission(content: said.CallPermission, view: View) -> Shown:
    attributes = {"callPermission": content.response}
    if content.response != "accept":
        return view.texts.get("shown.call_reject"), attributes_of(attributes)
    if content.expires is None:
        return view.texts.get("shown.call_accept"), attributes_of(attributes)
    until = content.expires.strftime("%Y-%m-%d %H:%M UTC")
    return view.texts.get("shown.call_accept_until", until=until), attributes_of(attributes)


_REPLIES: dict[type, Renderer] = {
    said.Choice: _choice,
    said.FormAnswers: _form,
    said.CallPermission: _call_permission,
}


@renderer("order")
def render_order(content: said.Order, view: View) -> Shown:
    rows = [_order_item(item, view.texts) for item in content.items]
    shown = stacked(
        view.texts.get("shown.order"), *rows, _total(content, view.texts), safe_body(content.text)
    )
    items = [f"{item.quantity} x {item.product_id}" for item in content.items]
    return shown, attributes_of({"catalogId": content.catalog_id, "orderItems": "; ".join(items)})


def _order_item(item: said.OrderItem, texts: Texts) -> str:
    values = {
        "quantity": safe_line(item.quantity, 20) or "1",
        "product": safe_line(item.product_id, MAX_NAME) or "?",
        "price": safe_line(item.price, 30),
        "currency": safe_line(item.currency, 10),
    }
    key = "shown.order_item_price" if item.price else "shown.order_item"
    return texts.get(key, **values).rstrip()


def _total(order: said.Order, texts: Texts) -> str:
    """The sum, only when every price is a number and all are in one currency."""
    currencies = {item.currency for item in order.items}
    try:
        prices = [Decimal(item.price) * Decimal(item.quantity) for item in order.items]
        total = sum(prices, start=Decimal())
    except ArithmeticError:
        return ""
    if len(currencies) != 1 or not (total.is_finite() and abs(total) < MAX_TOTAL):
        return ""
    currency = safe_line(currencies.pop(), 10)
    return texts.get("shown.order_total", total=f"{total:f}", currency=currency).rstrip()
