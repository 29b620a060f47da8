// An echo server on npm's ws. Says its port.
import { load } from '../modules.mjs';

const { WebSocketServer } = load('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 2 ** 24,
    handleProtocols: (offered) => (offered.has('echo') ? 'echo' : false) });
server.on('listening', () => console.log('port', server.address().port));
server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
process.stdin.on('end', () => process.exit(0)).resume();
