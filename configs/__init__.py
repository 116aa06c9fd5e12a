"""The settings a site can change: run configs, etiquette standards, phrase lists (YAML only)."""

from pathlib import Path

FOLDER = Path(__file__).parent
