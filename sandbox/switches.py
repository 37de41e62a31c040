"""Behaviours to be tried either way: where sources on real Pumble disagree, and the rate limits."""

from sandbox import environment


class Switches:
    """`bot_posts_anywhere`: a bot writes to private channels it is not in. `rate_limits`: as the environment says.
    `hook_retries`: a hook that got no sound answer is sent again, so that an app's idempotency can be tried.

    Source: Pumble app platform reference, 9 (rows 3 and 9).
    """

    bot_posts_anywhere: bool
    rate_limits: bool
    hook_retries: bool

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.bot_posts_anywhere = True
        self.hook_retries = False
        self.rate_limits = environment.flag("SANDBOX_LIMITS", "on")

    def to_dict(self) -> dict[str, bool]:
        return {
            "botPostsAnywhere": self.bot_posts_anywhere,
            "rateLimits": self.rate_limits,
            "hookRetries": self.hook_retries,
        }


SWITCHES = Switches()
