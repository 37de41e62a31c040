"""Globex: a workspace where nothing is installed yet."""

from sandbox.seed.world import Human, Room, Said, World

GLOBEX = World(
    name="Globex",
    founded="2026-02-20 09:00",
    humans=(
        Human("gita", "Gita Raman", "OWNER", "Founder"),
        Human("hugo", "Hugo Brandt", "USER", "Engineer"),
    ),
    rooms=(
        Room("general", "PUBLIC", "gita hugo", "Company-wide announcements and work matters", main=True, said=(
            Said("2026-03-02 09:30", "gita", "Welcome to our new chat, Hugo!", reactions={":wave:": "hugo"}),
            Said("2026-03-02 09:33", "hugo", "Thanks! Are there apps for it as well?"),
            Said("2026-03-02 09:34", "gita", "See + Add apps, nothing is installed so far."),
        )),
        Room("random", "PUBLIC", "gita hugo", "Everything that is not work", said=(
            Said("2026-03-03 16:00", "hugo", "It is snowing!"),
        )),
        Room("gita-hugo", "DIRECT", "gita hugo", said=(
            Said("2026-03-03 09:00", "gita", "Your laptop arrives on Wednesday."),
        )),
    ),
)  # fmt: skip
