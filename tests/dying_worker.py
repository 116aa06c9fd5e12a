"""A real worker in whose `lanes` step every silent recording is deadly."""

import os
import signal

from pipeline import worker
from transforms import stages

finding = stages.find_lanes


def deadly(audio, *args):
    if abs(audio.samples).max() < 500:
        os.kill(os.getpid(), signal.SIGKILL)
    return finding(audio, *args)


if __name__ == '__main__':
    stages.find_lanes = deadly
    worker.main()
