"""What the platform's command line tool uses: sign-in, and a developer's own apps.

Source: Pumble app platform reference, 1.4.
"""
