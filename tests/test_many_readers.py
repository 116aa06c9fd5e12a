"""Readers loop while calls come, are judged again, and their files are joined and removed.

The bench does the same for five minutes with twenty of them (part `soak`).
"""

import pytest

from tests.bench.soak import soak


@pytest.mark.slow
def test_no_reader_fails_or_sees_half_while_the_warehouse_changes_under_it(tmp_path):
    found = soak(tmp_path / 'w', 90.0, readers=6, retention_s=10.0)
    assert found['faults'] == []
    assert found['answers'] > 100 and found['catalogs'] > 2
    assert found['did']['runs'] and found['did']['forced runs'] and found['did']['rescores']
    assert found['did']['files removed']
