"""Twenty readers loop while calls are published, judged again, and files joined and removed."""

import pytest

from tests.bench.soak import soak


@pytest.mark.slow
def test_no_reader_fails_or_sees_half_while_the_warehouse_changes_under_it(tmp_path):
    found = soak(tmp_path / 'w', 30.0, retention_s=5.0)
    assert found['faults'] == []
    assert found['answers'] > 100 and found['catalogs'] > 2
    assert found['did']['runs'] and found['did']['forced runs'] and found['did']['rescores']
    assert found['did']['files removed']
