"""A TCP proxy in front of a server that can refuse, be slow, and cut connections in the middle of an upload."""

import contextlib
import selectors
import socket
import threading
import time


class Proxy:
    """Forwards a loopback port to another. refusing: nothing listens. delay_s: before each piece. cut_after: bytes of a
    connection's upload after which it is cut, None for never."""

    def __init__(self, to_port: int) -> None:
        self._to = to_port
        self._refusing = False
        self.delay_s = 0.0
        self.cut_after: int | None = None
        self.cuts = 0
        self._listener = self._listen(0)
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def refusing(self) -> bool:
        return self._refusing

    @refusing.setter
    def refusing(self, refuse: bool) -> None:
        """Close the listener and everything that is open, or listen again on the same port."""
        if refuse == self._refusing:
            return
        self._refusing = refuse
        if refuse:
            # A thread in accept() keeps a closed listener alive; shutdown wakes it.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self.hang_up()
        else:
            self._listener = self._listen(self.port)

    def hang_up(self) -> None:
        """Cut every connection that is open now."""
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stopped = True
        self.refusing = True

    @staticmethod
    def _listen(port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def _accept(self) -> None:
        while not self._stopped:
            try:
                client, _ = self._listener.accept()
            except OSError:
                time.sleep(0.02)  # refusing; polls for the listener's return
                continue
            threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._to)) as server:
            with self._lock:
                self._open |= {client, server}
            try:
                self._pump(client, server)
            finally:
                with self._lock:
                    self._open -= {client, server}

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        uploaded = 0
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(1 << 16)
                    if not data:
                        return
                    if self.delay_s:
                        time.sleep(self.delay_s)  # the fault itself
                    if key.fileobj is client:
                        uploaded += len(data)
                        if self.cut_after is not None and uploaded > self.cut_after:
                            self.cuts += 1
                            return
                    key.data.sendall(data)
