"""A model hub on this machine: the part of its interface that a download uses.

`test_the_fake_hub_is_one_to_the_hubs_own_client` holds it to what the hub's client expects.
"""

import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REVISION = 'f' * 40
LARGE = 1000  # bytes from which a file is kept in large-file storage, elsewhere


class FakeHub:
    """Files of repositories, and plain files, over HTTP.

    Attributes:
      repositories: name -> {file: bytes}.
      plain: path -> bytes, such as '/nltk/punkt_tab.zip'.
      gated: names of repositories that want `token`.
      break_off: file name -> how often its transfer breaks off in the middle.
      corrupt: file names whose bytes are not those that were announced.
      asked: (method, path, headers) of every request.
    """

    def __init__(self):
        self.repositories, self.plain, self.asked = {}, {}, []
        self.gated, self.token, self.break_off, self.corrupt = set(), 'secret', {}, set()
        self.url = ''


@contextmanager
def serving():
    """A FakeHub that listens on a loopback port."""
    hub = FakeHub()

    class Handler(_Handler):
        pass

    Handler.hub = hub
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    hub.url = f'http://127.0.0.1:{server.server_port}'
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body):
        self.hub.asked.append((self.command, self.path, dict(self.headers)))
        path = self.path.partition('?')[0]
        if found := re.fullmatch(r'/api/models/([^/]+/[^/]+)(?:/revision/(.+))?', path):
            return self._info(found[1])
        if found := re.fullmatch(r'/([^/]+/[^/]+)/resolve/[^/]+/(.+)', path):
            return self._file(found[1], found[2], body)
        if path.startswith('/storage/'):
            return self._bytes(path, self._stored(path.split('/')[2]), body, {})
        if path in self.hub.plain:
            return self._bytes(path, self.hub.plain[path], body, {})
        return self._say(404)

    def _allowed(self, name):
        if name not in self.hub.repositories:
            return self._say(401 if 'Authorization' not in self.headers else 404)
        if name in self.hub.gated and (
                self.headers.get('Authorization') != f'Bearer {self.hub.token}'):
            return self._say(401, {'X-Error-Code': 'GatedRepo'})
        return True

    def _info(self, name):
        if self._allowed(name):
            siblings = []
            for file, content in self.hub.repositories[name].items():
                siblings.append({'rfilename': file, 'size': len(content), 'blobId': _git(content)})
                if len(content) >= LARGE:
                    siblings[-1]['lfs'] = {'sha256': _sha256(content), 'size': len(content),
                                           'pointerSize': 130}
            body = json.dumps({'id': name, 'modelId': name, 'sha': REVISION, 'siblings': siblings,
                               'private': False, 'tags': [], 'downloads': 0}).encode()
            self._bytes(self.path, body, True, {'Content-Type': 'application/json'})

    def _file(self, name, file, body):
        if not self._allowed(name):
            return None
        content = self.hub.repositories[name].get(file)
        if content is None:
            return self._say(404, {'X-Error-Code': 'EntryNotFound'})
        told = {'X-Repo-Commit': REVISION, 'ETag': f'"{_git(content)}"', 'Accept-Ranges': 'bytes'}
        if len(content) >= LARGE:
            return self._say(302, {**told, 'X-Linked-Etag': f'"{_sha256(content)}"',
                                   'X-Linked-Size': str(len(content)),
                                   'Location': f'{self.hub.url}/storage/{_sha256(content)}/{file}'})
        return self._bytes(self.path, content, body, told)

    def _stored(self, sha256):
        return next(content for files in self.hub.repositories.values()
                    for content in files.values() if _sha256(content) == sha256)

    def _bytes(self, path, content, body, headers):
        name = path.partition('?')[0].rpartition('/')[2]
        if name in self.hub.corrupt:
            content = bytes(len(content))
        first = int((re.match(r'bytes=(\d+)-', self.headers.get('Range', '')) or [0, 0])[1])
        rest = content[first:]
        if first:
            headers = {**headers,
                       'Content-Range': f'bytes {first}-{len(content) - 1}/{len(content)}'}
        self._head(206 if first else 200, {**headers, 'Content-Length': str(len(rest))})
        if body and self.hub.break_off.get(name, 0) > 0:
            self.hub.break_off[name] -= 1
            self.wfile.write(rest[:len(rest) // 2])
            self.close_connection = True
        elif body:
            self.wfile.write(rest)

    def _say(self, code, headers=None):
        self._head(code, {'Content-Length': '0', **(headers or {})})

    def _head(self, code, headers):
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()


def _sha256(content):
    return hashlib.sha256(content).hexdigest()


def _git(content):
    return hashlib.sha1(b'blob %d\0' % len(content) + content).hexdigest()
