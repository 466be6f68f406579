// Calls the Echo service at the given address in every way and prints one line per check: "ok NAME" or "failed NAME: why".
'use strict';
const assert = require('node:assert');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [address, protos] = process.argv.slice(2);
const definition = loader.loadSync(path.join(protos, 'test.proto'), { keepCase: true });
const { Echo } = grpc.loadPackageDefinition(definition).mesh.rpc.test;
const client = new Echo(address, grpc.credentials.createInsecure());

/** Resolves with everything a call gave: replies, headers, trailers, status. */
function collect(call) {
  return new Promise((resolve) => {
    const seen = { replies: [] };
    call.on('metadata', (metadata) => { seen.headers = metadata; });
    call.on('data', (reply) => seen.replies.push(reply));
    call.on('error', () => {});
    call.on('status', (status) => resolve({ ...seen, code: status.code, details: status.details, trailers: status.metadata }));
  });
}

function unary(request, metadata = new grpc.Metadata(), options = {}) {
  return new Promise((resolve) => {
    const seen = {};
    const call = client.Unary(request, metadata, options, (error, reply) => { seen.error = error; seen.reply = reply; });
    call.on('metadata', (headers) => { seen.headers = headers; });
    call.on('status', (status) => resolve({ ...seen, code: status.code, details: status.details, trailers: status.metadata }));
  });
}

const checks = {
  async unary() {
    const { code, reply } = await unary({ text: 'grüezi', payload: Buffer.alloc(1000, 7) });
    assert.deepStrictEqual([code, reply.text, reply.payload.length], [grpc.status.OK, 'grüezi', 1000]);
  },
  async bigMessages() {
    const { code, reply } = await unary({ payload: Buffer.alloc(3 * 1024 * 1024, 1) });
    assert.deepStrictEqual([code, reply.payload.length], [grpc.status.OK, 3 * 1024 * 1024]);
  },
  async download() {
    const { code, replies } = await collect(client.Download({ count: 500, reply_size: 10000 }));
    assert.strictEqual(code, grpc.status.OK);
    assert.deepStrictEqual(replies.map((reply) => reply.count), Array.from({ length: 500 }, (_, i) => i + 1));
  },
  async upload() {
    const reply = await new Promise((resolve, reject) => {
      const call = client.Upload((error, value) => (error ? reject(error) : resolve(value)));
      for (const text of ['a', 'b', 'c']) call.write({ text });
      call.end();
    });
    assert.deepStrictEqual([reply.count, reply.text], [3, 'abc']);
  },
  async chat() {
    const call = client.Chat();
    const done = collect(call);
    for (const text of ['1', '2', '3']) call.write({ text });
    call.end();
    const { code, replies } = await done;
    assert.deepStrictEqual([code, replies.map((reply) => reply.text)], [grpc.status.OK, ['1', '2', '3']]);
  },
  async metadata() {
    const metadata = new grpc.Metadata();
    metadata.set('x-text', 'words');
    metadata.set('x-raw-bin', Buffer.from([0, 255, 128]));
    const { headers, trailers } = await unary({}, metadata);
    for (const received of [headers, trailers]) {
      assert.deepStrictEqual(received.get('x-text'), ['words']);
      assert.deepStrictEqual(received.get('x-raw-bin'), [Buffer.from([0, 255, 128])]);
    }
  },
  async trailersOnly() {
    const { code, details } = await unary({ fail_code: grpc.status.NOT_FOUND, fail_detail: '100 % nöt here\n' });
    assert.deepStrictEqual([code, details], [grpc.status.NOT_FOUND, '100 % nöt here\n']);
  },
  async failureAfterMessages() {
    const { code, replies } = await collect(client.Download({ count: 2, fail_code: grpc.status.ABORTED, fail_detail: 'x' }));
    assert.deepStrictEqual([code, replies.length], [grpc.status.ABORTED, 2]);
  },
  async exception() {
    const { code, details } = await unary({ explode: 'hunter2' });
    assert.strictEqual(code, grpc.status.UNKNOWN);
    assert.ok(!details.includes('hunter2'), details);
  },
  async unimplemented() {
    const code = await new Promise((resolve) => client.Missing({}, (error) => resolve(error.code)));
    assert.strictEqual(code, grpc.status.UNIMPLEMENTED);
  },
  async deadline() {
    const { code } = await unary({ hang: true }, new grpc.Metadata(), { deadline: Date.now() + 300 });
    assert.strictEqual(code, grpc.status.DEADLINE_EXCEEDED);
  },
  async cancel() {
    const call = client.Chat();
    const done = collect(call);
    call.write({ text: 'one' });
    call.once('data', () => call.cancel());
    assert.strictEqual((await done).code, grpc.status.CANCELLED);
  },
  async tooLarge() {
    const { code } = await unary({ payload: Buffer.alloc(5 * 1024 * 1024) });
    assert.strictEqual(code, grpc.status.RESOURCE_EXHAUSTED);
  },
  async gzip() {
    const zipped = new Echo(address, grpc.credentials.createInsecure(), { 'grpc.default_compression_algorithm': 2 });
    const reply = await new Promise((resolve, reject) => {
      zipped.Unary({ text: 'z'.repeat(10000) }, (error, value) => (error ? reject(error) : resolve(value)));
    });
    assert.strictEqual(reply.text.length, 10000);
    zipped.close();
  },
  async pausedReader() {
    const call = client.Download({ count: 300, reply_size: 16384 });
    const replies = [];
    for await (const reply of call) replies.push(reply.count);
    assert.strictEqual(replies.length, 300);
  },
};

(async () => {
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`failed ${name}: ${String(error.message).replaceAll('\n', ' ')}`);
    }
  }
  client.close();
  process.exit(0);
})();
