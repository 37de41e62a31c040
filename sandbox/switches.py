"""Behavior that can be switched: where sources about Pumble disagree, and the rate limits."""

from sandbox import environment


class Switches:
    """`bot_posts_anywhere`: a bot may write to private channels that it is not in.
    `rate_limits`: calls are limited; the default is `SANDBOX_LIMITS`.
    `hook_retries`: a hook without a valid answer is sent again, to test an app's idempotency.

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
