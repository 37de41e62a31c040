"""The guides as a site: `make docs`. A page loads nothing from elsewhere when it is read."""

import re
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

project = "API keys for Pumble"
extensions = ["myst_parser"]
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 3
nitpicky = True
html_theme = "furo"
html_title = project
html_static_path = ["_static"]
html_css_files = ["guides.css"]
html_copy_source = False
html_show_copyright = False

_LOADED = re.compile(
    r"""(?:\bsrc(?:set)?=|<link\b[^>]*\bhref=|url\(|@import\s+)["']?((?:https?:)?//[^"'\s)>]+)"""
)


def setup(app: Sphinx) -> None:
    app.add_lexer("chat", TextLexer)  # the language of blocks that show a channel
    app.connect("build-finished", refuse_foreign_assets)


def refuse_foreign_assets(app: Sphinx, exception: Exception | None) -> None:
    """
    Raises:
        ExtensionError: a page, style or script of the site loads something from another host.
    """
    files = [path for path in Path(app.outdir).rglob("*") if path.suffix in {".html", ".css"}]
    found = {f"{path.name}: {address}" for path in files for address in _LOADED.findall(path.read_text())}
    if found and exception is None:
        raise ExtensionError(f"The site loads what is not its own: {', '.join(sorted(found))}")
