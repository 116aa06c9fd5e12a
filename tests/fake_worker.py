"""A worker that hears nothing: what its call ids say is what becomes of it."""

import ctypes
import os
import pickle
import signal
import sys
import time
from pathlib import Path

from pipeline.worker import FAILED
from warehouse import ledger

left_behind = []


def main():
    job = pickle.load(sys.stdin.buffer)
    book = Path(job.plan.context.ledger)
    tried = book / 'tried'
    for ref in job.references:
        if ref.call_id == 'loads-for-ever':
            time.sleep(600)
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
        if ref.call_id.startswith('decodes'):  # `decodes-N-...`: N seconds of audio
            ledger.append(book, ledger.Entry(ref.key, ledger.DECODED, ref.call_id,
                                             audio_s=float(ref.call_id.split('-')[1])))
        if ref.call_id.endswith('hangs'):
            ctypes.PyDLL(None).sleep(600)  # in C, holding the interpreter: no signal is heard
        if ref.call_id.endswith('allocates'):
            held = b'x' * (600 << 20)
            time.sleep(600)
            del held
        if ref.call_id.endswith('leaves-much'):
            left_behind.append(b'x' * (250 << 20))
        if ref.call_id.endswith('takes-some'):
            left_behind.append(b'x' * (150 << 20))
            time.sleep(1.0)
        if ref.call_id.endswith('takes-2s'):
            time.sleep(2.0)
        if ref.call_id == 'forgotten':
            continue
        ledger.append(book, ledger.Entry(ref.key, ledger.LANDED, ref.call_id, audio_s=1.0))


if __name__ == '__main__':
    main()
