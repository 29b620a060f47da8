// Speaks the gateway's protocol with canned answers, to work on the pages and to test them without the binary.
//   node fake_gateway.mjs [port] [token]
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, root, here } from '../modules.mjs';

const { WebSocketServer } = load('ws');
const PLAY = 24000;
const pages = { '/': 'talk', '/operator': 'operator' };

// The form a header includes a page in is a raw string; a browser gets what is within.
function page(name) {
  const text = readFileSync(join(root, 'include/rtai/gateway/page', `${name}.html.inc`), 'utf8');
  return text.replace(/^R"page\(/, '').replace(/\)page"\s*$/, '');
}

// Something like a voice: a few harmonics, in syllables.
function voice(seconds) {
  const samples = new Int16Array(Math.round(seconds * PLAY));
  for (let i = 0; i < samples.length; i++) {
    const t = i / PLAY, pitch = 150 + 20 * Math.sin(2 * Math.PI * 0.7 * t);
    let value = 0;
    for (let h = 1; h <= 8; h++) value += Math.sin(2 * Math.PI * pitch * h * t) / h;
    samples[i] = 5000 * value * (0.6 + 0.4 * Math.sin(2 * Math.PI * 4 * t));
  }
  return samples;
}

const answers = [
  { asked: 'tell me a story', seconds: 9, pieces: ['Once upon a time, there was a lighthouse keeper who could not sleep. ', 'Every night he counted the ships that passed, and every night he came to a different number. ', 'One evening a small boat came in without any light.'] },
  { asked: 'what is the weather in Lisbon', seconds: 2.2, pieces: ['In Lisbon it is sunny, ', 'with 21 degrees.'] },
  { asked: 'thank you', seconds: 1, pieces: ['You are welcome.'] },
];

