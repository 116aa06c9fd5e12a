"""Writes a simulated call and its truth, to be listened to.

    python -m tests.simulator 7 --out /tmp/calls --codec gsm --snr-db 12 --overlap contested
"""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from tests.simulator import Knobs, draw, render


def main(argv: list[str] | None = None) -> None:
    """Every knob is an option; what is not given is drawn from the seed."""
    parser = argparse.ArgumentParser(
        prog='python -m tests.simulator', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('seed', type=int, nargs='+')
    parser.add_argument('--out', type=Path, required=True, help='folder, made where it is not')
    parser.add_argument('--transcript', action='store_true', help='the true words, WhisperX JSON')
    types = {name: next(kind for kind in hint.__args__ if kind is not type(None))
             for name, hint in get_type_hints(Knobs).items()}
    for knob in fields(Knobs):
        kind = types[knob.name]
        parser.add_argument(f'--{knob.name.replace("_", "-")}', dest=knob.name,
                            type=(lambda text: text.lower() in ('1', 'true', 'yes'))
                            if kind is bool else kind)
    args = parser.parse_args(argv)
    knobs = Knobs(**{knob.name: getattr(args, knob.name) for knob in fields(Knobs)})
    args.out.mkdir(parents=True, exist_ok=True)
    for seed in args.seed:
        call = render(draw(seed, knobs))
        row = call.write(args.out, transcript=args.transcript)
        said = {'manifest': row, 'knobs': vars(call.script.knobs), 'truth': call.truth.as_dict()}
        path = args.out / f'{row["call_id"]}.truth.json'
        path.write_text(json.dumps(said, indent=1) + '\n')
        print(f'{path}: {call.audio.duration_s:.1f} s, {len(call.truth.turns)} turns, '
              f'{len(call.truth.overlaps)} overlaps')


if __name__ == '__main__':
    main()
