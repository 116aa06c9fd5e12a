"""What pip installs, and Beam ships to its workers, is the whole program."""

import shutil
import subprocess
import sys
import zipfile

from tests.conftest import HERE, environment

ROOT = HERE.parent
PACKAGES = ('configs', 'pipeline', 'transforms', 'warehouse')


def test_the_wheel_holds_every_module_setting_phrase_and_query(tmp_path):
    source = tmp_path / 'source'
    source.mkdir()
    for name in ('setup.py', 'pyproject.toml', 'README.md'):
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name,
                        ignore=shutil.ignore_patterns('__pycache__'))
    subprocess.run([sys.executable, '-m', 'build', '--wheel', '--no-isolation', '--outdir',
                    str(tmp_path)], cwd=source, check=True, capture_output=True,
                   env=environment())
    (wheel,) = tmp_path.glob('call_etiquette-*.whl')
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith(PACKAGES)}
    wanted = {str(path.relative_to(source)) for name in PACKAGES
              for path in (source / name).rglob('*') if path.is_file()}
    assert held == wanted
