"""The overview of a member: Pumble's quotas, keys that expire soon, and recommendations."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from keys import lifecycle, limits, selectors, texts
from keys.exceptions import KeysError
from portal.accounts.kept_forms import FormPage
from portal.dashboard.base import MemberView
from portal.presentation import hygiene, quotas
from portal.templatetags.presentation import SOON
from pumble_bridge import app_scopes

_MIN_NOTABLE_LIFETIME = timedelta(days=1)  # a key for an hour is meant to expire soon
_MAX_KEYS = 500  # keeps the page and its queries small


class Overview(MemberView):
    def get(self, request: HttpRequest) -> HttpResponse:
        keys = list(
            selectors.list_held_keys(self.member, self.now).filter(
                confirmed_at__isnull=False, retires_at__isnull=True
            )[:_MAX_KEYS]
        )
        expiring = [
            key
            for key in keys
            if key.expires_at
            and key.expires_at <= self.now + SOON
            and key.expires_at - key.created_at > _MIN_NOTABLE_LIFETIME
        ]
        context = {
            "update_url": app_scopes.update_url_for(self.member),
            "quotas": quotas.build_quotas(limits.pumble_quotas(self.member)),
            "expiring": sorted(expiring, key=lambda key: key.expires_at or self.now),
            "has_keys": bool(keys),
            "findings": hygiene.find_risks(keys, self.now),
        }
        return self.render("overview.html", context)


class ApplyFix(MemberView):
    """Apply one recommendation."""

    http_method_names = ["post"]
    form_page = FormPage(lambda **_key: reverse("overview"))

    def post(self, request: HttpRequest, key_id: str) -> HttpResponse:
        key = self.get_key(key_id)
        try:
            match self.form_data.get("remedy"):
                case "end":
                    rights = hygiene.rights_with_expiry(key, self.member, self.now)
                    lifecycle.narrow(key=key, rights=rights, by=self.actor, now=self.now)
                    done = "ends"
                case "narrow":
                    rights = hygiene.rights_as_used(key, self.now)
                    lifecycle.narrow(key=key, rights=rights, by=self.actor, now=self.now)
                    done = "narrowed"
                case "disable":
                    lifecycle.disable(key=key, by=self.actor, now=self.now)
                    done = "disabled"
                case _:
                    done = ""
        except KeysError as error:
            return self.conflict(texts.error_message(error))
        return redirect(f"/overview?done={done}&key={key.key_id}")
