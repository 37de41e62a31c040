"""The names under which sessions store the authentication backends of `portal.accounts.backends`.

Release 0.1.0 has the backends here. Both releases must read each other's sessions during an upgrade.
"""

from portal.accounts.backends import OperatorSignIn, PumbleSignIn

__all__ = ["OperatorSignIn", "PumbleSignIn"]
