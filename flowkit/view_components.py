"""The components a view is built of, with their properties. Plain data.

From the UI component reference (its interactive pages) and from AWS's own view After Contact Work,
November 2026. Connect seals most of them: a property it does not know is refused.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """`lists` and `flags`: properties that hold a list, true or false; the others hold texts."""

    props: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


def _component(
    props: str = "", *, required: str = "", lists: str = "", flags: str = ""
) -> Component:
    needed, many, switches = (frozenset(one.split()) for one in (required, lists, flags))
    every = frozenset(props.split()) | needed | many | switches
    return Component(props=every, required=needed, lists=many, flags=switches)


def _field(props: str = "", *, lists: str = "", flags: str = "") -> Component:
    """A field of a form: what it is called is the key the flow reads."""
    common = "Label DefaultValue HelperText"
    switches = f"Required Disabled {flags}"
    return _component(f"{common} {props}", required="Name", lists=lists, flags=switches)


_BUTTON = "Action Variant IconName IconAlign Href"
_SWITCHES = "Disabled Loading"

COMPONENTS: dict[str, Component] = {
    "Container": _component("header footer", flags="HideBorder"),
    "Section": _component("Heading"),
    "Header": _component("variant description"),
    "TextBox": _component("Variant FontSize FontWeight TextAlign"),
    "Alert": _component("type level heading", flags="dismissible"),
    "AttributeBar": _component(
        required="Attributes", lists="Attributes", flags="Copyable AutoOpen"
    ),
    "AttributeSection": _component(
        "Heading Columns NoItemMessage", required="Items", lists="Items"
    ),
    "Link": _component("Url ResourceId", required="Type", flags="AutoOpen"),
    "Image": _component("Alt", required="Src"),
    "Icon": _component("Variant", required="Name"),
    "Loader": _component(),
    "Button": _component(_BUTTON, flags=_SWITCHES),
    "SubmitButton": _component(_BUTTON, required="Label", flags=_SWITCHES),
    "ButtonGroup": _component(
        "ButtonsOrientation SpaceBetweenButtons", required="Items", lists="Items"
    ),
    "Card": _component("Heading Description Action Icon Status", required="Id"),
    "Table": _component(
        "TableAction ColumnWidth Header ItemsPerPage Name Description",
        required="Items Columns",
        lists="Items Columns Actions",
        flags="Filterable",
    ),
    "Form": _component(flags="HideBorder"),
    "FormInput": _field("InputType"),
    "TextArea": _field(),
    "Dropdown": _field(lists="Options", flags="MultiSelect Clearable"),
    "RadioGroup": _field(lists="Options"),
    "CheckboxGroup": _field(lists="Options"),
    "DatePicker": _field(),
    "TimePicker": _field(),
    "Toggle": _field(),
    "Application": _component("AppIdentifier Path"),
}
