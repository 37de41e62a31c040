"""What users without keys see: what the app does and how to start."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from pumble_bridge.app_scopes import SIGN_IN_PATH
from pumble_bridge.chat.blocks import Element, link, paragraph, rich_text


def app_description() -> str:
    return _(
        "An API key lets a program act in Pumble as you: post messages, read channels, reply in threads."
    )


def authorize_url() -> str:
    return settings.PUBLIC_URL + SIGN_IN_PATH


def default_home_blocks() -> list[Element]:
    """Return the default Home tab in every language. Pumble allows only rich text there."""
    parts = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            parts += [paragraph(app_description()), paragraph(link(authorize_url(), _("Authorize the app")))]
    return [rich_text(*parts)]
