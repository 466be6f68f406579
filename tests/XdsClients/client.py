#!/usr/bin/python3
"""client.py XDS_HOST:PORT TARGET     then commands on stdin; see README.md"""
import collections
import json
import os
import sys

xds, target = sys.argv[1:3]
os.environ['GRPC_XDS_BOOTSTRAP_CONFIG'] = json.dumps({
    'xds_servers': [{'server_uri': xds, 'channel_creds': [{'type': 'insecure'}], 'server_features': ['xds_v3']}],
    'node': {'id': 'c-core', 'cluster': 'tests', 'locality': {'region': 'region-1', 'zone': 'zone-a'}}})

import grpc  # reads the environment

# greeter.Greeter/SayHello with its two one-string messages, written by hand.
say_hello = grpc.insecure_channel(target).unary_unary(
    '/greeter.Greeter/SayHello',
    request_serializer=lambda text: b'\x0a' + bytes([len(text)]) + text.encode(),
    response_deserializer=lambda data: data[2:].decode())


def call():
    try:
        return say_hello('x', timeout=60)
    except grpc.RpcError as error:
        return 'ERROR %s %s' % (error.code().value[0], error.details())


for line in sys.stdin:
    answers = collections.Counter(call() for _ in range(int(line.split()[1])))
    print(json.dumps({'answers': answers}), flush=True)
