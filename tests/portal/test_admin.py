"""The admin as owners and operators meet it."""

import pytest
from django.test import Client

from keys.models import Member
from tests.portal.dashboard import browser_of, make_key, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(olivia: Member) -> Client:
    return browser_of(olivia)


class TestTheDoor:
    def test_lets_owners_in(self, owner: Client, alice: Member) -> None:
        make_key(alice)

        for address in ("/admin/", "/admin/keys/apikey/", "/admin/keys/member/"):
            assert owner.get(address).status_code == 200
        assert "deploy" in words(owner.get("/admin/keys/apikey/"))
