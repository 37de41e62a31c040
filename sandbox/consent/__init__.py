"""The consent screen. Source: Pumble app platform reference, 2.1 and 2.2."""
