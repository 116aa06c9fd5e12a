"""A worker that hears nothing: what its call ids say is what becomes of it."""

import os
import pickle
import signal
import sys
from pathlib import Path

from pipeline.worker import FAILED
from warehouse import ledger


def main():
    job = pickle.load(sys.stdin.buffer)
    book = Path(job.plan.context.ledger)
    tried = book / 'tried'
    for ref in job.references:
        if ref.call_id == 'no-model':
            print('RuntimeError: no model in /models', file=sys.stderr)
            sys.exit(FAILED)
        if not ledger.claim(book, ref.key):
            continue
        if ref.call_id == 'dropped' and not tried.exists():
            tried.touch()
            os.kill(os.getpid(), signal.SIGKILL)  # taken up, but not yet in the ledger
        ledger.append(book, ledger.Entry(ref.key, ledger.STARTED, ref.call_id))
        if ref.call_id.startswith('kills'):
            os.kill(os.getpid(), signal.SIGKILL)
        if ref.call_id.startswith('stumbles') and not tried.exists():
            tried.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if ref.call_id == 'forgotten':
            continue
        ledger.append(book, ledger.Entry(ref.key, ledger.LANDED, ref.call_id, audio_s=1.0))


if __name__ == '__main__':
    main()
