"""The dataclasses in which the seed is written."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SeedPerson:
    """`key` identifies the person in the seed. The e-mail address is `key@workspace.test`; a bot has none."""

    key: str
    name: str
    role: str
    title: str = ""
    status: str = "ACTIVATED"
    joined: str = ""
    pumble_bot: bool = False


@dataclass(frozen=True, slots=True)
class SeedFile:
    name: str
    mime_type: str
    size: int


@dataclass(frozen=True, slots=True)
class SeedLinkPreview:
    url: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class SeedMessage:
    """A message at a time (UTC, `2026-03-02 09:14`). Replies follow minute by minute."""

    at: str
    author: str
    text: str
    replies: tuple[tuple[str, str], ...] = ()
    reactions: dict[str, str] = field(default_factory=dict)
    edited: bool = False
    pinned_by: str = ""
    file: SeedFile | None = None
    preview: SeedLinkPreview | None = None


@dataclass(frozen=True, slots=True)
class SeedChannel:
    """`members` are keys, separated by spaces. `bot` is the API app's bot, if the app is installed."""

    key: str
    kind: str
    members: str
    description: str = ""
    messages: tuple[SeedMessage, ...] = ()
    archived: bool = False
    main: bool = False
    hidden_for: str = ""

    @property
    def name(self) -> str:
        return self.key if self.kind in {"PUBLIC", "PRIVATE"} else ""


@dataclass(frozen=True, slots=True)
class SeedWorkspace:
    """If `installed_by` is empty, the API app is not installed. The first person founded the workspace."""

    name: str
    created_at: str
    people: tuple[SeedPerson, ...]
    channels: tuple[SeedChannel, ...]
    installed_by: str = ""
    installed_at: str = ""
    authorized_by: str = ""


@dataclass(frozen=True, slots=True)
class SeedGroup:
    """A user group. `members` are keys, separated by spaces."""

    name: str
    handle: str
    creator: str
    members: str
    description: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class SeedScheduledMessage:
    """A pending scheduled message."""

    at: str
    author: str
    channel: str
    text: str
    recurrence: str = ""


@dataclass(frozen=True, slots=True)
class SeedHistory:
    """More content of a workspace. `messages` are by channel key; the groups were created at `since`."""

    workspace: str
    since: str
    people: tuple[SeedPerson, ...]
    statuses: dict[str, tuple[str, str]]
    messages: dict[str, tuple[SeedMessage, ...]]
    channels: tuple[SeedChannel, ...]
    groups: tuple[SeedGroup, ...]
    scheduled: tuple[SeedScheduledMessage, ...]
