"""A small site with a browser SDK on its pages: the SDK's own bundle, from its package, and no CDN."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.sdks.sdks import FOLDER, NODE_MODULES

_BUNDLES = NODE_MODULES / "@segment" / "analytics-next" / "dist" / "umd"
_PATHS = ("/", "/pricing", "/demo", "/manual")


class Site:
    """collector and key: what its pages tell the SDK."""

    def __init__(self) -> None:
        self.collector = self.key = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content_type, body = site.answer(self.path.partition("?")[0])
                self.send_response(200 if content_type else 404)
                self.send_header("Content-Type", content_type or "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> tuple[str, bytes]:
        """Content type and body; both empty for what the site has not."""
        if path.startswith("/sdk/"):
            return "text/javascript", (_BUNDLES / Path(path).name).read_bytes()
        if path not in _PATHS:
            return "", b""
        page = (FOLDER / "page.html").read_text("utf-8")
        page = page.replace("{{KEY}}", self.key).replace("{{COLLECTOR}}", self.collector)
        return "text/html; charset=utf-8", page.encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
