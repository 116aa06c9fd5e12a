"""The page: one HTML file that needs nothing else, and asks nobody for anything.

What comes from calls (names, words, reasons) is text in it, never markup: Jinja escapes it, the
JSON of the calls is escaped by `_json`, the scripts set text alone, and the page's own policy
allows the scripts written here and no request.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent
_PROGRAM = ('page.js', 'timeline.js', 'start.js')  # one module, of which the last part begins
# What would end a script element, or be a line break in a script but not in JSON.
_ESCAPES = {ord(char): f'\\u{ord(char):04x}' for char in '<>&\u2028\u2029'}


def render(vega: str, **content: Any) -> str:
    """The page of some content, as `page.html.j2` takes it; `vega` as `vega_bundle` gives it."""
    program = '\n'.join((_HERE / name).read_text(encoding='utf-8') for name in _PROGRAM)
    scripts = [_script(vega), _script(program)]
    return _templates().get_template('page.html.j2').render(
        **content, scripts=[text for text, _ in scripts],
        policy=' '.join(digest for _, digest in scripts),
        style=Markup((_HERE / 'style.css').read_text(encoding='utf-8')))


@cache
def _templates() -> Environment:
    made = Environment(loader=FileSystemLoader(_HERE / 'templates'), autoescape=True,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters['json'] = _json
    made.filters['grouped'] = lambda number: f'{number:,}'.replace(',', '\u202f')
    return made


def _json(value: Any) -> Markup:
    """The value as JSON that stays inside a script element, whatever it holds."""
    return Markup(json.dumps(value, ensure_ascii=False, separators=(',', ':'),
                             allow_nan=False).translate(_ESCAPES))


@cache
def vega_bundle() -> str:
    """Vega, Vega-Lite and what shows them, as one script. Seconds of work, without the GIL."""
    import vl_convert
    bundle = vl_convert.javascript_bundle('window.vegaEmbed = vegaEmbed;')
    # The same strings in JavaScript, which HTML cannot take for the end of the script.
    return bundle.replace('</script', '<\\/script').replace('<!--', '<\\!--')


def _script(text: str) -> tuple[Markup, str]:
    """A script element, and what the page's policy knows it by."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    # Modules, so that the names of one are not those of the other.
    return Markup(f'<script type="module">{text}</script>'), f"'sha256-{digest}'"
