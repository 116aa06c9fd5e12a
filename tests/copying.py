"""Warehouses that are filled once and copied for each test that changes them."""

import shutil

from warehouse.query import run_sql


def copy_of(root, to):
    """A copy whose `etiquette.duckdb` names its own files, as after any command."""
    shutil.copytree(root, to, dirs_exist_ok=True)
    run_sql(to, 'SELECT 1')
    return to
