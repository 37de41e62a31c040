"""Acme before the messages in `workspaces.py`. It is separate so that those keep their ids."""

from sandbox.seed import acme_general, acme_ops, acme_random, acme_rooms, acme_support
from sandbox.seed.definitions import SeedChannel, SeedGroup, SeedHistory, SeedPerson, SeedScheduledMessage
from sandbox.seed.transcript import parse_transcript

EVERYONE = "ana ben carla dan"

ACME_HISTORY = SeedHistory(
    workspace="Acme",
    since="2026-02-02 10:10",
    people=(
        SeedPerson("elena", "Elena Petrova", "USER", "Backend engineer", "DEACTIVATED", joined="2026-01-13 08:00"),
        SeedPerson("pumble", "Pumble", "USER", joined="2026-02-02 10:05", pumble_bot=True),
    ),
    statuses={
        "carla": (":art:", "Drawing, slow to answer"),
        "dan": (":headphones:", "On the phones until 16:00"),
    },
    messages={
        "general": parse_transcript(acme_general.GENERAL),
        "ops": parse_transcript(acme_ops.OPS),
        "random": parse_transcript(acme_random.RANDOM),
        "board": parse_transcript(acme_rooms.BOARD),
        "ana-ben": parse_transcript(acme_rooms.ANA_BEN),
        "carla-dan": parse_transcript(acme_rooms.CARLA_DAN),
    },
    channels=(
        SeedChannel("support", "PUBLIC", EVERYONE, "What customers ask", parse_transcript(acme_support.SUPPORT)),
        SeedChannel("diseño", "PUBLIC", "ana carla dan", "Diseño: colores, iconos, palabras", parse_transcript(acme_rooms.DESIGN)),
        SeedChannel("relaunch", "PUBLIC", "", "The new website", parse_transcript(acme_rooms.RELAUNCH), archived=True),
        SeedChannel("ana-ben-dan", "DIRECT", "ana ben dan", messages=parse_transcript(acme_rooms.ANA_BEN_DAN)),
        SeedChannel("ana-pumble", "DIRECT", "ana pumble", messages=parse_transcript(acme_rooms.PUMBLE_ANA), hidden_for="ana"),
    ),
    groups=(
        SeedGroup("Engineering", "engineering", "ben", "ana ben", "Whoever can roll something out"),
        SeedGroup("Support", "support-crew", "ana", "dan carla", "First to answer customers"),
        SeedGroup("Relaunch team", "relaunch-team", "ana", "carla guy", "The website project of January", disabled=True),
    ),
    scheduled=(
        SeedScheduledMessage("2030-01-02 08:00", "ana", "general", "Happy new year, and welcome to the thirties!"),
        SeedScheduledMessage("2030-01-31 16:00", "ana", "board", "Numbers of the month, please.", "MONTHLY_LAST_WEEKDAY"),
        SeedScheduledMessage("2030-01-07 08:30", "ben", "ops", "Monday: look at the certificates and the restore test.", "WEEKLY"),
    ),
)  # fmt: skip
