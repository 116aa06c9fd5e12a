"""The distribution `call-etiquette`: what Beam ships to its workers and pip installs."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name='call-etiquette',
    version='0.1.0',
    description='Judges every call-centre recording against written telephone-etiquette standards',
    long_description=(Path(__file__).parent / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    python_requires='>=3.10,<3.14',
    packages=find_packages(
        include=['pipeline*', 'transforms*', 'warehouse*', 'configs*']),
    package_data={'configs': ['**/*.yaml', '**/*.txt'],
                  'warehouse': ['**/*.sql', '**/*.j2', '**/*.css', '**/*.js']},
    install_requires=[
        'altair>=5.5',
        'annotated-types>=0.6',
        'apache-beam>=2.77,<2.78',
        'av>=14',
        'deltalake>=1.6.6,<2',
        'duckdb>=1.4',
        'jinja2>=3.1',
        'numpy>=2',
        'onnxruntime>=1.20',
        'pocketsphinx>=5.1',
        'psutil>=6',
        'pyannote.audio>=4.0.7,<5',
        'pyarrow>=20',
        'pydantic>=2.7',
        'pyyaml>=6',
        'rapidfuzz>=3.14',
        'resemblyzer==0.1.4',
        'rich>=13',
        'scipy>=1.15',
        'silero-vad>=6',
        'tzdata',
        'vl-convert-python>=1.7',
        'whisperx>=3.8.5,<4',
        'xlsxwriter>=3.2',
    ],
    extras_require={
        'dev': ['build', 'call-ai-metrics==0.1.0', 'hypothesis', 'mypy', 'openpyxl', 'playwright',
                'polars', 'pytest', 'pytest-timeout', 'pytest-xdist', 'ruff', 'setuptools',
                'soundfile', 'types-openpyxl', 'types-psutil', 'types-PyYAML', 'uv', 'wheel'],
    },
    entry_points={'console_scripts': ['etiquette = pipeline.__main__:main']},
)
