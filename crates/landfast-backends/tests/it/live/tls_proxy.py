"""A proxy for CONNECT that is every host itself: it speaks TLS with the one certificate, and passes on to one plain server.

    tls_proxy.py PORT CERTIFICATE KEY TARGET_PORT
"""
import socket
import ssl
import sys
import threading

port, certificate, key, target = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for side in (source, sink):
        try:
            side.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    try:
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(4096)
            if not data:
                return
            head += data
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        client = context.wrap_socket(client, server_side=True)
        server = socket.create_connection(("127.0.0.1", target))
    except OSError:
        return
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    pump(server, client)


listener = socket.create_server(("127.0.0.1", port))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
