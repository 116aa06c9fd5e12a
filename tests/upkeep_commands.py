"""What is killed in tests: each command on a warehouse of stored calls, with fixed arguments."""

import json
from dataclasses import replace

from pipeline.rescore import rescore_warehouse
from pipeline.settings import load_settings
from tests.results import reject, run
from tests.standard_for_tests import default_standard
from tests.stored_calls import heard, judged_by, later
from warehouse import landing
from warehouse.erase import erase
from warehouse.finding import Wanted
from warehouse.maintain import maintain
from warehouse.publish import publish

CALLER = '+15550142'
TARGET_BYTES = 128_000_000
STANDARD = """extends: default
name: default
silence: {warn_s: 1.0, bad_s: 3.0}
rules:
  opening-greeting: {weight: 5}
"""


def prepare(root, count=9):
    """Three nights' publishes, calls of one caller among them; a fourth night's calls on top."""
    landing.put_reject(root, replace(reject('of the caller'), manifest=json.dumps(
        {'caller_id': CALLER})))
    for seed in range(count):
        landing.put(root, _call(seed))
        if seed % (count // 3) == count // 3 - 1:
            publish(root, run(f'r{seed}'))
    for seed in range(count, count + 3):
        landing.put(root, _call(seed))
    for seed in (0, 1):
        landing.put(root, judged_by(later(heard(seed), 5), [default_standard()], **_caller(seed)))
    landing.put_reject(root, reject('bad'))
    (root.parent / 'standard.yaml').write_text(STANDARD, encoding='utf-8')
    return root


def _call(seed):
    return judged_by(heard(seed), [default_standard()], **_caller(seed))


def _caller(seed):
    caller = CALLER if seed % 4 == 1 else '+1999'
    return {'caller_id': caller, 'manifest': json.dumps({'caller_id': caller})}


def publish_all(root):
    publish(root, run('last'))


def rescore_all(root):
    rescore_warehouse(root, load_settings(None), [str(root.parent / 'standard.yaml')],
                      command='etiquette rescore', workers=1)


def maintain_all(root):
    """With no retention, so that what was joined goes at once."""
    maintain(root, retention_s=0, target_bytes=TARGET_BYTES)


def erase_caller(root):
    erase(root, Wanted(callers=(CALLER,)), target_bytes=TARGET_BYTES)
