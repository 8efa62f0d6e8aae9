"""A little Hugging Face Hub on the loopback interface, with faults on order."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Serves one content under every path.

    Faults: after `cut` bytes in all the line is dead; `announced` can be set to a wrong sha256; `status` to an
    error. `ranges` remembers what was asked for.
    """

    def __init__(self, content: bytes):
        self.replace(content)
        self.cut: int | None = None
        self.status = 200
        self.ranges: list[str | None] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def replace(self, content: bytes) -> None:
        """Publish another content."""
        self.content = content
        self.announced = hashlib.sha256(content).hexdigest()

    def __enter__(self) -> "FakeHub":
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()


def _handler(hub: FakeHub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            self.send_response(hub.status if hub.status != 200 else 302)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("X-Linked-Etag", f'"{hub.announced}"')
            self.send_header("X-Linked-Size", str(len(hub.content)))
            # Another host, as the real one does, so that the client takes the facts from this answer.
            self.send_header("Location", f"http://localhost:{hub.server.server_address[1]}/cdn{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            wanted = self.headers.get("Range")
            hub.ranges.append(wanted)
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
            body = hub.content[start:]
            self.send_response(206 if wanted else 200)
            if wanted:
                self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if hub.cut is not None:
                body, self.close_connection = body[: hub.cut], True
                hub.cut -= len(body)
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler
