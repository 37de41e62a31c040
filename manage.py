#!/usr/bin/env python
"""Django's command line, with the portal's settings unless the environment says otherwise."""

import os

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from portal.command_line import main

    main()
