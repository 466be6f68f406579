// Serves Echo on a loopback port of the system's choice, as EchoService.cs does; prints the port, ends with its standard input.
'use strict';
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [protos] = process.argv.slice(2);
const definition = loader.loadSync(path.join(protos, 'test.proto'), { keepCase: true, defaults: true });
const { Echo } = grpc.loadPackageDefinition(definition).mesh.rpc.test;

/** Headers that begin with "x-", sent back as headers and as trailers. */
function echoHeaders(call) {
  const echoed = new grpc.Metadata();
  for (const key of Object.keys(call.metadata.getMap())) {
    if (key.startsWith('x-')) call.metadata.get(key).forEach((value) => echoed.add(key, value));
  }
  if (Object.keys(echoed.getMap()).length > 0) call.sendMetadata(echoed);
  return echoed;
}

const failure = (request, metadata) => ({ code: request.fail_code, details: request.fail_detail, metadata });
const answer = (request, count) => ({
  text: request.text,
  count,
  payload: request.reply_size > 0 ? Buffer.alloc(request.reply_size) : request.payload,
});

const handlers = {
  Unary(call, callback) {
    const trailers = echoHeaders(call);
    if (call.request.hang) return;
    if (call.request.fail_code) callback(failure(call.request, trailers));
    else callback(null, answer(call.request, 1), trailers);
  },
  async Download(call) {
    const trailers = echoHeaders(call);
    for (let i = 1; i <= call.request.count && !call.cancelled; i++) {
      if (!call.write(answer(call.request, i))) await new Promise((resolve) => call.once('drain', resolve));
    }
    if (call.request.hang) return;
    if (call.request.fail_code) call.emit('error', failure(call.request, trailers));
    else call.end(trailers);
  },
  Upload(call, callback) {
    let text = '';
    let count = 0;
    call.on('data', (request) => { text += request.text; count += 1; });
    call.on('end', () => callback(null, { text, count }));
  },
  Chat(call) {
    let count = 0;
    echoHeaders(call);
    call.on('data', (request) => {
      count += 1;
      if (request.fail_code) call.emit('error', failure(request));
      else call.write(answer(request, count));
    });
    call.on('end', () => call.end());
  },
};

const server = new grpc.Server();
server.addService(Echo.service, handlers);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.on('end', () => process.exit(0)).resume();
