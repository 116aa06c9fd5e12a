"""Put on PYTHONPATH by a test: no process below it may reach beyond this machine unseen."""

import os
import sys

LOOPBACK = ('127.', '::1', 'localhost', '0.0.0.0')


def _guard(event, args):
    if event == 'socket.connect':
        address = args[1]
        local = not isinstance(address, tuple) or str(address[0]).startswith(LOOPBACK)
    elif event == 'socket.getaddrinfo':
        address = args[0]
        local = address is None or str(address).startswith(LOOPBACK)
    else:
        return
    if not local:
        with open(os.environ['SOCKET_GUARD_LOG'], 'a') as log:  # noqa: PTH123
            log.write(f'{os.getpid()} {event} {address}\n')
        raise OSError(f'socket guard: {event} {address}')


if 'SOCKET_GUARD_LOG' in os.environ:
    sys.addaudithook(_guard)
