from dataclasses import dataclass
from typing import Annotated

import pytest
from annotated_types import Ge

from pipeline.yaml_records import ConfigError, build, read_extended, read_yaml


@dataclass(frozen=True)
class Inner:
    limit_s: Annotated[float, Ge(0)]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Outer:
    title: str
    inner: Inner


WHOLE = 'title: calls\ninner:\n  limit_s: 4\n  names: [a, b]\n'


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding='utf-8')
    return path


def test_a_file_becomes_nested_records(tmp_path):
    tree = read_yaml(write(tmp_path, 'whole.yaml', WHOLE))
    assert build(Outer, tree) == Outer('calls', Inner(4.0, ('a', 'b')))


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(tmp_path):
    path = write(tmp_path, 'typo.yaml', WHOLE.replace('limit_s', 'limt_s'))
    with pytest.raises(ConfigError) as error:
        build(Outer, read_yaml(path))
    assert f'{path}:3: unknown key `inner.limt_s`. Did you mean `limit_s`?' in str(error.value)


def test_a_value_out_of_range_is_named_with_its_line(tmp_path):
    path = write(tmp_path, 'range.yaml', WHOLE.replace('limit_s: 4', 'limit_s: -4'))
    with pytest.raises(ConfigError) as error:
        build(Outer, read_yaml(path))
    assert str(error.value) == (
        f'{path}:3: `inner.limit_s` = -4: input should be greater than or equal to 0')


def test_a_value_inside_a_list_is_named_with_its_own_line(tmp_path):
    path = write(tmp_path, 'list.yaml', WHOLE.replace('[a, b]', '\n    - a\n    - [b]\n'))
    tree = read_yaml(path)
    names = tree.value['inner'].value['names']
    assert [item.where for item in names.value] == [f'{path}:5', f'{path}:6']
    with pytest.raises(ConfigError) as error:
        build(Outer, tree)
    assert str(error.value) == (
        f"{path}:6: `inner.names.1` = ['b']: input should be a valid string")


def test_a_name_that_stands_twice_inside_a_list_is_refused(tmp_path):
    path = write(tmp_path, 'list.yaml', 'title:\n  - a: 1\n    a: 2\n')
    with pytest.raises(ConfigError, match=r'list\.yaml:3: `a` stands twice'):
        read_yaml(path)


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    path = write(tmp_path, 'two.yaml', WHOLE.replace('4', 'long').replace('title', 'titel'))
    with pytest.raises(ConfigError) as error:
        build(Outer, read_yaml(path))
    assert len(str(error.value).splitlines()) == 3  # unknown titel, missing title, limit_s


def test_a_file_names_only_what_differs_from_the_default(tmp_path):
    write(tmp_path, 'default.yaml', WHOLE)
    path = write(tmp_path, 'site.yaml', 'inner:\n  limit_s: 7\n')
    assert build(Outer, read_extended(path, tmp_path)) == Outer('calls', Inner(7.0, ('a', 'b')))


def test_a_file_may_extend_another_one_by_name(tmp_path):
    write(tmp_path, 'default.yaml', WHOLE)
    write(tmp_path, 'night.yaml', 'title: night\n')
    path = write(tmp_path, 'site.yaml', 'extends: night\ninner: {limit_s: 7}\n')
    assert build(Outer, read_extended(path, tmp_path)) == Outer('night', Inner(7.0, ('a', 'b')))


def test_a_circle_of_files_is_refused(tmp_path):
    write(tmp_path, 'default.yaml', WHOLE)
    write(tmp_path, 'a.yaml', 'extends: b\n')
    path = write(tmp_path, 'b.yaml', 'extends: a\n')
    with pytest.raises(ConfigError, match='extends itself'):
        read_extended(path, tmp_path)


@pytest.mark.parametrize('text, fault', [
    ('- a\n- b\n', 'must be a mapping'),
    ('title: [unclosed', 'is not YAML'),
    ('title: a\ntitle: b\n', 'stands twice'),
    ('title: \x00', 'is not YAML'),
])
def test_a_file_that_is_no_mapping_is_refused_with_its_name(tmp_path, text, fault):
    path = write(tmp_path, 'bad.yaml', text)
    with pytest.raises(ConfigError, match=fault) as error:
        read_yaml(path)
    assert str(path) in str(error.value)
