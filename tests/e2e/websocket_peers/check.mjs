// npm's ws as a client of our echo server: check.mjs ws://127.0.0.1:PORT
import assert from 'node:assert';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { load } from '../modules.mjs';

const { WebSocket } = load('ws');

const url = process.argv[2];

async function open(path, protocols) {
    const socket = new WebSocket(url + path, protocols);  // it offers deflate
    await once(socket, 'open');
    return socket;
}

async function ask(socket, message) {
    const told = once(socket, 'message');
    socket.send(message);
    const [data, binary] = await told;
    return binary ? data : data.toString();
}

const socket = await open('/echo', ['other', 'echo']);
assert.equal(socket.protocol, 'echo');
assert.equal(socket.extensions, '');
for (const size of [0, 1, 125, 126, 1920, 65535, 65536, 1_000_000]) {
    const bytes = randomBytes(size);
    assert.deepEqual(await ask(socket, bytes), bytes);
    const text = 'é'.repeat(size);
    assert.equal(await ask(socket, text), text);
}
let told = once(socket, 'message');
for (const [part, fin] of [['in ', false], ['three ', false], ['fragments', true]]) socket.send(part, { fin });
assert.equal((await told)[0].toString(), 'in three fragments');
told = once(socket, 'pong');
socket.ping('are you there');
assert.equal((await told)[0].toString(), 'are you there');
told = once(socket, 'close');
socket.close(4000, 'done');
const [code, reason] = await told;
assert.equal(code, 4000);
assert.equal(reason.toString(), 'done');

const lively = await open('/lively');
let pings = 0;
lively.on('ping', () => ++pings);
await new Promise((done) => setTimeout(done, 1500));
assert.equal(await ask(lively, 'still here'), 'still here');
assert(pings >= 2);
lively.terminate();

const small = await open('/small');
told = once(small, 'close');
small.send('x'.repeat(1001));
assert.equal((await told)[0], 1009);

const unmasked = await open('/echo');
told = once(unmasked, 'close');
unmasked._socket.write(Buffer.from([0x81, 0x01, 0x61]));
assert.equal((await told)[0], 1002);

const bad = await open('/echo');
told = once(bad, 'close');
bad._socket.write(Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0xff]));
assert.equal((await told)[0], 1007);

const missing = new WebSocket(url + '/last');
const [error] = await once(missing, 'error');
assert.match(error.message, /200/);

await Promise.all(Array.from({ length: 200 }, async (_, number) => {
    const one = await open('/echo');
    for (let i = 0; i < 5; ++i) assert.equal(await ask(one, `${number} ${i}`), `${number} ${i}`);
    told = once(one, 'close');
    one.close();
    await told;
}));
console.log("npm's ws and our server understand each other");
process.exit(0);
