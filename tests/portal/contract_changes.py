"""Find what a new OpenAPI description breaks for clients of the old one.

`python -m tests.portal.contract_changes` writes the committed snapshot anew; only an addition should make that necessary.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Seen = frozenset[tuple[str, str]]

SNAPSHOT = Path(__file__).with_name("openapi.json")
REFRESH = ".venv/bin/python -m tests.portal.contract_changes"
ADDRESS = "https://keys.example.com"

_TEXT_FIELDS = {"summary", "description", "example", "examples", "x-codeSamples"}
_MINIMUMS = ("minimum", "minLength", "minItems")
_MAXIMUMS = ("maximum", "maxLength", "maxItems")


def find_breaking_changes(old: Json, new: Json) -> list[str]:
    """Return a sentence for each change in `new` that breaks clients of `old`."""
    found: list[str] = []
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            now = new["paths"].get(path, {}).get(method)
            name = operation["operationId"]
            if now is None:
                found.append(f"{name} is gone: whoever calls {method.upper()} {path} is refused.")
            else:
                found += _Operation(name, old, new).breaks(operation, now)
    for name in old["components"]["schemas"].keys() - new["components"]["schemas"].keys():
        found.append(f"The schema {name} is gone: generated clients lose their class.")
    return list(dict.fromkeys(found))


class _Operation:
    """One operation in both descriptions."""

    def __init__(self, name: str, old: Json, new: Json) -> None:
        self.name, self.old, self.new = name, old, new

    def breaks(self, old: Json, new: Json) -> Iterator[str]:
        name = self.name
        if new["operationId"] != name:
            yield f"{name} is now called {new['operationId']}: generated clients lose their method."
        for scope in _minus(new.get("x-required-scopes"), old.get("x-required-scopes")):
            yield f"{name} now needs the scope {scope}: keys without it are refused."
        schemes = [next(iter(one)) for one in new.get("security", [])]
        for one in old.get("security", []):
            if next(iter(one)) not in schemes:
                yield f"{name} no longer takes {next(iter(one))}: whoever sends the key that way is refused."
        yield from self._parameters(old.get("parameters", []), new.get("parameters", []))
        yield from self._bodies(old.get("requestBody"), new.get("requestBody"))
        yield from self._answers(old["responses"], new["responses"])

    def _parameters(self, old: list[Json], new: list[Json]) -> Iterator[str]:
        before, now = ({one["name"]: one for one in side} for side in (old, new))
        for label, one in before.items():
            if label not in now:
                yield f"{self.name} no longer takes the parameter {label}: whoever sends it is misunderstood."
            else:
                yield from self._taken(f"the parameter {label}", one["schema"], now[label]["schema"])
        for label, one in now.items():
            if one.get("required") and not before.get(label, {}).get("required"):
                yield f"{self.name} now requires the parameter {label}: whoever leaves it out is refused."

    def _bodies(self, old: Json | None, new: Json | None) -> Iterator[str]:
        if old and not new:
            yield f"{self.name} no longer takes a body: what clients send in it is ignored."
        elif new and not old and new.get("required"):
            yield f"{self.name} now requires a body: whoever sends none is refused."
        elif old and new:
            yield from self._taken("the body", _schema(old), _schema(new))

    def _answers(self, old: Json, new: Json) -> Iterator[str]:
        if "200" not in new:
            yield f"{self.name} no longer answers 200: whoever checks for it sees a failure."
            return
        yield from self._given("the answer", _schema(old["200"]), _schema(new["200"]))

    def _taken(self, where: str, old: Json, new: Json, seen: Seen = frozenset()) -> Iterator[str]:
        """What a client sends: nothing may be added that it must send, no value refused that was taken."""
        step = _step(old, new)
        if step in seen:
            return
        old, new, seen = _resolved(self.old, old), _resolved(self.new, new), seen | {step}
        name = self.name
        if old.get("type") != new.get("type"):
            yield f"{name}: {where} is now {new.get('type')}, was {old.get('type')}: whoever sends that is refused."
            return
        if "enum" in new:
            for value in old.get("enum", ["any other value"]):
                if value not in new["enum"]:
                    yield f"{name}: {where} no longer takes {value}: whoever sends it is refused."
        for limit in (*_MINIMUMS, *_MAXIMUMS):
            if _is_tighter(limit, old.get(limit), new.get(limit)):
                yield (
                    f"{name}: {where} now has {limit} {new[limit]}, had {old.get(limit, 'none')}: whoever sends what lies "
                    "between is refused."
                )
        if new.get("pattern") not in {None, old.get("pattern")}:
            yield f"{name}: {where} now must match {new['pattern']}: whoever sends anything else is refused."
        if old.get("nullable") and not new.get("nullable"):
            yield f"{name}: {where} may no longer be null: whoever sends null is refused."
        for label in _minus(new.get("required"), old.get("required")):
            yield f"{name}: {where} now requires {label}: whoever leaves it out is refused."
        needed = new.get("x-any-required")
        if needed and any(label not in needed for label in old.get("x-any-required", [None])):
            yield f"{name}: {where} now needs one of other fields: whoever sends none of them is refused."
        now = new.get("properties", {})
        for label, one in old.get("properties", {}).items():
            if label not in now:
                yield f"{name}: {where} no longer takes {label}: whoever sends it is misunderstood."
            else:
                yield from self._taken(f"{label} in {where}", one, now[label], seen)
        if "items" in old and "items" in new:
            yield from self._taken(f"an item of {where}", old["items"], new["items"], seen)

    def _given(self, where: str, old: Json, new: Json, seen: Seen = frozenset()) -> Iterator[str]:
        """What a client reads: nothing may be missing, null or of another type that was there before."""
        step = _step(old, new)
        if step in seen:
            return
        old, new, seen = _resolved(self.old, old), _resolved(self.new, new), seen | {step}
        name = self.name
        if old.get("type") != new.get("type"):
            yield f"{name}: {where} is now {new.get('type')}, was {old.get('type')}: whoever reads it stumbles."
            return
        if new.get("nullable") and not old.get("nullable"):
            yield f"{name}: {where} may now be null: whoever reads it stumbles."
        if old.get("format") != new.get("format"):
            yield f"{name}: {where} now has the format {new.get('format')}, had {old.get('format')}: whoever parses it stumbles."
        for label in _minus(old.get("required"), new.get("required")):
            yield f"{name}: {where} may now lack {label}: whoever relies on it stumbles."
        now = new.get("properties", {})
        for label, one in old.get("properties", {}).items():
            if label not in now:
                yield f"{name}: {where} no longer has {label}: whoever reads it finds nothing."
            else:
                yield from self._given(f"{label} in {where}", one, now[label], seen)
        if "items" in old and "items" in new:
            yield from self._given(f"an item of {where}", old["items"], new["items"], seen)


def _is_tighter(limit: str, old: Any, new: Any) -> bool:
    if new is None or old == new:
        return False
    if old is None:
        return not (limit in _MINIMUMS and new == 0)
    return bool(new > old if limit in _MINIMUMS else new < old)


def _minus(some: list[str] | None, others: list[str] | None) -> list[str]:
    return [one for one in some or [] if one not in (others or [])]


def _schema(message: Json) -> Json:
    content = message["content"]
    schema: Json = (content.get("application/json") or next(iter(content.values())))["schema"]
    return schema


def _step(old: Json, new: Json) -> tuple[str, str]:
    """Names the pair of places, where both are named: an object may hold itself."""
    return (str(old.get("$ref", id(old))), str(new.get("$ref", id(new))))


def _resolved(whole: Json, schema: Json) -> Json:
    """The schema itself, where it only refers to another, and `nullable` where null may come instead.

    `allOf` of one is a reference with a description. OpenAPI 3.0 says null by `nullable`, 3.1 by a second type.
    """
    if "$ref" in schema:
        found: Json = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return _resolved(whole, found)
    if isinstance(schema.get("type"), list):
        (kind,) = (kind for kind in schema["type"] if kind != "null")
        return schema | {"type": kind, "nullable": True}
    for word in ("allOf", "oneOf"):
        others = [one for one in schema.get(word, []) if one != {"type": "null"}]
        if len(others) == 1:
            rest = {name: part for name, part in schema.items() if name != word}
            null = {"nullable": True} if len(schema[word]) == 2 else {}
            return rest | _resolved(whole, others[0]) | null
    return schema


def without_texts(part: Any, *, names: bool = False) -> Any:
    """A description without its words and examples: what programs depend on. `names`: the keys are fields' names."""
    if isinstance(part, list):
        return [without_texts(item) for item in part]
    if isinstance(part, dict):
        return {
            key: without_texts(item, names=key == "properties" and not names)
            for key, item in part.items()
            if names or key not in _TEXT_FIELDS
        }
    return part


def current_schema() -> Json:
    """The description as it would be served at `ADDRESS`, in English."""
    from django.test import override_settings
    from django.utils import translation

    from portal.reference.openapi import as_json

    with override_settings(PUBLIC_URL=ADDRESS, API_STATUS="compatible"), translation.override("en"):
        description: Json = json.loads(as_json())
    return description


def snapshot() -> Json:
    description: Json = json.loads(SNAPSHOT.read_text())
    return description


def main() -> None:
    os.environ |= {"LOCAL_PUMBLE": "true", "DJANGO_SETTINGS_MODULE": "portal.settings"}
    import django

    django.setup()
    SNAPSHOT.write_text(json.dumps(without_texts(current_schema()), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
