#!/usr/bin/python3
"""client.py XDS_HOST:PORT TARGET     then commands on stdin; see README.md"""
import collections
import json
import os
import sys
import threading
import time

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

gate = threading.Lock()
answers = collections.Counter()
calling = threading.Event()
callers = []


def call():
    try:
        answer = say_hello('x', timeout=60)
    except grpc.RpcError as error:
        answer = 'ERROR %s %s' % (error.code().value[0], error.details())
    with gate:
        answers[answer] += 1


def keep_calling():
    while calling.is_set():
        call()
        time.sleep(0.002)


for line in sys.stdin:
    command, argument = (line.split() + [0])[:2]
    if command == 'call':
        for _ in range(int(argument)):
            call()
    elif command == 'start':
        calling.set()
        callers = [threading.Thread(target=keep_calling) for _ in range(int(argument))]
        for caller in callers:
            caller.start()
    elif command == 'stop':
        calling.clear()
        for caller in callers:
            caller.join()
    with gate:
        print(json.dumps({'answers': answers}), flush=True)
        answers.clear()

calling.clear()
