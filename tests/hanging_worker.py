"""A real worker that hangs in C, deaf to signals, in the `lanes` step of a silent recording."""

import ctypes

from pipeline import worker
from transforms import stages

finding = stages.find_lanes


def hanging(audio, *args):
    if abs(audio.samples).max() < 500:
        ctypes.PyDLL(None).sleep(600)
    return finding(audio, *args)


if __name__ == '__main__':
    stages.find_lanes = hanging
    worker.main()
