"""Reactions, edits, deletions, notices of WhatsApp and what it cannot pass on. Pure."""

from chalicelib.whatsapp import content as said
from chalicelib.whatsapp.messages import InboundMessage
from chalicelib.whatsapp.safe_text import safe_line
from chalicelib.whatsapp.view import (
    MAX_NAME,
    RENDERERS,
    TOO_LARGE,
    UNAVAILABLE,
    Shown,
    View,
    attributes_of,
    render_unknown,
    renderer,
    stacked,
)


@renderer("reaction")
def render_reaction(content: said.Reaction, view: View) -> Shown:
    emoji = safe_line(content.emoji, 20)
    told = attributes_of({"reaction": emoji or "removed", "reactionTo": content.target})
    if not emoji:
        return view.about_or("shown.reaction_removed", "shown.reaction_removed_from"), told
    return view.about_or("shown.reaction", "shown.reaction_to", emoji=emoji), told


@renderer("edit")
def render_edit(content: said.Edit, view: View) -> Shown:
    shown, attributes = RENDERERS.get(content.kind, render_unknown)(content.content, view)
    head = view.about_or("shown.edit", "shown.edit_of")
    return stacked(head, shown), {**attributes, **attributes_of({"editOf": content.original})}


@renderer("revoke")
def render_revoke(content: said.Revoke, view: View) -> Shown:
    shown = view.about_or("shown.revoke", "shown.revoke_of")
    return shown, attributes_of({"revokes": content.original})


@renderer("system")
def render_system(content: said.System, view: View) -> Shown:
    """What changed, and WhatsApp's own sentence about it, which has the numbers."""
    known = f"shown.system_{content.type}"
    body, kind = safe_line(content.body, MAX_NAME * 2), safe_line(content.type, 60)
    head = view.texts.get(known) if content.type and view.texts.has(known) else ""
    if not head and not body:
        head = view.texts.get("shown.system_other", type=kind or "?")
    told = view.texts.get("shown.system", body=body) if body else ""
    return stacked(head, told), attributes_of({"systemType": content.type})


@renderer("request_welcome")
def render_request_welcome(_: said.RequestWelcome, view: View) -> Shown:
    return view.texts.get("shown.request_welcome"), {}


@renderer("unsupported")
def render_unsupported(content: said.Unsupported, view: View) -> Shown:
    """What was sent where WhatsApp says so; 131060 is a real message lost on the way to us."""
    kind = safe_line(content.type, 60)
    told = attributes_of({"unsupportedType": content.type})
    if view.has_error(UNAVAILABLE):
        return view.texts.get("shown.unavailable"), told
    if view.has_error(TOO_LARGE):
        return view.texts.get("shown.too_large"), told
    if kind == "edit":
        return view.texts.get("shown.unsupported_edit"), told
    key = "shown.unsupported_type" if kind else "shown.unsupported"
    return view.texts.get(key, type=kind.replace("_", " ")), told


@renderer("errors")
def render_errors(_: said.Errors, view: View) -> Shown:
    told = [
        view.texts.get("shown.errors", reason=view.reason(each)) for each in view.message.errors
    ]
    return stacked(*told) or view.texts.get("shown.unsupported"), {}


def asks_to_resend(message: InboundMessage) -> bool:
    """Whether the customer should be asked, once, to send it again: WhatsApp lost it (131060)."""
    return any(error.code == UNAVAILABLE for error in message.errors)
