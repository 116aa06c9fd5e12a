"""The settings a site can change: run configs, etiquette standards, phrase lists (YAML only)."""
