"""Reads an aws_iam_role through the AWS provider with as little as that takes, and prints the seconds from the start of the provider until
it talks to the service of that object: what nobody who reads through it can do without.

The calls are those of the protocol: schema, configuration (checked and given), the upgrade of what is stored, the read. What comes back
is not looked at but for the names that a configuration must have. The provider starts with TLS, as go-plugin has it, whose certificates
take their time, and is started once more without it to be called: gRPC here knows no curve P-521.
"""

import datetime
import json
import os
import socket
import subprocess
import sys
import threading
import time

import grpc
import msgpack
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SERVICES = ["cloudwatchlogs", "ec2", "iam", "sns", "sqs", "sts"]


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def fields(data):
    """The fields of a message: numbers, and bytes or integers."""
    at = 0

    def read():
        nonlocal at
        number = shift = 0
        while True:
            byte = data[at]
            at, number, shift = at + 1, number | (byte & 127) << shift, shift + 7
            if byte < 128:
                return number

    while at < len(data):
        tag = read()
        number = read()
        if tag & 7 == 2:
            yield tag >> 3, data[at : at + number]
            at += number
        else:
            yield tag >> 3, number


def one(data, number):
    return next(value for at, value in fields(data) if at == number)


def value_of(block, given):
    """An object of a block in which everything is absent but what is given."""
    value = {}
    for number, part in fields(block):
        if number == 2:
            value[one(part, 1).decode()] = None
        elif number == 3:
            inner = given.get(one(part, 1).decode())
            value[one(part, 1).decode()] = [] if inner is None else [value_of(one(part, 2), inner)]
    return value | {name: it for name, it in given.items() if not isinstance(it, dict)}


def dynamic(value):
    return field(1, msgpack.packb(value))


def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - day).not_valid_after(now + day)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def start(program, more):
    environment = dict(
        os.environ,
        TF_PLUGIN_MAGIC_COOKIE="d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
        PLUGIN_PROTOCOL_VERSIONS="5",
        **more,
    )
    pipes = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    begun = time.monotonic()
    process = subprocess.Popen([program], env=environment, **pipes)
    line = process.stdout.readline().strip()
    return process, line, time.monotonic() - begun


def read_through(line, endpoint):
    _, _, network, address, *_ = line.split("|")
    channel = grpc.insecure_channel(f"unix:{address}", options=[("grpc.max_receive_message_length", -1)])

    def call(name, request):
        return channel.unary_unary(f"/tfplugin5.Provider/{name}", lambda it: it, lambda it: it)(request)

    schemas = call("GetSchema", b"")
    given = dict.fromkeys(["skip_credentials_validation", "skip_get_ec2_platforms", "skip_metadata_api_check"], True)
    given |= dict.fromkeys(["skip_region_validation", "skip_requesting_account_id"], True)
    given |= {"region": "eu-central-1", "access_key": "bench", "secret_key": "bench", "max_retries": 1}
    given["endpoints"] = dict.fromkeys(SERVICES, endpoint)
    configuration = dynamic(value_of(one(one(schemas, 1), 2), given))
    call("PrepareProviderConfig", field(1, configuration))
    call("Configure", field(1, b"1.11.4") + field(2, configuration))
    stored = json.dumps({"id": "it", "name": "it", "assume_role_policy": "{}"}).encode()
    upgraded = call("UpgradeResourceState", field(1, b"aws_iam_role") + field(3, field(1, stored)))
    try:
        call("ReadResource", field(1, b"aws_iam_role") + field(2, one(upgraded, 1)))
    except grpc.RpcError:
        # It is ended once it has talked to the service.
        pass


contact = []


def listen(listener):
    stream, _ = listener.accept()
    contact.append(time.monotonic())
    stream.close()


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=listen, args=[listener], daemon=True).start()
program, pem = sys.argv[1], certificate()
encrypted, _, took = start(program, {"PLUGIN_CLIENT_CERT": pem})
encrypted.kill()
encrypted.wait()
plain, line, _ = start(program, {})
begun = time.monotonic()
threading.Thread(target=read_through, args=[line, f"http://127.0.0.1:{listener.getsockname()[1]}"], daemon=True).start()
while not contact and time.monotonic() < begun + 30:
    time.sleep(0.001)
plain.kill()
plain.wait()
print(took + contact[0] - begun, flush=True)
os._exit(0)
