"""Every kind of actor, and every kind of key for each of them to try."""

from datetime import timedelta

from keys import membership
from keys.audit import Actor, Surface
from keys.lifecycle.issuance import create_key
from keys.models import ApiKey, Member, Workspace
from keys.rights import make
from keys.scopes import MANAGE
from tests.conftest import BOT_USER_ID, NOW, make_member

END = NOW + timedelta(days=30)
LIST = {"c" * 24: "ops"}


class Cast:
    """The actors, and the keys that each of them tries."""

    def __init__(self, acme: Workspace, other: Member) -> None:
        self.bot = membership.record_bot(workspace=acme, user_id=BOT_USER_ID, now=NOW)
        make_member(acme, "heir")
        people = {role.lower(): make_member(acme, role.lower(), role=role) for role in Member.Role}
        people |= {"responsible member": make_member(acme, "responsible"), "of another workspace": other}
        self.holder, owner = make_member(acme, "holder"), people["owner"]
        self.own = {person: self.key(person) for person in people.values()}
        actor_keys = {  # the keys of an owner: what their role allows, their keys may not do
            "personal key": self.key(owner, calls=500),
            "managing personal key": self.key(owner, calls=500, manages=True),
            "workspace key": self.key(self.bot, calls=500),
            "managing workspace key": self.key(self.bot, calls=500, manages=True),
        }
        self.actors = {name: Actor(person, Surface.WEB) for name, person in people.items()}
        self.actors |= {f"nobody, {surface}": Actor(None, surface) for surface in Surface}
        root = Member.objects.create_superuser("root")
        self.actors["operator in the admin"] = Actor(root, Surface.ADMIN)
        self.actors |= {name: Actor(key.owner, Surface.API, key=key) for name, key in actor_keys.items()}
        self.others = {
            "a personal key of another member": self.key(self.holder),
            "another workspace key": self.key(self.bot),
            "a managing workspace key": self.key(self.bot, manages=True),
        }
        self.others_for_keys = {
            "a managing personal key of another member": self.key(self.holder, manages=True),
            "a workspace key with a list of channels": self.key(self.bot, channels=LIST),
            "a wider workspace key": self.key(self.bot, calls=1000),
        }

    def key(
        self,
        owner: Member,
        *,
        calls: int = 100,
        manages: bool = False,
        channels: dict[str, str] | None = None,
        responsible: Member | None = None,
        made_by: ApiKey | None = None,
    ) -> ApiKey:
        """A live key. If nothing else is said, somebody else is responsible for a workspace key."""
        wanted = ["user:read", MANAGE] if manages else ["user:read"]
        key, _plaintext = create_key(
            owner=owner,
            rights=make(scopes_wanted=wanted, channels=channels, calls_per_minute=calls, expires_at=END),
            name=f"key {ApiKey.objects.count()}",
            responsible=(responsible or self.holder) if owner.is_bot else None,
            created_by_key=made_by,
            created_at=NOW,
            confirmed_at=NOW,
        )
        return key

    def targets(self, by: Actor) -> dict[str, ApiKey]:
        targets = dict(self.others)
        if by.key is not None:
            owner = by.key.owner
            targets |= self.others_for_keys | {
                "itself": by.key,
                "a key that it made": self.key(owner, made_by=by.key),
                "a key with a list that it made": self.key(owner, channels=LIST, made_by=by.key),
            }
        if by.member in self.own:
            targets |= {
                "a key of the same owner": self.own[by.member],
                "a managing key of the same owner": self.key(by.member, manages=True),
            }
            if by.key is not None:
                targets["a wider key of the same owner"] = self.key(by.member, calls=1000)
        if by.member is not None and by.member.name == "responsible":
            targets["a workspace key in their care"] = self.key(self.bot, responsible=by.member)
            targets["a managing workspace key in their care"] = self.key(
                self.bot, responsible=by.member, manages=True
            )
        return targets
