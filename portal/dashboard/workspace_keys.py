"""The pages of workspace keys: the list, the form that creates one, and the form that replaces the responsible person."""

from typing import Any, cast

from django import forms
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from keys import lifecycle, permissions, scopes, selectors, texts
from keys.exceptions import KeysError, ResponsibleInvalid
from keys.models import ApiKey, ApiKeyQuerySet, Member
from portal.accounts.kept_forms import FormPage
from portal.dashboard import prefill
from portal.dashboard.base import MemberView
from portal.dashboard.key_changes import key_url
from portal.dashboard.key_creation import CreateKey
from portal.dashboard.key_list import KeyList
from portal.dashboard.rights_forms import RIGHTS_FIELDS, CreateForm
from portal.presentation.forms import BaseForm, preset_label
from pumble_bridge import channel_membership, installations

_MAX_WITHOUT_RESPONSIBLE = 50


def list_candidates(member: Member) -> QuerySet[Member]:
    """Return the people of the member's workspace who can be responsible for a key, by name."""
    people = Member.objects.people().filter(workspace=member.workspace_id, **permissions.CAN_BE_RESPONSIBLE)
    return people.order_by(Lower("name"), "pk")


class ResponsibleField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of the people who can be responsible. Names are not unique, so each has its e-mail."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Member.objects.none(),
            empty_label=gettext_lazy("Choose a person"),
            label=gettext_lazy("Responsible person"),
            help_text=gettext_lazy(
                "Looks after the key, and gets the messages about it. Can change, rotate and delete it. "
                "Only people who have signed in are in the list."
            ),
            error_messages={
                "required": gettext_lazy("Choose a person."),
                "invalid_choice": gettext_lazy("Choose one of the people in the list."),
            },
            **kwargs,
        )

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.email})" if obj.email else str(obj.name)


class WorkspaceKeyForm(CreateForm):
    """The form of a new workspace key: as that of a key, and who is responsible."""

    responsible = ResponsibleField(required=False)
    field_order = ("name", "purpose", "responsible", "preset", "sure", *RIGHTS_FIELDS, "manage")

    def __init__(self, *args: Any, candidates: QuerySet[Member], creator: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.acts_as, self.owner_name = _("the app's bot"), _("The workspace")
        self.fields["responsible"].queryset = candidates  # type: ignore[attr-defined]
        self.fields["responsible"].initial = creator.pk
        if "manage" in self.fields:
            self.fields["manage"].label = _("This key may manage the other keys of the workspace")
            self.fields["manage"].help_text = _(
                "For programs that create keys, such as a deployment. It manages workspace keys only, and never gives more "
                "permissions than its own."
            )
        self.fields["sure"].label = _("Yes, this key may do everything that the app's bot can do in Pumble")
        full_access = preset_label(
            scopes.FULL_ACCESS, _("can do everything that the app's bot can do in Pumble")
        )
        presets = cast("list[tuple[str, Any]]", self.fields["preset"].choices)  # type: ignore[attr-defined]
        self._set_choices(
            "preset",
            [(name, full_access if name == scopes.FULL_ACCESS else label) for name, label in presets],
        )
        chosen = [("chosen", _("Only the channels that you choose"))] if "channels" in self.fields else []
        self._set_choices("where", [("all", _("All public channels")), *chosen])

    def clean_responsible(self) -> Member:
        responsible: Member | None = self.cleaned_data["responsible"]
        if responsible is None:
            raise forms.ValidationError(_("Choose a person."))
        return responsible

    def add_domain_error(self, error: KeysError) -> None:
        if isinstance(error, ResponsibleInvalid):
            self.add_error("responsible", texts.error_message(error))
        else:
            super().add_domain_error(error)


class WorkspaceKeyList(KeyList):
    """The workspace keys that the member sees: all for owners and administrators, else those they are responsible for."""

    template = "workspace_keys.html"
    url_name = "workspace-keys"

    def handle_no_permission(self) -> HttpResponse:
        return MemberView.handle_no_permission(self)  # the welcome page is at "/"

    def list_keys(self) -> ApiKeyQuerySet:
        """
        Raises:
            Http404: the member manages no keys, and is responsible for none.
        """
        keys: ApiKeyQuerySet = selectors.list_keys(self.member).workspace_keys()
        if not self.member.is_workspace_admin and not keys.exists():
            raise Http404
        return keys

    def more_context(self) -> dict[str, Any]:
        # A key that is being replaced gets the person of its successor.
        without = self.list_keys().live(self.now).filter(responsible=None, retires_at=None)
        return super().more_context() | {
            "without_responsible": without[:_MAX_WITHOUT_RESPONSIBLE],
            "can_create": self.member.is_workspace_admin,
        }


class CreateWorkspaceKey(CreateKey):
    """The form that creates a workspace key. Owners and administrators open it. For others it does not exist."""

    form_page = FormPage(fields=(*prefill.LINK_FIELDS, "responsible"))
    form_class = WorkspaceKeyForm
    template = "create_workspace_key.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        member = request.user
        if isinstance(member, Member) and not member.is_staff:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def find_owner(self) -> Member:
        return installations.get_bot(self.member.workspace, now=self.now)

    def form_options(self) -> dict[str, Any]:
        return {"candidates": list_candidates(self.member), "creator": self.member}

    def prepare(self, form: CreateForm) -> dict[str, Any]:
        if form.rights is not None:
            channel_membership.require_access(self.member, form.rights.channels)
        return {"responsible": form.cleaned_data["responsible"]}


class ResponsibleForm(BaseForm):
    responsible = ResponsibleField()

    def __init__(self, *args: Any, candidates: QuerySet[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["responsible"].queryset = candidates  # type: ignore[attr-defined]


class ReplaceResponsible(MemberView):
    """The form that hands a workspace key over to another person."""

    form_page = FormPage(fields=("responsible",))

    def get(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self._get_workspace_key(key_id)
        if self.has_ended(key):
            return redirect(key_url(key))
        form = self._build_form(key)
        form.restore(self.kept_data)
        return self._render_form(key, form)

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self._get_workspace_key(key_id)
        form = self._build_form(key, self.form_data)
        if form.is_valid() and not self.pasted_keys:
            responsible = form.cleaned_data["responsible"]
            try:
                lifecycle.replace_responsible(key=key, responsible=responsible, by=self.actor, now=self.now)
            except KeysError as error:
                form.add_error("responsible", texts.error_message(error))
            else:
                return redirect(self._after(key, responsible))
        form.add_pasted_key_errors(self.pasted_keys)
        return self._render_form(key, form, status=400)

    def _get_workspace_key(self, key_id: str) -> ApiKey:
        """
        Raises:
            Http404: there is no such key, or it is no workspace key.
        """
        key = self.get_key(key_id)
        if not key.is_workspace_key:
            raise Http404
        return key

    def _after(self, key: ApiKey, responsible: Member) -> str:
        """Return the page of the key, or the list of keys for a member who no longer sees the key."""
        if self.member.is_workspace_admin or responsible == self.member:
            return key_url(key, "handed-over")
        return "/?done=handed-over-to-another"

    def _build_form(self, key: ApiKey, *args: Any) -> ResponsibleForm:
        candidates = list_candidates(self.member).exclude(
            Q(pk=key.responsible_id) if key.responsible_id else Q(pk=0)
        )
        return ResponsibleForm(*args, candidates=candidates)

    def _render_form(self, key: ApiKey, form: ResponsibleForm, *, status: int = 200) -> HttpResponse:
        return self.render("replace_responsible.html", {"key": key, "form": form}, status=status)
