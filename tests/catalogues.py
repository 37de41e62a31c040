"""The Spanish catalogue: `python -m tests.catalogues` brings it up to date, `--check` says whether it is.

Extraction and compilation are Babel's and Django's own, so that no system tool is needed.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = PROJECT / "portal/locale/es/LC_MESSAGES"
PO, MO = FOLDER / "django.po", FOLDER / "django.mo"
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "_": None,
    "ngettext": (1, 2),
}


def extract() -> Catalog:
    """Every text that a person reads, from the three rooms' code and the templates."""
    catalog = Catalog(charset="utf-8")
    for path, source in _sources():
        for line, _function, found, _comments in extract_python(io.BytesIO(source), KEYWORDS, [], {}):
            if found:
                catalog.add(_identity(found), None, [(path, line)])
    return catalog


def _identity(found: object) -> str | tuple[str, ...]:
    """A text, or singular and plural; Babel gives the latter with the count's place left empty."""
    if isinstance(found, str):
        return found
    texts = tuple(text for text in found if isinstance(text, str)) if isinstance(found, list | tuple) else ()
    return texts[0] if len(texts) == 1 else texts


def _sources() -> Iterator[tuple[str, bytes]]:
    for room in ("keys", "pumble_bridge", "portal"):
        for path in sorted((PROJECT / room).rglob("*.py")):
            if "sandbox" not in path.parts and "migrations" not in path.parts:
                yield str(path.relative_to(PROJECT)), path.read_bytes()
    for path in sorted(path for path in (PROJECT / "templates").rglob("*") if path.is_file()):
        lines = templatize(path.read_text()).splitlines()
        # Indentation means something in Python, and nothing in a template.
        yield str(path.relative_to(PROJECT)), "\n".join(line.strip() for line in lines).encode()


def read() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="es", charset="utf-8")


def compiled(catalog: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def problems() -> Iterator[str]:
    """What is wrong with the catalogue, a sentence each."""
    spanish, needed = read(), extract()
    for message in needed:
        if not message.id:
            continue
        translated = spanish.get(message.id, context=message.context)
        if translated is None:
            yield f"not in the catalogue: {message.id!r}"
        elif translated.fuzzy or not all(_forms(translated)):
            yield f"not translated: {message.id!r}"
    for message in spanish:
        if message.id and needed.get(message.id, context=message.context) is None:
            yield f"no longer used: {message.id!r}"
        for error in message.check(spanish):
            yield f"{message.id!r}: {error}"
    if not MO.exists() or MO.read_bytes() != compiled(spanish):
        yield f"{MO.relative_to(PROJECT)} is not what {PO.name} compiles to"


def _forms(message: Message) -> list[object]:
    """The translation, or each plural form of it."""
    return list(message.string) if isinstance(message.string, list | tuple) else [message.string]


def update() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    spanish = read() if PO.exists() else Catalog(locale="es", charset="utf-8")
    spanish.update(extract(), no_fuzzy_matching=True)
    spanish.obsolete.clear()
    spanish.header_comment, spanish.fuzzy = (
        "# The portal in Spanish. Tú, and one word for one thing.",
        False,
    )
    with PO.open("wb") as file:
        write_po(file, spanish, width=110, include_lineno=False, sort_output=True)
    MO.write_bytes(compiled(read()))


def main() -> int:
    if "--check" in sys.argv:
        found = list(problems())
        print("\n".join(found) or "The Spanish catalogue is complete.")
        return 1 if found else 0
    update()
    return 0


if __name__ == "__main__":
    sys.exit(main())
