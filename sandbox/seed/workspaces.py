"""The seed workspaces: Acme, in which the API app is installed, and Globex, in which nothing is installed."""

from sandbox.seed.definitions import SeedChannel, SeedMessage, SeedPerson, SeedWorkspace

EVERYONE = "ana ben carla dan"

ACME = SeedWorkspace(
    name="Acme",
    created_at="2026-01-12 08:00",
    installed_by="ana",
    installed_at="2026-02-02 10:00",
    authorized_by="ana ben",
    people=(
        SeedPerson("ana", "Ana Kovač", "OWNER", "Head of operations"),
        SeedPerson("ben", "Ben Okafor", "ADMINISTRATOR", "Platform engineer"),
        SeedPerson("carla", "Carla Ruiz", "USER", "Product designer"),
        SeedPerson("dan", "Dan Lindqvist", "USER", "Support lead"),
        SeedPerson("guy", "Guy Marchand", "GUEST_MULTI_CHANNEL", "Contractor"),
    ),
    channels=(
        SeedChannel(
            "general",
            "PUBLIC",
            EVERYONE + " guy",
            "Company-wide announcements and work matters",
            main=True,
            messages=(
                SeedMessage("2026-03-02 08:58", "ana", "Good morning! The new office plan is in the wiki, have a look before Thursday.",
                     reactions={":eyes:": "ben carla"}),
                SeedMessage("2026-03-02 09:04", "ben", "Release 4.2 goes out at 14:00. I post here when it is done.",
                     replies=(("carla", "Does it have the new empty states?"), ("ben", "Yes, all three.")),
                     reactions={":rocket:": "ana carla dan"}),
                SeedMessage("2026-03-02 14:21", "ben", "4.2 is live. No alerts so far.", reactions={":tada:": "ana carla dan guy"}),
                SeedMessage("2026-03-03 10:12", "dan", "Two customers asked for a status page they can subscribe to. Do we have one?",
                     replies=(("ana", "Planned for Q2, I send you the draft."),)),
                SeedMessage("2026-03-03 15:40", "guy", "The photos of the new packaging are ready: https://files.acme.test/packaging"),
            ),
        ),
        SeedChannel(
            "random",
            "PUBLIC",
            EVERYONE,
            "Everything that is not work",
            messages=(
                SeedMessage("2026-03-02 12:05", "carla", "Lunch at the Portuguese place? They have bacalhau on Mondays."),
                SeedMessage("2026-03-02 12:06", "dan", "In! 12:30 downstairs.", reactions={":fork_and_knife:": "carla ben"}),
                SeedMessage("2026-03-03 08:31", "ben", "Somebody left an umbrella with ducks on it in the meeting room.",
                     replies=(("carla", "Mine. The ducks are called Huey, Dewey and Louie."),),
                     reactions={":duck:": "ana dan"}),
            ),
        ),
        SeedChannel(
            "ops",
            "PRIVATE",
            "ana ben bot",
            "Deployments and incidents",
            messages=(
                SeedMessage("2026-03-02 13:58", "ben", "Starting the 4.2 rollout, database migration first."),
                SeedMessage("2026-03-02 14:09", "bot", "Deployment of web 4.2.0 finished in 9 min 41 s."),
                SeedMessage("2026-03-02 14:10", "ana", "Smooth. Thanks!", reactions={":+1:": "ben"}),
            ),
        ),
        SeedChannel(
            "board",
            "PRIVATE",
            "ana ben",
            "Owners and administrators only",
            messages=(
                SeedMessage("2026-03-03 17:02", "ana", "Draft of the quarterly numbers is with the accountant, we talk on Friday."),
                SeedMessage("2026-03-03 17:15", "ben", "Fine. I bring the infrastructure costs."),
            ),
        ),
        SeedChannel("ana-ben", "DIRECT", "ana ben", messages=(
            SeedMessage("2026-03-02 08:50", "ana", "Can you take the release today? I am at the dentist until two."),
            SeedMessage("2026-03-02 08:52", "ben", "Sure, good luck there."),
        )),
        SeedChannel("carla-dan", "DIRECT", "carla dan", messages=(
            SeedMessage("2026-03-03 11:20", "carla", "Would you test the new help texts with a real ticket?"),
            SeedMessage("2026-03-03 11:41", "dan", "With pleasure, send me the link."),
        )),
        SeedChannel("ana-carla-dan", "DIRECT", "ana carla dan", messages=(
            SeedMessage("2026-03-03 13:00", "ana", "Ben has his birthday on the 12th. Cake or plant?"),
            SeedMessage("2026-03-03 13:02", "dan", "Cake. He has killed two plants already."),
        )),
    ),
)  # fmt: skip


GLOBEX = SeedWorkspace(
    name="Globex",
    created_at="2026-02-20 09:00",
    people=(
        SeedPerson("gita", "Gita Raman", "OWNER", "Founder"),
        SeedPerson("hugo", "Hugo Brandt", "USER", "Engineer"),
    ),
    channels=(
        SeedChannel("general", "PUBLIC", "gita hugo", "Company-wide announcements and work matters", main=True, messages=(
            SeedMessage("2026-03-02 09:30", "gita", "Welcome to our new chat, Hugo!", reactions={":wave:": "hugo"}),
            SeedMessage("2026-03-02 09:33", "hugo", "Thanks! Are there apps for it as well?"),
            SeedMessage("2026-03-02 09:34", "gita", "See + Add apps, nothing is installed so far."),
        )),
        SeedChannel("random", "PUBLIC", "gita hugo", "Everything that is not work", messages=(
            SeedMessage("2026-03-03 16:00", "hugo", "It is snowing!"),
        )),
        SeedChannel("gita-hugo", "DIRECT", "gita hugo", messages=(
            SeedMessage("2026-03-03 09:00", "gita", "Your laptop arrives on Wednesday."),
        )),
    ),
)  # fmt: skip
