"""The form in which seed workspaces are written down."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Human:
    """`key` names the person within these files; the e-mail address is `key@workspace.test`, a bot has none."""

    key: str
    name: str
    role: str
    title: str = ""
    status: str = "ACTIVATED"
    joined: str = ""
    pumble_bot: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    name: str
    mime_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Preview:
    url: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Said:
    """A line at a time (UTC, `2026-03-02 09:14`); replies follow minute by minute."""

    at: str
    who: str
    text: str
    replies: tuple[tuple[str, str], ...] = ()
    reactions: dict[str, str] = field(default_factory=dict)
    edited: bool = False
    pinned_by: str = ""
    attached: Attached | None = None
    preview: Preview | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """`members` are keys with blanks between; `bot` is the API app's bot where it is installed."""

    key: str
    kind: str
    members: str
    description: str = ""
    said: tuple[Said, ...] = ()
    archived: bool = False
    main: bool = False
    hidden_for: str = ""

    @property
    def name(self) -> str:
        return self.key if self.kind in {"PUBLIC", "PRIVATE"} else ""


@dataclass(frozen=True, slots=True)
class World:
    """`installed_by` empty: the API app is not installed here. The first human founded the workspace."""

    name: str
    founded: str
    humans: tuple[Human, ...]
    rooms: tuple[Room, ...]
    installed_by: str = ""
    installed_at: str = ""
    authorized_by: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A user group; `members` are keys with blanks between."""

    name: str
    handle: str
    creator: str
    members: str
    description: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """A scheduled message that is still pending."""

    at: str
    who: str
    room: str
    text: str
    recurs: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """More of a world that stands already; `said` goes into its rooms by their keys, groups are there `since` then."""

    world: str
    since: str
    humans: tuple[Human, ...]
    statuses: dict[str, tuple[str, str]]
    said: dict[str, tuple[Said, ...]]
    rooms: tuple[Room, ...]
    groups: tuple[Group, ...]
    later: tuple[Later, ...]
