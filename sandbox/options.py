"""What a person can choose in an element. Source: Pumble app platform reference, 4.4."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sandbox import blocks
from sandbox.errors import ActRefused

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
