"""Doctor: try what an administrator can get wrong, and name the cure. `areas` has the list."""
