"""The form in which seed workspaces are written down."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Human:
    """`key` names the person within these files; the e-mail address is `key@workspace.test`."""

    key: str
    name: str
    role: str
    title: str = ""
    status: str = "ACTIVATED"


@dataclass(frozen=True, slots=True)
class Said:
    """A line at a time (UTC, `2026-03-02 09:14`); replies follow minute by minute."""

    at: str
    who: str
    text: str
    replies: tuple[tuple[str, str], ...] = ()
    reactions: dict[str, str] = field(default_factory=dict)


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
