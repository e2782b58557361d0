"""Starts a provider and asks for its schema, whose bytes are not looked at: what nobody who reads through it can do without.

Prints the seconds from the start of the program until the schema is there.
"""

import os
import subprocess
import sys
import time

import grpc

program = sys.argv[1]
environment = dict(
    os.environ,
    TF_PLUGIN_MAGIC_COOKIE="d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
    PLUGIN_PROTOCOL_VERSIONS="5",
)
begun = time.monotonic()
process = subprocess.Popen(
    [program], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
)
try:
    _, _, network, address, *_ = process.stdout.readline().strip().split("|")
    target = f"unix:{address}" if network == "unix" else address
    channel = grpc.insecure_channel(target, options=[("grpc.max_receive_message_length", -1)])
    call = channel.unary_unary("/tfplugin5.Provider/GetSchema", lambda it: it, lambda it: it)
    assert len(call(b"")) > 100_000
    print(time.monotonic() - begun)
finally:
    process.kill()
    process.wait()
