"""The README is true: its sessions print what they show, its tables name what there is."""

import dataclasses
import re

import pytest

from tests.readme import BENCH, README, RUN, alike, bench_table, output_of, sessions, tidy
from warehouse.records import Kpis

TEXT = README.read_text(encoding='utf-8')
REPO = README.parent


@pytest.mark.parametrize('command, output', list(sessions()))
def test_a_command_prints_what_the_readme_shows(sample_folder, sample_run, command, output):
    printed = tidy(sample_run[1].out) if command == RUN else output_of(command, sample_folder)
    assert alike(printed, output), printed


def test_the_comparison_of_these_tests_can_fail():
    assert alike('ring 7.15 in 10 s, 2.0 x real time', 'ring 7.16 in 90 s, 3.1 x real time')
    assert not alike('ring 7.15', 'ring 9.15')
    assert not alike('in_order', 'partial')


def test_every_kpi_has_its_line_in_the_table():
    named = set(re.findall(r'`([a-z_]+)`', TEXT[TEXT.index('## The KPIs'):]))
    missing = {field.name for field in dataclasses.fields(Kpis)} - named
    assert not missing


def test_every_file_that_the_readme_links_to_is_there():
    for link in re.findall(r'\]\(([^)#]+)\)', TEXT):
        assert (REPO / link).exists(), link


def test_every_make_target_that_the_readme_names_is_there():
    makefile = (REPO / 'Makefile').read_text()
    for target in re.findall(r'`make ([a-z-]+)`', TEXT):
        assert re.search(rf'^{target}:', makefile, re.MULTILINE), target


def test_the_figures_are_those_of_the_bench():
    assert BENCH.search(TEXT)[0] == bench_table()
