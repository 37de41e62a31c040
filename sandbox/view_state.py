"""What a person can choose in an element. Source: Pumble app platform reference, 4.4."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox import blocks
from sandbox.exceptions import ActRefused

CHOSEN_FROM_LIST = {"static_select_menu", "checkboxes"}
DATES = {"date_picker", "date_range_picker"}


def checked(element: dict[str, Any], value: object) -> Any:
    """A value that the element can give: a list of texts for checkboxes and date ranges, else a text; None stays None.

    Raises:
        ActRefused: nobody could have chosen this.
    """
    if value is None:
        return None
    kind = str(element.get("type"))
    if kind in blocks.LIST_VALUED:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ActRefused("value must be a list of strings here")
        chosen: list[str] = value
    elif isinstance(value, str):
        chosen = [value] if value else []
    else:
        raise ActRefused("value must be a string here")
    if kind in CHOSEN_FROM_LIST:
        offered = list(_offered(element))
        if any(one not in offered for one in chosen):
            raise ActRefused("there is no such option")
    if kind in DATES:
        _check_dates(kind, chosen)
    return value


def initial(element: dict[str, Any]) -> Any:
    """What the element holds before anybody touches it; nothing is None or an empty list."""
    if element.get("type") == "checkboxes":
        return [_object(one).get("value") for one in _list(element.get("initial_options"))]
    if element.get("type") == "date_range_picker":
        span = _object(element.get("initial_date_range"))
        return [span.get("start"), span.get("end")] if span else []
    option = _object(element.get("initial_option"))
    return option.get("value") or element.get("initial_value") or element.get("initial_date")


def _offered(element: dict[str, Any]) -> Iterator[object]:
    groups = [element, *(_object(group) for group in _list(element.get("option_groups")))]
    for group in groups:
        for option in _list(group.get("options")):
            yield _object(option).get("value")


def _check_dates(kind: str, chosen: list[str]) -> None:
    if not all(_is_day(one) for one in chosen):
        raise ActRefused("a date is written yyyy-MM-dd")
    if kind == "date_range_picker" and chosen and (len(chosen) != 2 or chosen[0] > chosen[1]):
        raise ActRefused("a range is two dates, the earlier one first")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def fill(view: dict[str, Any], values: object) -> None:
    """Put what was typed, and the initial values of what was not, into `state.values`; other keys there stay.

    Raises:
        ActRefused: what Pumble's page would not submit: a required input left empty, a length out of bounds.
    """
    entered = _typed(values)
    kept = dict(_object(_object(view.get("state")).get("values")))
    for block in blocks.input_blocks(view.get("blocks")):
        block_id, element = str(block.get("blockId", "")), block["element"]
        on_action = str(element.get("onAction", ""))
        typed = entered.get(block_id, {}).get(on_action)
        value = checked(element, typed) if typed is not None else _before(kept, block_id, on_action, element)
        label = blocks.plain_text(block.get("label")) or block_id
        if value in (None, "", []):
            if block.get("optional") is not True:
                raise ActRefused(f"{label}: is required")
            if typed is None:
                continue
        _check_length(label, element, value)
        kept[block_id] = _held(kept, block_id, element, value)
    view["state"] = {"values": kept}


def merge(view: dict[str, Any], values: object) -> None:
    """Put what was typed so far into `state.values`, as Pumble sends it with a click; nothing is required yet."""
    typed = _typed(values)
    kept = dict(_object(_object(view.get("state")).get("values")))
    for block in blocks.input_blocks(view.get("blocks")):
        block_id, element = str(block.get("blockId", "")), block["element"]
        on_action = str(element.get("onAction", ""))
        value = checked(element, typed.get(block_id, {}).get(on_action))
        if value is not None:
            kept[block_id] = _held(kept, block_id, element, value)
    view["state"] = {"values": kept}


def current(view: dict[str, Any] | None, block_id: str, element: dict[str, Any]) -> Any:
    """What the element holds now: its value in the view's state, else its initial one."""
    kept = _object(_object(_object(view).get("state")).get("values"))
    return _before(kept, block_id, str(element.get("onAction", "")), element)


def _before(kept: dict[str, Any], block_id: str, on_action: str, element: dict[str, Any]) -> Any:
    """The value that stood there: from the state, else the element's initial one."""
    held = _object(_object(kept.get(block_id)).get(on_action))
    if held:
        return held.get("values", held.get("value"))
    return initial(element)


def _typed(values: object) -> dict[str, dict[str, Any]]:
    if not isinstance(values, dict) or not all(isinstance(one, dict) for one in values.values()):
        raise ActRefused("values must be {blockId: {onAction: value}}")
    return values


def _held(kept: dict[str, Any], block_id: str, element: dict[str, Any], value: object) -> dict[str, Any]:
    """A block's part of the state with this value in it."""
    key = "values" if isinstance(value, list) else "value"
    held = {"type": element.get("type"), key: value}
    return {**_object(kept.get(block_id)), str(element.get("onAction", "")): held}


def _check_length(label: str, element: dict[str, Any], value: object) -> None:
    if element.get("type") != "plain_text_input" or not isinstance(value, str):
        return
    least, most = element.get("min_length"), element.get("max_length")
    if isinstance(least, int) and len(value) < least:
        raise ActRefused(f"{label}: at least {least} characters")
    if isinstance(most, int) and len(value) > most:
        raise ActRefused(f"{label}: at most {most} characters")
