"""What the platform's command line tool talks to: sign-in, and one's own apps.

Source: Pumble app platform reference, 1.4.
"""
