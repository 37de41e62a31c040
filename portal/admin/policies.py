"""The pages of a workspace's policy: the form, and the keys that violate it."""

import re
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from keys import policies, policy_compliance, texts
from keys.exceptions import KeysError
from keys.models import Member, Workspace
from portal.accounts.kept_forms import FormPage, form_page, get_kept_form
from portal.admin import noncompliant_keys, view_audit
from portal.admin.base import ViewerAdmin
from portal.admin.policy_form import PolicyForm, initial_values
from portal.admin.viewer import get_actor, get_viewer
from portal.presentation.pasted_keys import extract_pasted_keys

MAX_BATCH_SIZE = 100


class PolicyAdmin(ViewerAdmin):
    """The policy pages. A row of this list is a workspace, because a workspace without a policy has a page too."""

    singular, plural = gettext_lazy("Policy"), gettext_lazy("Policy")
    order = 30

    def extra_urls(self) -> list[URLPattern]:
        return [self.named_path("<str:object_id>/keys/", self.keys_view, "keys")]

    def get_row(self, request: HttpRequest, object_id: str) -> Workspace:
        """Return the workspace with this primary key. Record the view of an operator.

        Raises:
            Http404: there is no such workspace, or the viewer may not see it. The answer is the same for both.
        """
        self.require_view(request)
        try:
            workspace = Workspace.objects.for_viewer(get_viewer(request)).filter(pk=object_id).first()
        except (ValueError, OverflowError):
            workspace = None
        if workspace is None:
            raise Http404
        view_audit.record_view(request, [workspace], str(self.opts.model_name))
        return workspace

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect owners to their policy. Show operators the list of workspaces."""
        self.require_view(request)
        viewer = get_viewer(request)
        if viewer.workspace_id is not None:
            return redirect("admin:keys_policy_change", viewer.workspace_id)
        workspaces = Workspace.objects.for_viewer(viewer).select_related("policy").order_by("name", "pk")
        return self.render_page(
            request, "admin/policy_list.html", {"title": self.plural, "workspaces": workspaces}
        )

    @form_page(FormPage(fields=(*PolicyForm.base_fields, "revision")))
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save the policy. After saving, redirect to the keys that violate it, if there are any."""
        workspace, now = self.get_row(request, object_id), timezone.now()
        members = _list_choosable_members(workspace)
        if request.method != "POST":
            terms = policies.get_policy(workspace)
            form, kept_data = (
                PolicyForm(initial=initial_values(terms), members=members),
                get_kept_form(request),
            )
            form.restore(kept_data)
            revision = terms.revision if kept_data is None else _read_revision(kept_data.get("revision"))
            violations = sum(1 for _item in policy_compliance.find_noncompliant_keys(workspace, now))
            return self._form(request, workspace, form, revision, violations=violations)
        by = get_actor(request)
        data, pasted = extract_pasted_keys(request.POST, by=by, now=now)
        form, revision = (
            PolicyForm(data, members=members, pasted=pasted),
            _read_revision(data.get("revision")),
        )
        if not form.is_valid():
            return self._form(request, workspace, form, revision, status=400)
        try:
            policies.change_policy(workspace=workspace, values=form.terms, by=by, now=now, revision=revision)
        except KeysError as error:
            form.add_error(None, texts.error_message(error))
            return self._form(request, workspace, form, revision, status=409)
        messages.success(request, _("The policy is saved."))
        violations = any(True for _item in policy_compliance.find_noncompliant_keys(workspace, now))
        return redirect(f"admin:keys_policy_{'keys' if violations else 'change'}", workspace.pk)

    @form_page(FormPage(fields=("key",)))
    def keys_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET: the keys that violate the policy. POST: ask for a confirmation, then apply the policy to the ticked keys."""
        workspace, now = self.get_row(request, object_id), timezone.now()
        noncompliant = list(policy_compliance.find_noncompliant_keys(workspace, now))
        if request.method != "POST":
            kept_data = get_kept_form(request)
            context: dict[str, Any] = {
                "title": _violations_title(len(noncompliant)),
                "ticked": None if kept_data is None else kept_data.getlist("key"),
                "keys": noncompliant_keys.build_rows(noncompliant[:MAX_BATCH_SIZE], now),
                "number": len(noncompliant),
                "revision": policies.get_policy(workspace).revision,
            }
            return self._page(request, "admin/noncompliant_keys.html", workspace, context)
        ticked, revision = (
            request.POST.getlist("key")[:MAX_BATCH_SIZE],
            _read_revision(request.POST.get("revision")),
        )
        selected = [item for item in noncompliant if item.key.key_id in ticked]
        data, pasted = extract_pasted_keys(request.POST, by=get_actor(request), now=now)
        form = noncompliant_keys.ReasonForm(data if "sure" in data else None)
        form.add_pasted_key_errors(pasted) if form.is_bound else None
        if form.is_bound and form.is_valid():
            keys = [item.key for item in selected]
            note = form.cleaned_data["reason"]
            noncompliant_keys.enforce_policy(
                request, keys, revision=revision, by=get_actor(request), now=now, note=note
            )
        elif selected:
            title = ngettext(
                "Apply the policy to %(n)s key?", "Apply the policy to %(n)s keys?", len(selected)
            )
            context = {
                "title": title % {"n": len(selected)},
                "keys": noncompliant_keys.build_rows(selected, now),
                "revision": revision,
                "form": form,
            }
            status = 400 if form.is_bound else 200
            return self._page(request, "admin/policy_enforcement.html", workspace, context, status=status)
        else:
            messages.warning(request, _("Select the keys to which you want to apply the policy."))
        return redirect("admin:keys_policy_keys", workspace.pk)

    def _form(
        self,
        request: HttpRequest,
        workspace: Workspace,
        form: PolicyForm,
        revision: int,
        *,
        violations: int = 0,
        status: int = 200,
    ) -> HttpResponse:
        title = _("Policy of %(name)s") % {"name": workspace.name}
        context = {
            "title": title,
            "row_title": _("Error") if form.errors else "",
            "form": form,
            "revision": revision,
            "violations": violations,
        }
        return self._page(request, "admin/policy.html", workspace, context, status=status)

    def _page(
        self,
        request: HttpRequest,
        template: str,
        workspace: Workspace,
        context: dict[str, Any],
        *,
        status: int = 200,
    ) -> HttpResponse:
        is_own = get_viewer(request).workspace_id == workspace.pk
        shared = {"workspace": workspace, "is_own": is_own}
        return self.render_page(request, template, shared | context, row=workspace, status=status)


def _violations_title(number: int) -> str:
    if not number:
        return _("All keys comply with the policy")
    words = ngettext(
        "%(n)s key does not comply with the policy", "%(n)s keys do not comply with the policy", number
    )
    return words % {"n": number}


def _list_choosable_members(workspace: Workspace) -> QuerySet[Member]:
    """Return the members whom the policy may choose, and those it has chosen. Owners and administrators may always create keys."""
    eligible = Q(is_active=True) & ~Q(role__in=(Member.Role.OWNER, Member.Role.ADMINISTRATOR))
    chosen = Q(pk__in=policies.get_policy(workspace).allowed_creators.values("pk"))
    return Member.objects.people().filter(eligible | chosen, workspace=workspace).order_by("name", "pk")


def _read_revision(text: str | None) -> int:
    """Return the revision that the form names, or -1, which no policy has."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else -1
