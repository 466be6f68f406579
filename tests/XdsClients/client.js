// node client.js XDS_HOST:PORT TARGET     then commands on stdin; see README.md
const [xds, target] = process.argv.slice(2);
process.env.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify({
  xds_servers: [{ server_uri: xds, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
  node: { id: 'grpc-js', cluster: 'tests', locality: { region: 'region-1', zone: 'zone-a' } },
});
const grpc = require('@grpc/grpc-js');
require('@grpc/grpc-js-xds').register();

// greeter.Greeter/SayHello with its two one-string messages, written by hand.
const encode = (text) => Buffer.concat([Buffer.from([0x0a, Buffer.byteLength(text)]), Buffer.from(text)]);
const decode = (bytes) => bytes.subarray(2).toString();
const Greeter = grpc.makeClientConstructor({
  sayHello: {
    path: '/greeter.Greeter/SayHello', requestStream: false, responseStream: false,
    requestSerialize: encode, requestDeserialize: decode, responseSerialize: encode, responseDeserialize: decode,
  },
});
const client = new Greeter(target, grpc.credentials.createInsecure());
const call = () => new Promise((done) => client.sayHello(
  'x', { deadline: Date.now() + 60000 }, (error, answer) => done(error ? `ERROR ${error.code} ${error.details}` : answer)));

let answers = {};
let calling = false;
let callers = [];
const count = (answer) => { answers[answer] = (answers[answer] || 0) + 1; };
const print = () => {
  console.log(JSON.stringify({ answers }));
  answers = {};
};
const pause = () => new Promise((done) => setTimeout(done, 2));
const keepCalling = async () => {
  while (calling) {
    count(await call());
    await pause();
  }
};

const commands = {
  call: async (times) => {
    for (let i = 0; i < Number(times); i++) count(await call());
    print();
  },
  start: async (callersAtOnce) => {
    calling = true;
    callers = Array.from({ length: Number(callersAtOnce) }, keepCalling);
    print();
  },
  take: async () => print(),
  stop: async () => {
    calling = false;
    await Promise.all(callers);
    print();
  },
};

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, argument] = line.split(' ');
  commands[command](argument);
}).on('close', () => process.exit(0));
