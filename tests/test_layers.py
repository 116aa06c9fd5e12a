"""Imports run one way: pipeline -> transforms -> warehouse, and heavy ones only where used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ('torch', 'scipy', 'whisperx', 'pyannote', 'apache_beam', 'av', 'onnxruntime',
         'pocketsphinx')
# What judges a call: plain functions over records, without Beam, torch or files.
JUDGES = ('turns', 'overlaps', 'silences', 'holds', 'rings', 'phrase*', 'kpis', 'assess', 'rescore',
          'intervals', 'standard', 'protocol', 'lexicon', 'metadata', 'phrases/*', 'rules/*')


def imports(path):
    """(names imported when the module is imported, names imported anywhere in it)"""
    tree = ast.parse(path.read_text())

    def names(nodes):
        out = set()
        for node in nodes:
            if isinstance(node, ast.Import):
                out |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                out |= {node.module} | {f'{node.module}.{alias.name}' for alias in node.names}
        return out
    return names(tree.body), names(ast.walk(tree))


def modules(package):
    return sorted((ROOT / package).rglob('*.py'))


@pytest.mark.parametrize('package, above', [
    ('warehouse', ('transforms', 'pipeline', 'apache_beam', 'av', 'torch')),
    ('transforms', ('pipeline', 'configs', 'duckdb', 'deltalake')),
    ('pipeline', ('torch', 'whisperx', 'pyannote')),
])
def test_no_module_imports_what_lies_above_it(package, above):
    wrong = [f'{path.relative_to(ROOT)}: {name}' for path in modules(package)
             for name in imports(path)[1] if name.split('.')[0] in above]
    assert not wrong


def test_what_judges_a_call_knows_no_beam_no_torch_and_no_files():
    for path in (p for name in JUDGES for p in (ROOT / 'transforms').glob(f'{name}.py')):
        wrong = {n for n in imports(path)[1]
                 if n.split('.')[0] in (*HEAVY, 'pathlib', 'os', 'io', 'subprocess')}
        assert not wrong, f'{path.name}: {wrong}'


def test_heavy_libraries_are_imported_only_inside_the_functions_that_use_them():
    # Beam's DoFns, and a network that is a subclass of torch's: imported where they are used.
    allowed = {'transforms/steps.py', 'transforms/voices.py'}
    wrong = [f'{path.relative_to(ROOT)}: {name}'
             for package in ('pipeline', 'transforms', 'warehouse') for path in modules(package)
             if str(path.relative_to(ROOT)) not in allowed
             for name in imports(path)[0] if name.split('.')[0] in HEAVY]
    assert not wrong


@pytest.mark.parametrize('module', ['pipeline.cli', 'pipeline.show', 'pipeline.show_call',
                                    'pipeline.ask', 'warehouse.query'])
def test_commands_that_only_ask_load_no_heavy_library(module):
    code = f'import sys, {module}; print([m for m in {HEAVY} if m in sys.modules])'
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT)
    assert out.stdout.strip() == '[]', out.stderr


def test_no_file_is_longer_than_four_hundred_lines():
    long = {str(path.relative_to(ROOT)): n for package in ('pipeline', 'transforms', 'warehouse')
            for path in modules(package) if (n := len(path.read_text().splitlines())) > 400}
    assert not long
