"""What Acme has lived through before the first seed's messages: written apart, so that those keep their ids."""

from sandbox.seed import acme_general, acme_ops, acme_random, acme_rooms, acme_support
from sandbox.seed.definitions import Group, History, Human, Later, Room
from sandbox.seed.transcript import read

EVERYBODY = "ana ben carla dan"

ACME_HISTORY = History(
    world="Acme",
    since="2026-02-02 10:10",
    humans=(
        Human("elena", "Elena Petrova", "USER", "Backend engineer", "DEACTIVATED", joined="2026-01-13 08:00"),
        Human("pumble", "Pumble", "USER", joined="2026-02-02 10:05", pumble_bot=True),
    ),
    statuses={
        "carla": (":art:", "Drawing, slow to answer"),
        "dan": (":headphones:", "On the phones until 16:00"),
    },
    said={
        "general": read(acme_general.GENERAL),
        "ops": read(acme_ops.OPS),
        "random": read(acme_random.RANDOM),
        "board": read(acme_rooms.BOARD),
        "ana-ben": read(acme_rooms.ANA_BEN),
        "carla-dan": read(acme_rooms.CARLA_DAN),
    },
    rooms=(
        Room("support", "PUBLIC", EVERYBODY, "What customers ask", read(acme_support.SUPPORT)),
        Room("diseño", "PUBLIC", "ana carla dan", "Diseño: colores, iconos, palabras", read(acme_rooms.DESIGN)),
        Room("relaunch", "PUBLIC", "", "The new website", read(acme_rooms.RELAUNCH), archived=True),
        Room("ana-ben-dan", "DIRECT", "ana ben dan", said=read(acme_rooms.ANA_BEN_DAN)),
        Room("ana-pumble", "DIRECT", "ana pumble", said=read(acme_rooms.PUMBLE_ANA), hidden_for="ana"),
    ),
    groups=(
        Group("Engineering", "engineering", "ben", "ana ben", "Whoever can roll something out"),
        Group("Support", "support-crew", "ana", "dan carla", "First to answer customers"),
        Group("Relaunch team", "relaunch-team", "ana", "carla guy", "The website project of January", disabled=True),
    ),
    later=(
        Later("2030-01-02 08:00", "ana", "general", "Happy new year, and welcome to the thirties!"),
        Later("2030-01-31 16:00", "ana", "board", "Numbers of the month, please.", "MONTHLY_LAST_WEEKDAY"),
        Later("2030-01-07 08:30", "ben", "ops", "Monday: look at the certificates and the restore test.", "WEEKLY"),
    ),
)  # fmt: skip
