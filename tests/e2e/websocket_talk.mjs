// The gateway's WebSocket, used by npm's ws.
//   node websocket_talk.mjs WS_ADDRESS
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from './modules.mjs';
import { Transcript, check, check_answer, check_interrupted_story, loudness, speak } from './talk.mjs';

const { WebSocket } = load('ws');
const address = process.argv[2];

async function open(options) {
  const socket = new WebSocket(address, ['rtai.v1'], options);
  const talk = new Transcript();
  socket.on('message', (data, binary) => talk.add(binary ? data : JSON.parse(data)));
  await once(socket, 'open');
  return { socket, talk, say: message => socket.send(JSON.stringify(message)) };
}
const event = name => m => m.type === 'event' && m.event === name;

async function leave(socket, expected) {
  if (expected === undefined) socket.close(1000);
  const [code, reason] = await once(socket, 'close');
  check(code === (expected ?? 1000), `it is closed with ${code} ${reason}`);
}

{
  const { socket, talk, say } = await open();
  say({ type: 'start', audio: { rate: 16000 }, play: { rate: 48000 } });
  await speak(piece => socket.send(piece), () => talk.index(m => m.type === 'turn' && m.turn === 2) >= 0);
  check_interrupted_story(talk, 48000);
  await leave(socket);
}
{
  const { socket, talk, say } = await open({ perMessageDeflate: true });
  say({ type: 'start', play: { rate: 16000 } });
  say({ type: 'text', text: 'tell me a story' });
  await talk.wait_for(event('playout_start'), 'a typed question is answered');
  await sleep(1000);
  say({ type: 'interrupt' });
  const cut = await talk.wait_for(event('interruption'), 'and interrupted by a word');
  await sleep(500);
  check(loudness(talk.sound(0, cut)) > 300 && talk.sound(cut).length === 0, 'after which there is no sound');
  say({ type: 'text', text: 'thank you' });
  const end = await talk.wait_for(event('playout_end'), 'the next question is answered');
  check_answer(talk, talk.all[end].turn, 16000, cut);
  socket.ping('are you there');
  const [pong] = await once(socket, 'pong');
  check(String(pong) === 'are you there', 'a ping has its pong');
  await leave(socket);
}
{
  const { socket, talk, say } = await open();
  say({ type: 'start' });
  for (const [message, told] of [['{', 'JSON'], ['{"type":"sing"}', 'there is no message of type'], [Buffer.from('odd'), 'no whole number of samples']]) {
    const before = talk.all.length;
    socket.send(message);
    await talk.wait_for(m => m.type === 'error' && m.message.includes(told) && talk.all.indexOf(m) >= before, `a mistake is told: ${told}`);
  }
  say({ type: 'ping', id: 'x' });
  await talk.wait_for(m => m.type === 'pong' && m.id === 'x', 'and the session goes on');
  const closed = leave(socket, 1009);
  socket.send(Buffer.alloc(2 << 20));
  await closed;
}
