"""Every ratio that this project claims, each against a named peer at its best, measured in one run."""