class Session {
  static count = 0;
  constructor(gateway, socket, client) {
    Object.assign(this, { gateway, socket, client });
    this.id = `s${++Session.count}`;
    this.began = performance.now();
    this.turn = 0;
    this.turns = [];
    this.moments = [];
    this.bytes_in = this.bytes_out = 0;
    this.frames = 0;
    this.loud = this.quiet = 0;
    this.speaking = null;
    this.held_until = 0;
    this.state = 'listening';
    this.timers = new Set();
  }
  at() { return (performance.now() - this.began) / 1000; }
  send(message) { if (this.socket.readyState === 1) this.socket.send(JSON.stringify(message)); }
  event(event, detail = '') {
    const moment = { event, detail, turn: this.turn, at: this.at() };
    this.moments.push(moment);
    this.send({ type: 'event', ...moment });
  }
  later(seconds, does) {
    const timer = setTimeout(() => { this.timers.delete(timer); does(); }, seconds * 1000);
    this.timers.add(timer);
  }
  end() {
    this.timers.forEach(clearTimeout);
    clearInterval(this.pacer);
  }
  sound(data) {
    this.bytes_in += data.length;
    this.frames++;
    this.gateway.frame_sizes.add(data.length);
    let sum = 0;
    for (let i = 0; i + 1 < data.length; i += 2) sum += (data.readInt16LE(i) / 32768) ** 2;
    const loud = Math.sqrt(sum / (data.length / 2)) > 0.012;
    this.loud = loud ? this.loud + 1 : 0;
    this.quiet = loud ? 0 : this.quiet + 1;
    if (!this.hearing && this.loud >= 5) this.speech();
    if (this.hearing && this.quiet >= 40) this.silence();
  }
  speech() {
    this.hearing = true;
    this.turn++;
    this.event('speech_start');
    if (this.speaking) this.interrupted();
    this.say_partial(answers[Math.min(this.turn - 1, answers.length - 1)].asked.split(' '), 1);
  }
  say_partial(words, count) {
    if (!this.hearing) return;
    this.send({ type: 'text', stream: 'heard', text: words.slice(0, count).join(' '), final: false, turn: this.turn });
    if (count < words.length) this.later(0.25, () => this.say_partial(words, count + 1));
  }
  silence() {
    this.hearing = false;
    this.event('speech_end');
    const answer = answers[Math.min(this.turn - 1, answers.length - 1)];
    this.send({ type: 'text', stream: 'heard', text: answer.asked, final: true, turn: this.turn });
    this.event('heard', answer.asked);
    this.answer(answer);
  }
  typed(text) {
    if (this.speaking) this.interrupted();
    this.turn++;
    this.answer(text.includes('story') ? answers[0] : { asked: text, seconds: 1.5, pieces: [`You wrote "${text}".`] }, text);
  }
  answer({ seconds, pieces, asked }, text) {
    this.state = 'thinking';
    this.event('end_of_turn');
    this.event('thinking');
    this.later(this.gateway.thinking, () => {
      this.event('first_token');
      this.event('first_sentence');
      this.event('first_audio');
      this.event('playout_start');
      this.state = 'speaking';
      const turn = this.turn, sound = voice(seconds);
      this.speaking = { turn, sound, sent: 0, began: performance.now(), asked: text || asked, said: '', pieces, next: 0 };
      this.pacer = setInterval(() => this.pace(), 10);
      this.pace();
    });
  }
  pace() {
    const s = this.speaking;
    if (performance.now() < this.held_until) return;
    if (this.gateway.uneven) this.held_until = performance.now() + Math.random() * this.gateway.uneven * 1000;
    const due = (performance.now() - s.began) / 1000 * PLAY + 0.1 * PLAY;
    while (s.sent < due && s.sent < s.sound.length) {
      const share = s.sent / s.sound.length * s.pieces.length;
      if (s.next <= share && s.next < s.pieces.length) {
        this.send({ type: 'text', stream: 'said', text: s.pieces[s.next], final: false, turn: s.turn });
        s.said += s.pieces[s.next++];
      }
      const piece = s.sound.subarray(s.sent, s.sent + PLAY / 50);
      this.socket.send(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      this.bytes_out += piece.byteLength;
      s.sent += piece.length;
    }
    if (s.sent >= s.sound.length && (performance.now() - s.began) / 1000 * PLAY >= s.sound.length) {
      this.event('playout_end');
      this.finish(false);
    }
  }
  interrupted() {
    const turn = this.turn;
    this.turn = this.speaking.turn;
    this.event('interruption');
    const { sound, sent } = this.speaking, late = sound.subarray(sent, sent + PLAY / 50); // one that was under way
    this.socket.send(Buffer.from(late.buffer, late.byteOffset, late.byteLength));
    this.finish(true);
    this.turn = turn;
  }
  finish(interrupted) {
    const s = this.speaking;
    clearInterval(this.pacer);
    this.speaking = null;
    this.state = 'listening';
    const said = interrupted ? s.said.split(' ').slice(0, -4).join(' ') : s.said.trim();
    const latency = { transcription: 0.08, endpointing: 0.4, thinking: this.gateway.thinking, sentence: 0.002, synthesis: 0.031, playout: 0.0204 };
    latency.total = Object.values(latency).reduce((a, b) => a + b);
    const turn = { turn: s.turn, asked: s.asked, said, interrupted, latency };
    this.turns.push({ ...turn, moments: this.moments.filter(m => m.turn === s.turn) });
    this.send({ type: 'turn', ...turn });
  }
}

const ELEMENTS = ['line_in', 'vad', 'stt', 'turn', 'llm', 'sentences', 'tts', 'playout', 'line_out', 'recorder'];
const EDGES = [
  ['line_in', 'vad', 'audio', 50, 50], ['vad', 'stt', 'audio', 50, 50], ['vad', 'turn', 'speech', 16, 0.6], ['stt', 'turn', 'text', 32, 4],
  ['turn', 'llm', 'turn', 4, 0.3], ['llm', 'sentences', 'text', 64, 22], ['sentences', 'tts', 'text', 8, 1.2], ['tts', 'playout', 'audio', 100, 50],
  ['playout', 'line_out', 'audio', 10, 50], ['turn', 'playout', 'control', 8, 0.2], ['line_in', 'recorder', 'audio', 20, 50], ['playout', 'turn', 'event', 16, 1],
];

export async function start({ port = 0, token = '' } = {}) {
  const gateway = { token, full: false, draining: false, thinking: 0.12, uneven: 0, frame_sizes: new Set(), sessions: new Set(), turns: 0, total: 0, refused: 0, began: performance.now() };
  const json = (response, status, body) => { response.writeHead(status, { 'content-type': 'application/json' }); response.end(JSON.stringify(body)); };
  const good = (request, url) => !gateway.token || url.searchParams.get('token') === gateway.token || request.headers.authorization === `Bearer ${gateway.token}`;

  function status() {
    return {
      service: 'gateway', version: '0.1.0', uptime: (performance.now() - gateway.began) / 1000, draining: gateway.draining,
      sessions: [...gateway.sessions].map(s => ({ id: s.id, client: s.client, transport: 'websocket', since: s.at(), state: s.state, pipeline: 'talk', turns: s.turns.length, bytes_in: s.bytes_in, bytes_out: s.bytes_out })),
      totals: { sessions: gateway.total, turns: [...gateway.sessions].reduce((n, s) => n + s.turns.length, 0), refused: gateway.refused },
    };
  }
  function session(id) {
    const s = [...gateway.sessions].find(s => s.id === id);
    if (!s) return null;
    const edges = EDGES.map(([from, to, type, capacity, rate], i) => {
      const sent = Math.floor(rate * s.at()), recorder = to === 'recorder';
      return { name: `${from}_to_${to}`, from, to, type, depth: recorder ? 20 : i === 7 ? 5 + Math.round(4 * Math.sin(s.at())) : 0, capacity, high: recorder ? 20 : Math.min(capacity, 3 + i), sent, dropped: recorder ? Math.floor(s.at() * 3) : 0 };
    });
    return { id, elements: ELEMENTS.map(name => ({ name })), edges, turns: s.turns };
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (pages[url.pathname]) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
      return response.end(page(pages[url.pathname]));
    }
    if (url.pathname === '/api/status') return good(request, url) ? json(response, 200, status()) : json(response, 401, { message: 'the token is missing or wrong' });
    if (url.pathname === '/api/session') {
      if (!good(request, url)) return json(response, 401, { message: 'the token is missing or wrong' });
      const found = session(url.searchParams.get('id'));
      return found ? json(response, 200, found) : json(response, 404, { message: 'there is no such session' });
    }
    if (url.pathname === '/ws') return json(response, good(request, url) ? 426 : 401, {});
    json(response, 404, {});
  });
  const sockets = new WebSocketServer({ server, path: '/ws', handleProtocols: names => names.has('rtai.v1') && 'rtai.v1' });
  sockets.on('error', () => {});
  sockets.on('connection', (socket, request) => {
    const url = new URL(request.url, 'http://localhost');
    if (!good(request, url)) { gateway.refused++; return socket.close(1008, 'the token is missing or wrong'); }
    if (gateway.full) { gateway.refused++; return socket.close(1013, 'all 1 sessions are taken'); }
    const s = new Session(gateway, socket, `127.0.0.1:${request.socket.remotePort}`);
    gateway.sessions.add(s);
    gateway.total++;
    gateway.newest = s;
    socket.on('close', () => { s.end(); gateway.sessions.delete(s); });
    let started = false;
    socket.on('message', (data, binary) => {
      if (binary) return started ? s.sound(data) : socket.close(1008, 'sound came before start');
      const message = JSON.parse(data);
      if (message.type === 'start') {
        started = true;
        s.start = message;
        return s.send({ type: 'ready', session: s.id, play: { codec: 'pcm', rate: PLAY, channels: 1 } });
      }
      if (message.type === 'ping') return s.send({ type: 'pong', id: message.id });
      if (message.type === 'text') return s.typed(message.text);
      if (message.type === 'interrupt' && s.speaking) return s.interrupted();
    });
  });
  await new Promise((resolve, reject) => server.listen(port, '127.0.0.1', resolve).on('error', reject));
  gateway.url = `http://127.0.0.1:${server.address().port}/`;
  gateway.stop = () => { sockets.clients.forEach(client => client.terminate()); server.closeAllConnections(); return new Promise(resolve => server.close(resolve)); };
  return gateway;
}

if (process.argv[1] === join(here, 'browser/fake_gateway.mjs')) {
  const gateway = await start({ port: Number(process.argv[2] || 0), token: process.argv[3] || '' });
  console.log(gateway.url);
}
