"""The portal. The version of the whole project is here only: the package, the pages and the image read it."""

__version__ = "1.0.0"
