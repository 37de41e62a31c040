"""A workspace's policy: what it asks of keys, and the keys that break it, to be brought in line by whoever says so."""

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

from keys import policies, texts
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
    """One page of terms for each workspace, whether it ever set any or not; a row of this list is a workspace."""

    singular, plural = gettext_lazy("Policy"), gettext_lazy("Policy")
    order = 30

    def extra_urls(self) -> list[URLPattern]:
        return [self.named_path("<str:object_id>/keys/", self.keys_view, "keys")]

    def get_row(self, request: HttpRequest, object_id: str) -> Workspace:
        """The workspace with that primary key, which an operator is known to have looked at from now on.

        Raises:
            Http404: there is none, or it is not the viewer's to see: nobody can tell which.
        """
        self.require_view(request)
        try:
            found = Workspace.objects.for_viewer(get_viewer(request)).filter(pk=object_id).first()
        except (ValueError, OverflowError):
            found = None
        if found is None:
            raise Http404
        view_audit.record_view(request, [found], str(self.opts.model_name))
        return found

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An owner's own policy; for operators, whose it may be."""
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
        """The policy as a form. Saved, it leads to the keys that break it, if there are any."""
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
            breaks = sum(1 for _item in policies.find_noncompliant_keys(workspace, now))
            return self._form(request, workspace, form, revision, breaks=breaks)
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
        breaks = any(True for _item in policies.find_noncompliant_keys(workspace, now))
        return redirect(f"admin:keys_policy_{'keys' if breaks else 'change'}", workspace.pk)

    @form_page(FormPage(fields=("key",)))
    def keys_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The keys that break the policy. Those that were ticked are brought in line once that is confirmed."""
        workspace, now = self.get_row(request, object_id), timezone.now()
        found = list(policies.find_noncompliant_keys(workspace, now))
        if request.method != "POST":
            kept_data = get_kept_form(request)
            context = {
                "title": _violations_title(len(found)),
                "ticked": None if kept_data is None else kept_data.getlist("key"),
                "found": noncompliant_keys.build_rows(found[:MAX_BATCH_SIZE], now),
                "number": len(found),
                "revision": policies.get_policy(workspace).revision,
            }
            return self._page(request, "admin/noncompliant_keys.html", workspace, context)
        ticked, revision = (
            request.POST.getlist("key")[:MAX_BATCH_SIZE],
            _read_revision(request.POST.get("revision")),
        )
        chosen = [one for one in found if one.key.key_id in ticked]
        if "sure" in request.POST:
            keys = [one.key for one in chosen]
            noncompliant_keys.bring_in_line(request, keys, revision=revision, by=get_actor(request), now=now)
        elif chosen:
            title = ngettext("Bring %(n)s key in line?", "Bring %(n)s keys in line?", len(chosen))
            context = {
                "title": title % {"n": len(chosen)},
                "found": noncompliant_keys.build_rows(chosen, now),
                "revision": revision,
            }
            return self._page(request, "admin/policy_enforcement.html", workspace, context)
        else:
            messages.warning(request, _("Tick the keys that are to be brought in line."))
        return redirect("admin:keys_policy_keys", workspace.pk)

    def _form(
        self,
        request: HttpRequest,
        workspace: Workspace,
        form: PolicyForm,
        revision: int,
        *,
        breaks: int = 0,
        status: int = 200,
    ) -> HttpResponse:
        title = _("Policy of %(name)s") % {"name": workspace.name}
        context = {
            "title": title,
            "row_title": _("Error") if form.errors else "",
            "form": form,
            "revision": revision,
            "breaks": breaks,
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


def _violations_title(breaking: int) -> str:
    if not breaking:
        return _("Every key fits the policy")
    words = ngettext("%(n)s key breaks the policy", "%(n)s keys break the policy", breaking)
    return words % {"n": breaking}


def _list_choosable_members(workspace: Workspace) -> QuerySet[Member]:
    """Whom a policy may choose, and whom it has chosen. Owners and administrators may create keys anyway."""
    eligible = Q(is_active=True) & ~Q(role__in=(Member.Role.OWNER, Member.Role.ADMINISTRATOR))
    chosen = Q(pk__in=policies.get_policy(workspace).allowed_creators.values("pk"))
    return Member.objects.filter(eligible | chosen, workspace=workspace).order_by("name", "pk")


def _read_revision(text: str | None) -> int:
    """The revision that a form named; -1, which no policy has, where it named none."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else -1
