"""An app's own calls: publish a Home tab, complete an interaction, end an authorization, uninstall."""

from sandbox import home_tab, installations, rate_limits
from sandbox.exceptions import Forbidden, NotFound, ValidationError
from sandbox.models import HUMAN, Authorization, Installation, Person
from sandbox.rate_limits import WINDOWS
from sandbox.rest import fields
from sandbox.rest.endpoint import ApiCall
from sandbox.spinners import SPINNERS


def publish_home(call: ApiCall, person_id: str) -> None:
    """Publish a person's Home tab. A bot may publish for anybody, a person only for themselves."""
    body = call.body()
    blocks = fields.blocks(body.get("blocks"))
    if blocks is None:
        raise ValidationError("[must not be null]")
    person = Person.objects.filter(HUMAN, pk=person_id, workspace_id=call.person.workspace_id).first()
    if person is None:
        raise NotFound
    if not call.person.is_bot and call.person.id != person.id:
        raise Forbidden
    WINDOWS.hit(rate_limits.HOME_VIEW, call.app.id, person.id)
    view: dict[str, object] = {"blocks": blocks}
    for name in ("title", "state"):
        value = body.get(name)
        if value is not None and not isinstance(value, dict):
            raise ValidationError(f"[{name} must be an object]")
        if value is not None:
            view[name] = value
    home_tab.publish(call.app, person, view)


def remove_authorization(call: ApiCall) -> None:
    authorization = Authorization.objects.filter(app=call.app, person=call.person, active=True).first()
    if authorization is None:
        raise Forbidden("Only a person has an authorization")
    installations.unauthorize(authorization)


def uninstall(call: ApiCall) -> None:
    if not (call.person.is_bot or call.person.may_install):
        raise Forbidden
    installation = Installation.objects.filter(
        app=call.app, workspace_id=call.person.workspace_id, active=True
    ).first()
    if installation is None:
        raise NotFound
    installations.uninstall(installation)


SOURCES = ("VIEW", "MESSAGE", "EPHEMERAL_MESSAGE")
MAX_ID_LENGTH = 100


def complete_interaction(call: ApiCall) -> None:
    """End the spinner of an element. Without a spinner, or after its timeout, this does nothing.

    Source: Pumble app platform reference, 3.6 and 5.2 (completeProcessing); it needs no scope.
    """
    body = call.body()
    source_type = fields.choice(body.get("sourceType"), SOURCES)
    source_id = fields.text(body, "sourceId", maximum=MAX_ID_LENGTH)
    SPINNERS.complete(
        call.app.id, source_type, source_id, fields.text(body, "triggerId", maximum=MAX_ID_LENGTH)
    )
