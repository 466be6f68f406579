#!/usr/bin/python3
"""server.py XDS_HOST:PORT ADDRESS:PORT     serves calls once it has its listener, until its input ends"""
import concurrent.futures
import json
import os
import sys

xds, address = sys.argv[1:3]
os.environ['GRPC_XDS_BOOTSTRAP_CONFIG'] = json.dumps({
    'xds_servers': [{'server_uri': xds, 'channel_creds': [{'type': 'insecure'}], 'server_features': ['xds_v3']}],
    'server_listener_resource_name_template': 'grpc/server?xds.resource.listening_address=%s',
    'node': {'id': 'c-core-server', 'cluster': 'tests', 'locality': {'region': 'region-1', 'zone': 'zone-a'}}})

import grpc  # reads the environment


class Greeter(grpc.GenericRpcHandler):
    def service(self, _):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: b'\x0a\x02ok')


server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), xds=True)
server.add_generic_rpc_handlers((Greeter(),))
server.add_insecure_port(address)
server.start()
sys.stdin.read()
