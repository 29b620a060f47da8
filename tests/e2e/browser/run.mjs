// The pages in Debian's Chromium, against a gateway or, without one, against the fake.
//   node run.mjs [URL] [--shots DIR] [--wav FILE] [--caption REGEX] [--token TOKEN] [--only REGEX]
// FILE is what the microphone hears: a question, and a second one while the first is answered. Prints a line for each
// check; the exit code is the number of those that failed.
import { createServer, connect } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { load, root } from '../modules.mjs';
import { start } from './fake_gateway.mjs';

const { chromium } = load('playwright-core');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { shots: { type: 'string' }, wav: { type: 'string' }, caption: { type: 'string', default: 'story|weather' }, token: { type: 'string', default: '' }, only: { type: 'string', default: '' } },
});
const scratch = mkdtempSync(join(tmpdir(), 'rtai_browser_'));
const wav = join(scratch, 'microphone.wav');
writeFileSync(wav, in_a_room(readFileSync(options.wav || join(root, 'examples/voice_assistant/question.wav'))));

// A recording as a microphone in a quiet room gives it, for a minute longer. In true silence a browser turns its gain
// up until its own noise is taken for speech.
function in_a_room(file) {
  let at = 12, rate = 0;
  for (; at + 8 <= file.length && file.toString('latin1', at, at + 4) !== 'data'; at += 8 + file.readUInt32LE(at + 4) + file.readUInt32LE(at + 4) % 2)
    if (file.toString('latin1', at, at + 4) === 'fmt ') {
      if (file.readUInt16LE(at + 8) !== 1 || file.readUInt16LE(at + 10) !== 1 || file.readUInt16LE(at + 22) !== 16) throw new Error('the WAV file must be mono and of 16 bits');
      rate = file.readUInt32LE(at + 12);
    }
  if (at + 8 > file.length) throw new Error('the WAV file has no sound');
  const speech = file.subarray(at + 8, at + 8 + Math.min(file.readUInt32LE(at + 4), file.length - at - 8) & ~1);
  const samples = speech.length / 2 + 60 * rate, out = Buffer.alloc(44 + 2 * samples);
  out.write('RIFF', 0); out.writeUInt32LE(36 + 2 * samples, 4); out.write('WAVEfmt ', 8); out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20); out.writeUInt16LE(1, 22); out.writeUInt32LE(rate, 24); out.writeUInt32LE(2 * rate, 28);
  out.writeUInt16LE(2, 32); out.writeUInt16LE(16, 34); out.write('data', 36); out.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i++) {
    const spoken = 2 * i < speech.length ? speech.readInt16LE(2 * i) : 0;
    out.writeInt16LE(Math.max(-32768, Math.min(32767, spoken + Math.round(60 * (Math.random() - 0.5)))), 44 + 2 * i);
  }
  return out;
}
if (options.shots) mkdirSync(options.shots, { recursive: true });

// ---- what stands between the browser and the gateway, to be cut ------------------------------------------
const fake = positionals[0] ? null : await start();
const target = new URL(positionals[0] || fake.url);
const wire = { sockets: new Set(), server: null, port: 0 };
function open_wire() {
  wire.server = createServer(near => {
    const far = connect(Number(target.port || 80), target.hostname);
    for (const [a, b] of [[near, far], [far, near]]) {
      wire.sockets.add(a);
      a.on('error', () => {}).on('close', () => { wire.sockets.delete(a); b.destroy(); }).pipe(b);
    }
  });
  return new Promise((resolve, reject) => wire.server.on('error', reject).listen(wire.port, '127.0.0.1', () => { wire.port = wire.server.address().port; resolve(); }));
}
function cut_wire() {
  const closed = new Promise(resolve => wire.server.close(resolve));
  wire.sockets.forEach(socket => socket.destroy());
  return closed;
}
if (target.protocol !== 'http:') throw new Error('give an http:// address; the checks cut the connection in between');
await open_wire();
const base = host => `http://${host || '127.0.0.1'}:${wire.port}/`;

// ---- browsers --------------------------------------------------------------------------------------------
const plain = ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--host-resolver-rules=MAP rtai.test 127.0.0.1'];
const devices = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${wav}%noloop`];
const launch = args => chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: [...plain, ...args] });
const browser = await launch(devices);

// Looks at the page from outside: all that goes over its socket, and all that reaches its loudspeaker.
function watch() {
  const seen = window.seen = { in: [], out: [], loud: [], keys: [], sound: 0, energy: 0 };
  addEventListener('keydown', () => seen.keys.push(Date.now()), true);
  const parsed = text => { try { return JSON.parse(text); } catch { return { type: 'not json' }; } };
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => seen.in.push(typeof data === 'string' ? { at: Date.now(), message: parsed(data) } : { at: Date.now(), bytes: data.byteLength }));
    }
    send(data) {
      seen.out.push(typeof data === 'string' ? { at: Date.now(), message: parsed(data) } : { at: Date.now(), bytes: data.byteLength, peak: new Int16Array(data.slice(0)).reduce((a, b) => Math.max(a, Math.abs(b)), 0) });
      super.send(data);
    }
  };
  const tap = `registerProcessor('tap', class extends AudioWorkletProcessor {
    process([input]) {
      if (!input.length) return true;
      let peak = 0, sum = 0;
      for (const s of input[0]) { peak = Math.max(peak, Math.abs(s)); sum += s * s; }
      if (peak > 1e-3) this.port.postMessage({ at: Date.now(), sum, seconds: input[0].length / sampleRate });
      return true;
    } });`;
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) {
      const context = this.context;
      context.audioWorklet.addModule(URL.createObjectURL(new Blob([tap], { type: 'text/javascript' }))).then(() => {
        const node = new AudioWorkletNode(context, 'tap', { numberOfOutputs: 0 });
        node.port.onmessage = ({ data }) => { seen.loud.push(data.at); seen.sound += data.seconds; seen.energy += data.sum; };
        connect.call(this, node);
      });
    }
    return connect.call(this, to, ...rest);
  };
}

class Visit {
  static all = new Set();
  static async open({ in: where = browser, path = '', host, token = options.token, ...context } = {}) {
    const visit = new Visit();
    Visit.all.add(visit);
    visit.context = await where.newContext({ viewport: { width: 1100, height: 820 }, ...context });
    visit.page = await visit.context.newPage();
    visit.errors = [];
    visit.foreign = [];
    visit.page.on('pageerror', error => visit.errors.push(error.message));
    visit.page.on('console', line => { if (line.type() === 'error' && !/net::|WebSocket connection|Failed to load resource/.test(line.text())) visit.errors.push(line.text()); });
    visit.page.on('request', request => { if (!/^(http:\/\/(127\.0\.0\.1|rtai\.test):|data:|blob:)/.test(request.url())) visit.foreign.push(request.url()); });
    await visit.page.addInitScript(watch);
    await visit.page.goto(base(host) + path + (token ? `#token=${encodeURIComponent(token)}` : ''));
    return visit;
  }
  get(expression) { return this.page.evaluate(expression); }
  async until(expression, why, seconds = 20) { // asked from here: the page's policy allows no eval within it
    const end = Date.now() + seconds * 1000;
    while (!await this.get(`Boolean(${expression})`)) {
      if (Date.now() > end) throw new Error(`${why} (state ${await this.get('window.rtai?.state')}, shown: ${await this.get('document.getElementById("notice-text").textContent')})`);
      await wait(20);
    }
  }
  state(state, seconds) { return this.until(`rtai.state === '${state}'`, `the state was not '${state}' in time`, seconds); }
  async talk() { await this.page.click('#talk'); await this.state('listening'); }
  async type(text) { await this.page.fill('#field', text); await this.page.press('#field', 'Enter'); }
  async shot(name) { if (options.shots) await this.page.screenshot({ path: join(options.shots, `${name}.png`) }); }
  close() { Visit.all.delete(this); return this.context.close().catch(() => {}); }
}
function want(condition, why) { if (!condition) throw new Error(why); }
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const PLAYED = `(() => { const from = seen.in.findIndex(m => m.message?.type === 'ready'); const play = seen.in[from]?.message.play; return { seconds: seen.in.reduce((n, m) => n + (m.bytes || 0), 0) / 2 / play.channels / play.rate, rate: play.rate }; })()`;

// ---- the checks ------------------------------------------------------------------------------------------
const checks = [];
const check = (name, does, needs = () => null) => checks.push({ name, does, needs });
const only_fake = () => fake ? null : 'needs the fake gateway';

check('each page is one light file', async () => {
  const sizes = [];
  for (const name of ['talk', 'operator']) {
    const text = readFileSync(join(root, `include/rtai/gateway/page/${name}.html.inc`), 'utf8');
    want(text.startsWith('R"page(') && text.trimEnd().endsWith(')page"') && text.split(')page"').length === 2, `${name}.html.inc is not one raw string`);
    want(text.length < 60000, `${name} has ${text.length} bytes`);
    sizes.push(`${name} ${text.length} bytes`);
  }
  return sizes.join(', ');
});

check('sound is brought to 16 kHz without folding', async () => {
  const visit = await Visit.open();
  const found = await visit.get(async () => {
    const module = URL.createObjectURL(new Blob([document.getElementById('worklet').textContent], { type: 'text/javascript' }));
    const tone = async (rate, hertz) => {
      const context = new OfflineAudioContext(1, rate, rate);
      await context.audioWorklet.addModule(module);
      const from = new OscillatorNode(context, { frequency: hertz }), gain = new GainNode(context, { gain: 0.5 });
      const node = new AudioWorkletNode(context, 'microphone', { numberOfOutputs: 0, processorOptions: { rate: 16000, frame: 320 } });
      const frames = [];
      node.port.onmessage = ({ data }) => frames.push(new Int16Array(data.pcm));
      from.connect(gain).connect(node);
      from.start();
      await context.startRendering();
      await new Promise(resolve => setTimeout(resolve, 100));
      const all = frames.slice(5, 45).flatMap(frame => [...frame]);
      let energy = 0, crossings = 0;
      all.forEach((s, i) => { energy += (s / 32768) ** 2; if (i && all[i - 1] < 0 && s >= 0) crossings++; });
      return { frames: frames.length, rms: Math.sqrt(energy / all.length), hertz: crossings / (all.length / 16000), size: frames[0].length };
    };
    const list = [];
    for (const rate of [16000, 44100, 48000, 96000]) list.push({ rate, low: await tone(rate, 1000), high: rate > 32000 ? await tone(rate, 11000) : null });
    return list;
  });
  for (const { rate, low, high } of found) {
    want(low.size === 320 && low.frames >= 49 && low.frames <= 50, `${low.frames} frames of ${low.size} came of a second at ${rate} Hz`);
    want(Math.abs(low.hertz - 1000) <= 3, `1000 Hz became ${low.hertz} at ${rate}`);
    want(Math.abs(low.rms - 0.3535) < 0.005, `a tone of 0.354 became ${low.rms.toFixed(4)} at ${rate}`);
    if (high) want(high.rms < 0.0005, `11 kHz is left with ${high.rms} at ${rate}`);
  }
  await visit.close();
  return found.filter(f => f.high).map(f => `${f.rate}: 11 kHz ${f.high.rms < 1e-5 ? 'gone' : `at ${(20 * Math.log10(f.high.rms / 0.3535)).toFixed(0)} dB`}`).join(', ');
});

let talk = null;
check('a press connects, with the microphone open', async () => {
  talk = await Visit.open();
  await talk.shot('talk_begin_light');
  await talk.talk();
  want(await talk.get('rtai.session') && await talk.get('rtai.microphone.open'), 'there is no session or no microphone');
  const begin = await talk.get(`seen.out.find(m => m.message)?.message`);
  want(begin.type === 'start' && begin.audio.rate === 16000 && begin.audio.channels === 1 && begin.play.rate === 24000, `the first message was ${JSON.stringify(begin)}`);
});

check('the microphone sends frames of 20 ms in real time', async () => {
  const count = () => talk.get(`({ n: seen.out.filter(m => m.bytes).length, odd: seen.out.filter(m => m.bytes && m.bytes !== 640).length, t: performance.now() })`);
  const a = await count();
  await wait(1500);
  const b = await count(), rate = (b.n - a.n) / (b.t - a.t) * 1000;
  want(b.odd === 0, `${b.odd} frames were not of 640 bytes`);
  want(rate > 46 && rate < 54, `${rate.toFixed(1)} frames a second`);
  return `${rate.toFixed(1)} frames a second`;
});

check('the spoken question comes as a caption', async () => {
  await talk.until(`rtai.captions.some(c => c.stream === 'heard' && c.final)`, 'no final caption came');
  const text = await talk.get(`rtai.captions.find(c => c.stream === 'heard').text`);
  want(new RegExp(options.caption, 'i').test(text), `the caption was '${text}'`);
  want((await talk.page.textContent('#turns')).includes(text.trim()), 'it is not shown');
  want((await talk.page.textContent('#said')).includes(text.trim()), 'it is not told to a screen reader');
  return `"${text}"`;
});

check('the answer is heard', async () => {
  await talk.until('seen.sound > 0.5', 'no sound was played');
  await talk.until(`rtai.state === 'speaking'`, 'the state was not speaking');
  const { sound, energy } = await talk.get('({ sound: seen.sound, energy: seen.energy })');
  const level = Math.sqrt(energy / (sound * await talk.get('rtai.played.rate')));
  want(level > 0.005, `it is silent: ${level}`);
  want(await talk.get('rtai.played.recent.some(s => Math.abs(s) > 0.01)'), 'the page itself knows of no sound');
  await talk.until(`rtai.captions.some(c => c.stream !== 'heard' && c.text.length > 3)`, 'no caption of the answer came');
  await talk.shot('talk_speaking_light');
  return `level ${(20 * Math.log10(level)).toFixed(0)} dB`;
});

check('speaking into the answer stops the sound within 100 ms', async () => {
  await talk.until(`seen.in.some(m => m.message?.event === 'interruption')`, 'nothing was interrupted');
  await wait(400);
  const found = await talk.get(`(() => {
    const interrupted = seen.in.findIndex(m => m.message?.event === 'interruption');
    // A service may pause at the first sign of speech, and interrupt when it is sure of it.
    const held = seen.in.slice(0, interrupted).findLastIndex(m => ['paused', 'resumed'].includes(m.message?.event));
    const i = held >= 0 && seen.in[held].message.event === 'paused' ? held : interrupted, at = seen.in[i].at;
    const next = seen.in.slice(i).find(m => m.bytes && m.at > seen.in[interrupted].at + 200)?.at ?? Infinity; // of the next answer
    return { before: seen.loud.filter(t => t < at && t > at - 500).length, what: seen.in[i].message.event, stopped: Math.max(0, ...seen.loud.filter(t => t < next)) - at, after: seen.loud.filter(t => t > at + 100 && t < next).length, flushes: rtai.played.flushes };
  })()`);
  want(found.before > 0, 'it was silent already, so nothing is shown by it');
  want(found.flushes >= 1 && found.stopped <= 100 && found.after === 0, `it sounded ${found.stopped} ms longer`);
  return `${Math.max(0, found.stopped)} ms after '${found.what}'`;
});

check('the interrupted turn is shown with where its time went', async () => {
  await talk.until('rtai.turns.length >= 1', 'no turn came');
  const turn = await talk.get('rtai.turns[0]');
  want(turn.interrupted === true, 'it is not marked as interrupted');
  await talk.page.waitForSelector('#turns .mark');
  const shown = await talk.get(`(() => { const d = document.querySelector('#turns details'); d.open = true; const rows = [...d.querySelectorAll('tr')]; return { widths: [...d.querySelectorAll('.strip i')].reduce((n, i) => n + parseFloat(i.style.width), 0), numbers: rows.slice(0, -1).map(r => parseFloat(r.querySelector('.number').textContent)), total: parseFloat(rows.at(-1).querySelector('.number').textContent) }; })()`);
  want(Math.abs(shown.widths - 100) < 0.1, `the bars are ${shown.widths}% of the total`);
  const sum = shown.numbers.reduce((a, b) => a + b, 0);
  want(Math.abs(sum - shown.total) <= 0.5 * shown.numbers.length + 0.5, `${shown.numbers.join(' + ')} is not ${shown.total}`);
  return `${shown.numbers.join(' + ')} = ${shown.total} ms`;
});

check('the second question is answered to its end', async () => {
  await talk.until('rtai.turns.length >= 2', 'the second turn did not end', 30);
  await talk.state('listening');
  const turns = await talk.get('rtai.turns');
  want(!turns[1].interrupted && turns[1].said.length > 2, `it ended as ${JSON.stringify(turns[1])}`);
  await talk.shot('talk_turns_light');
  await talk.page.emulateMedia({ colorScheme: 'dark' });
  await talk.shot('talk_turns_dark');
  await talk.page.emulateMedia({ colorScheme: 'light' });
  return `"${turns[1].asked}", "${turns[1].said}"`;
});

check('muted, the microphone sends silence', async () => {
  await talk.page.click('#mute');
  await wait(500);
  const peak = await talk.get('seen.out.filter(m => m.bytes).slice(-10).reduce((n, m) => Math.max(n, m.peak), 0)');
  want(peak <= 1, `it sent ${peak}`);
  want(await talk.page.textContent('#state') === 'Muted', 'it does not say so');
  await talk.page.press('body', 'm');
  want(!await talk.get('rtai.microphone.muted'), 'the key does not bring it back');
});

check('the page had no errors and asked nobody else', async () => {
  want(!talk.errors.length, talk.errors.join('; '));
  want(!talk.foreign.length, talk.foreign.join(' '));
});

check('reloaded, it connects again', async () => {
  const first = await talk.get('rtai.session');
  await talk.page.reload();
  want(await talk.get('rtai.state') === 'idle', 'it does not begin anew');
  await talk.talk();
  const second = await talk.get('rtai.session');
  want(second && second !== first, `the session is ${second}`);
  await talk.close();
});

check('typed words are answered, with all of the sound', async () => {
  const visit = await Visit.open();
  await visit.type('tell me about <b>the weather</b>');
  await visit.until('rtai.turns.length === 1', 'no turn ended');
  await visit.state('listening');
  await wait(300);
  const { seconds } = await visit.get(PLAYED), sound = await visit.get('rtai.played.samples') / (await visit.get(PLAYED)).rate;
  want(seconds > 0.3, `only ${seconds} s of sound came`);
  want(Math.abs(sound - seconds) < 0.03, `${sound.toFixed(3)} s were played of ${seconds.toFixed(3)} s`);
  const gaps = await visit.get('rtai.played');
  want(gaps.lost === 0 && gaps.queued < 0.01, `lost ${gaps.lost}, ${gaps.queued} s wait`);
  want(await visit.get(`document.querySelector('#turns b')`) === null && (await visit.page.textContent('.you')).includes('<b>'), 'words became markup');
  want(await visit.get(`document.querySelectorAll('.you').length`) === 1, 'the words are shown twice');
  want(!await visit.get('rtai.microphone.open'), 'the microphone was opened for it');
  const delay = await visit.get('seen.loud[0] - seen.in.find(m => m.bytes).at');
  want(!visit.errors.length, visit.errors.join('; '));
  await visit.close();
  return `${sound.toFixed(2)} s of ${seconds.toFixed(2)} s, ${gaps.gaps} gaps, begun ${delay} ms after the first came`;
});

check('an uneven network is not heard', async () => {
  fake.uneven = 0.05; // the service is 100 ms ahead, its timers are uneven too
  try {
    const visit = await Visit.open();
    await visit.type('tell me a story');
    await visit.until('rtai.turns.length === 1', 'the answer did not end');
    await wait(300);
    const { seconds, rate } = await visit.get(PLAYED), played = await visit.get('rtai.played');
    want(played.gaps <= 1, `${played.gaps} gaps`); // a busy machine may stop for longer, once
    want(Math.abs(played.samples / rate - seconds) < 0.03, `${played.samples / rate} s of ${seconds} s were played`);
    await visit.close();
    return `${seconds.toFixed(1)} s in pieces up to 50 ms apart, ${played.gaps} gaps`;
  } finally { fake.uneven = 0; }
}, only_fake);

check('one who typed first can talk in the same session', async () => {
  const visit = await Visit.open();
  await visit.type('thank you');
  await visit.until('rtai.session', 'it does not connect');
  const session = await visit.get('rtai.session');
  await visit.page.click('#talk');
  await visit.until('rtai.microphone.open && rtai.microphone.frames > 10', 'the microphone does not open');
  want(await visit.get('rtai.session') === session && await visit.get('rtai.link.attempts') === 1, 'it connected anew');
  await visit.page.click('#talk');
  await visit.state('idle');
  await visit.close();
});

check('Escape stops an answer within 100 ms', async () => {
  const visit = await Visit.open();
  await visit.type('tell me a story');
  await visit.until('seen.sound > 0.6', 'no sound was played');
  await visit.page.press('body', 'Escape');
  await wait(1200);
  const last = await visit.get('Math.max(...seen.loud) - seen.keys.at(-1)');
  want(await visit.get(`seen.out.some(m => m.message?.type === 'interrupt')`), 'the service was not told');
  want(last <= 100, `it sounded ${last} ms longer`);
  await visit.close();
  return `${Math.max(0, last)} ms`;
});

check('it connects again by itself when the service was away', async () => {
  const visit = await Visit.open();
  await visit.talk();
  const first = await visit.get('rtai.session');
  await cut_wire();
  await visit.state('reconnecting');
  await visit.until(`rtai.link.attempts >= 3 && rtai.error?.code === 'unreachable'`, 'it does not try again and say so');
  await visit.until(`/Trying again in|Connecting again/.test(document.getElementById('state').textContent)`, 'the state does not say it');
  await visit.shot('talk_away_light');
  await open_wire();
  await visit.state('listening', 20);
  want(await visit.get('rtai.session') !== first, 'it is the same session');
  want(await visit.get('rtai.error') === null, 'the message stays');
  const before = await visit.get('rtai.microphone.frames');
  await wait(500);
  want(await visit.get('rtai.microphone.frames') > before + 10, 'the microphone is not heard again');
  await visit.type('thank you');
  await visit.until('rtai.turns.length >= 1', 'nothing is answered in the new session');
  want(!visit.errors.length, visit.errors.join('; '));
  await visit.close();
});

check('a connection that hangs is noticed and made anew', async () => {
  const visit = await Visit.open();
  await visit.type('thank you');
  await visit.until('rtai.turns.length >= 1', 'nothing is answered');
  wire.sockets.forEach(socket => { socket.unpipe(); socket.pause(); });
  await visit.until('rtai.link.attempts >= 2', 'it waits for ever', 30);
  await visit.state('listening');
  await visit.close();
});

check('a wrong token is refused, and a good one helps', async () => {
  const good = options.token || 'good-token';
  if (fake) fake.token = good;
  try {
    const visit = await Visit.open({ token: 'wrong' });
    want(!visit.page.url().includes('wrong'), 'the token stays in the address');
    await visit.page.click('#talk');
    await visit.state('refused');
    const text = await visit.page.textContent('#notice-text');
    want(/token/i.test(text), `it says '${text}'`);
    await visit.shot('talk_refused_light');
    const attempts = await visit.get('rtai.link.attempts');
    await wait(1500);
    want(await visit.get('rtai.link.attempts') === attempts, 'it keeps trying');
    await visit.page.fill('#token-field', good);
    await visit.page.press('#token-field', 'Enter');
    await visit.state('listening');
    await visit.page.reload();
    await visit.talk();
    await visit.close();
    return `"${text}"`;
  } finally { if (fake) fake.token = ''; }
}, () => fake || options.token ? null : 'needs --token with a service that asks for one');

check('a full service is said, and tried again', async () => {
  fake.full = true;
  const visit = await Visit.open();
  await visit.page.click('#talk');
  await visit.until(`rtai.error?.code === 'full'`, 'it does not say so');
  await visit.shot('talk_full_light');
  fake.full = false;
  await visit.page.click('#notice-action');
  await visit.state('listening');
  await visit.close();
}, only_fake);

check('drained, ended and failing services are understood', async () => {
  const visit = await Visit.open();
  await visit.talk();
  fake.newest.socket.close(1001, 'draining');
  await visit.until(`rtai.error?.code === 'draining'`, 'draining is not said');
  await visit.state('listening');
  fake.newest.send({ type: 'error', code: 'stt', message: 'Hearing failed; say it again.', fatal: false });
  await visit.until(`rtai.error?.text === 'Hearing failed; say it again.'`, 'a small error is not shown');
  want(await visit.get('rtai.state') === 'listening', 'a small error ended the session');
  fake.newest.send({ type: 'nonsense' });
  fake.newest.socket.send('{ not json');
  fake.newest.socket.send(Buffer.from([1, 2, 3]));
  fake.newest.send({ type: 'error', code: 'limit', message: 'An hour is over.', fatal: true });
  fake.newest.socket.close(1011);
  await visit.until(`rtai.error?.text === 'An hour is over.'`, 'a fatal error is not shown');
  want(await visit.get('rtai.state') === 'refused', 'it goes on after a fatal error');
  await visit.page.click('#notice-action');
  await visit.state('listening');
  fake.newest.socket.close(1000);
  await visit.state('idle');
  want(await visit.get('rtai.error.code') === 'ended', 'an ended session is not said');
  want(!visit.errors.length, visit.errors.join('; '));
  await visit.close();
}, only_fake);

check('what is heard is given to its turn, numbered or not', async () => {
  const visit = await Visit.open();
  const told = await visit.get(() => {
    const say = message => on_message({ type: 'text', final: true, ...message });
    on_message({ type: 'ready', session: 'x', play: { codec: 'pcm', rate: 24000, channels: 1 } });
    say({ stream: 'heard', text: '', turn: 0 });
    say({ stream: 'heard', text: 'how are', turn: 0, final: false });
    say({ stream: 'heard', text: 'how are you', turn: 0 });
    say({ stream: 'said', text: 'I am well.', turn: 1 });
    say({ stream: 'answer', text: 'I am', turn: 1 });
    say({ stream: 'said', text: 'And you?', turn: 1 });
    say({ stream: 'heard', text: 'wait', turn: 0, final: false });
    on_message({ type: 'turn', turn: 1, asked: 'how are you', said: 'I am', interrupted: true });
    say({ stream: 'heard', text: 'wait', turn: 0 });
    say({ stream: 'heard', text: 'a moment', turn: 0 });
    say({ stream: 'said', text: 'Of course.', turn: 2 });
    on_message({ type: 'turn', turn: 2, asked: 'wait a moment', said: 'Of course.', interrupted: false });
    say({ stream: 'heard', text: 'hm', turn: 0, final: false });
    say({ stream: 'heard', text: '', turn: 0 }); // it was nothing
    say({ stream: 'heard', text: 'go on', turn: 3 });
    say({ stream: 'said', text: 'Two', turn: 3, final: false });
    say({ stream: 'said', text: ' pieces.', turn: 3 });
    return [...document.querySelectorAll('#turns li')].map(li => [...li.querySelectorAll('p')].map(p => p.textContent).join(' | '));
  });
  const wanted = ['how are you | I am interrupted well. And you?', 'wait a moment | Of course.', 'go on | Two pieces.'];
  want(JSON.stringify(told) === JSON.stringify(wanted), JSON.stringify(told));
  await visit.close();
});

check('paused holds the sound, resumed goes on, nothing is lost', async () => {
  const visit = await Visit.open();
  await visit.type('hello');
  await visit.until('seen.sound > 0.3', 'no sound was played');
  const s = fake.newest;
  clearInterval(s.pacer);
  const half = s.speaking.sound.subarray(s.speaking.sent, s.speaking.sent + 12000); // more than is under way otherwise
  s.socket.send(Buffer.from(half.buffer, half.byteOffset, half.byteLength));
  s.speaking.sent += half.length;
  s.event('paused');
  await visit.state('paused');
  await wait(150);
  const quiet = await visit.get('seen.sound');
  await wait(400);
  want(await visit.get('seen.sound') === quiet, 'it sounds while paused');
  s.event('resumed');
  s.speaking.began = performance.now() - s.speaking.sent / 24;
  s.pacer = setInterval(() => s.pace(), 10);
  await visit.until('rtai.turns.length === 1', 'the answer did not end');
  await wait(1200);
  const { seconds, rate } = await visit.get(PLAYED), sound = await visit.get('rtai.played.samples') / rate;
  want(Math.abs(sound - seconds) < 0.03, `${sound} s of ${seconds} s were played`);
  const told = await visit.get(() => { // one that comes late, when nothing is left to play
    sound.hold(true);
    sound.play(new Int16Array(480).fill(9000).buffer);
    return seen.loud.length;
  });
  await wait(300);
  want(await visit.get('seen.loud.length') === told, 'what comes while paused is heard');
  await visit.close();
}, only_fake);

check('without a microphone it says so, and typing works', async () => {
  const bare = await launch([]);
  try {
    const visit = await Visit.open({ in: bare, permissions: ['microphone'] });
    await visit.page.click('#talk');
    await visit.until(`rtai.error?.code === 'no_microphone'`, 'it does not say so');
    await visit.state('listening');
    await visit.shot('talk_no_microphone_light');
    await visit.type('hello');
    await visit.until('rtai.turns.length === 1', 'typed words are not answered');
    await visit.close();
  } finally { await bare.close(); }
});

check('a microphone that is not allowed is explained', async () => {
  const strict = await launch(['--use-fake-device-for-media-stream', '--deny-permission-prompts']);
  try {
    const visit = await Visit.open({ in: strict });
    await visit.page.click('#talk');
    await visit.until(`rtai.error?.code === 'denied'`, 'it does not say so');
    await visit.close();
  } finally { await strict.close(); }
});

check('a page that is not secure says how to open it', async () => {
  const visit = await Visit.open({ host: 'rtai.test' });
  await visit.page.click('#talk');
  await visit.until(`rtai.error?.code === 'insecure'`, 'it does not say so');
  want(/https or localhost/.test(await visit.page.textContent('#notice-text')), 'it does not say how');
  await visit.type('hello');
  await visit.until('rtai.turns.length === 1', 'typed words are not answered');
  want(!visit.errors.length, visit.errors.join('; '));
  await visit.close();
});

check('it fits a phone', async () => {
  for (const [name, width, height] of [['phone', 390, 844], ['small', 320, 568], ['wide', 740, 360]]) {
    const visit = await Visit.open({ viewport: { width, height }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    if (name === 'phone') { await visit.shot('phone_begin_light'); await visit.page.emulateMedia({ colorScheme: 'dark' }); await visit.shot('phone_begin_dark'); await visit.page.emulateMedia({ colorScheme: 'light' }); }
    await visit.page.tap('#talk');
    await visit.state('listening');
    await visit.type('what is the weather in Lisbon');
    await visit.until('rtai.turns.length >= 1', 'no turn ended');
    const found = await visit.get(`({ wide: document.documentElement.scrollWidth, small: [...document.querySelectorAll('button, input, summary')].filter(b => b.offsetParent).map(b => [b.id || b.textContent, b.getBoundingClientRect()]).filter(([, r]) => r.height < 44 || r.width < 44).map(([n, r]) => n + ' ' + r.width + 'x' + r.height), seen: document.getElementById('page').clientHeight })`);
    want(found.wide <= width, `${found.wide} of ${width} are wide at ${name}`);
    want(!found.small.length, `too small to touch: ${found.small.join(', ')}`);
    want(found.seen > 60, `only ${found.seen} are left for the conversation at ${name}`);
    if (name !== 'small') { await visit.shot(`${name}_turn_light`); await visit.page.emulateMedia({ colorScheme: 'dark' }); await visit.shot(`${name}_turn_dark`); }
    else await visit.shot('small_turn_light');
    await visit.close();
  }
});

check('it works from the keyboard, and all has a name', async () => {
  const visit = await Visit.open();
  const order = [];
  for (let i = 0; i < 6; i++) { await visit.page.keyboard.press('Tab'); order.push(await visit.get('document.activeElement.id || document.activeElement.tagName')); }
  want(order.includes('talk') && order.includes('field'), `Tab goes to ${order.join(', ')}`);
  await visit.page.focus('#talk');
  await visit.page.keyboard.press('Enter');
  await visit.state('listening');
  const nameless = await visit.get(`[...document.querySelectorAll('button, input')].filter(n => n.offsetParent && !(n.getAttribute('aria-label') || n.textContent.trim() || n.labels?.length)).map(n => n.id || n.outerHTML)`);
  want(!nameless.length, `without a name: ${nameless.join(', ')}`);
  want(await visit.get(`document.querySelector('[aria-live]') !== null && document.querySelector('[role=meter]') !== null`), 'no live region or meter');
  await visit.page.focus('#talk');
  await visit.page.keyboard.press('Enter');
  await visit.state('idle');
  await visit.close();
  return order.map(name => name.slice(0, 12)).join(', ');
});

check('words can be read in both colour schemes', async () => {
  const worst = [];
  for (const path of ['', 'operator']) for (const colorScheme of ['light', 'dark']) {
    const visit = await Visit.open({ path, colorScheme });
    const found = await visit.get(`(() => {
      const style = getComputedStyle(document.documentElement);
      const luminance = name => { const hex = style.getPropertyValue(name).trim(); const [r, g, b] = [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
      const pairs = [['--ink', '--paper'], ['--soft', '--paper'], ['--soft', '--raised'], ['--ink', '--raised'], ['--bad', '--bad-wash'], ['--accent', '--wash'], ['--ink', '--wash'], ['--bad', '--raised'], ['--bad', '--paper']];
      if (style.getPropertyValue('--on-accent')) pairs.push(['--on-accent', '--accent']);
      if (style.getPropertyValue('--warm')) pairs.push(['--warm', '--warm-wash']);
      return pairs.map(([a, b]) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return [a + ' on ' + b, (x + 0.05) / (y + 0.05)]; }).sort((p, q) => p[1] - q[1])[0];
    })()`);
    want(found[1] >= 4.5, `${found[0]} has ${found[1].toFixed(2)} in ${colorScheme}`);
    worst.push(found[1]);
    await visit.close();
  }
  return `the least contrast is ${Math.min(...worst).toFixed(1)}`;
});

let person = null, operator = null;
check('the operator sees a session, its graph and its rates', async () => {
  person = await Visit.open();
  await person.talk();
  operator = await Visit.open({ path: 'operator', viewport: { width: 1440, height: 1000 } });
  const id = await person.get('rtai.session');
  await operator.until(`document.querySelector('#sessions tr[data-id="${id}"] button')`, 'the session is not in the list');
  await operator.page.click(`#sessions tr[data-id="${id}"] button`);
  await operator.until(`operator.session?.id === '${id}' && Object.values(operator.rates).some(r => r > 0)`, 'no rates came');
  const found = await operator.get(`({ nodes: document.querySelectorAll('#graph rect.node').length, elements: operator.session.elements.length, paths: document.querySelectorAll('#graph g > path').length, edges: operator.session.edges.length, rows: document.querySelectorAll('#edges tbody tr').length, live: document.getElementById('live').textContent })`);
  want(found.nodes === found.elements && found.paths === found.edges && found.rows === found.edges, JSON.stringify(found));
  want(Number(found.live) >= 1, 'it shows no live session');
  const overlaps = await operator.get(`(() => { const boxes = [...document.querySelectorAll('#graph rect.node')].map(r => r.getBoundingClientRect()); return boxes.filter((a, i) => boxes.some((b, k) => k > i && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length; })()`);
  want(overlaps === 0, `${overlaps} elements lie on others`);
  return `${found.nodes} elements, ${found.edges} edges`;
});

check('the operator sees turns, and where their time went', async () => {
  await operator.until(`document.querySelectorAll('#turns .turn').length >= 2`, 'no turns are shown', 40);
  await operator.until(`document.querySelectorAll('#turns .person').length >= 1 && document.querySelectorAll('#turns .stages li').length >= 3`, 'no timeline is shown');
  if (options.shots) for (const scheme of ['light', 'dark']) {
    await operator.page.emulateMedia({ colorScheme: scheme });
    await operator.page.screenshot({ path: join(options.shots, `operator_${scheme}.png`), fullPage: true });
    await operator.page.setViewportSize({ width: 390, height: 844 });
    want(await operator.get('document.documentElement.scrollWidth') <= 390, 'it is too wide for a phone');
    await operator.page.screenshot({ path: join(options.shots, `operator_phone_${scheme}.png`), fullPage: true });
    await operator.page.setViewportSize({ width: 1440, height: 1000 });
  }
  want(!operator.errors.length, operator.errors.join('; '));
  want(!operator.foreign.length, operator.foreign.join(' '));
});

check('the operator sees drops in red, and draining', async () => {
  await operator.until(`document.querySelectorAll('#graph g.dropped').length === 1 && document.querySelector('#graph g.dropping path')`, 'drops are not shown');
  fake.draining = true;
  await operator.until(`!document.getElementById('draining').hidden`, 'draining is not shown');
  fake.draining = false;
}, only_fake);

check('the operator page outlives its session and its service', async () => {
  await person.close();
  await operator.until(`!document.getElementById('gone').hidden`, 'the end of the session is not said');
  await cut_wire();
  await operator.until('operator.error?.status === 0', 'it does not say that the service is away');
  await operator.shot('operator_away');
  await open_wire();
  await operator.until('operator.error === null', 'it does not go on');
  await operator.close();
});

check('the operator page asks for a token', async () => {
  const good = options.token || 'good-token';
  if (fake) fake.token = good;
  try {
    const visit = await Visit.open({ path: 'operator', token: '' });
    await visit.until('operator.error?.status === 401', 'it is not refused');
    await visit.page.fill('#token-field', good);
    await visit.page.press('#token-field', 'Enter');
    await visit.until('operator.status', 'a good token does not help');
    await visit.close();
  } finally { if (fake) fake.token = ''; }
}, () => fake || options.token ? null : 'needs --token with a service that asks for one');

check('a graph with a cycle, a lone element and three hundred sessions is drawn', async () => {
  const visit = await Visit.open({ path: 'operator' });
  const found = await visit.get(() => {
    asking++; // what comes in meanwhile is of another question
    const edge = (from, to, i) => ({ name: `e${i}`, from, to, type: 'audio', depth: 1, capacity: 4, high: 2, sent: 10, dropped: 0 });
    const edges = [['a', 'b'], ['b', 'c'], ['c', 'a'], ['b', 'b'], ['a', 'd'], ['d', 'c'], ['a', 'c']].map(([x, y], i) => edge(x, y, i));
    show_session({ id: 'x', elements: ['a', 'b', 'c', 'd', 'alone'].map(name => ({ name })), edges, turns: [] });
    const began = performance.now();
    const names = Array.from({ length: 120 }, (_, i) => `element_${i}`);
    show_session({ id: 'y', elements: names.map(name => ({ name })), edges: names.slice(1).flatMap((name, i) => [edge(names[i], name, i), ...(i > 20 ? [edge(names[i - 20], name, `l${i}`)] : [])]), turns: [] });
    const seconds = (performance.now() - began) / 1000;
    show_status({ service: 's', version: '1', uptime: 1, sessions: Array.from({ length: 300 }, (_, i) => ({ id: `i${i}`, client: `c${i}`, state: 'listening', since: i, turns: 0 })), totals: {} });
    return { seconds, nodes: document.querySelectorAll('#graph rect.node').length, rows: document.querySelectorAll('#sessions tbody tr').length, bad: /NaN|undefined/.test(document.getElementById('graph').innerHTML) };
  });
  want(found.nodes === 120 && found.rows === 200 && !found.bad, JSON.stringify(found));
  want(!visit.errors.length, visit.errors.join('; '));
  await visit.close();
  return `120 elements laid out in ${(found.seconds * 1000).toFixed(0)} ms`;
});

// ---- and now -------------------------------------------------------------------------------------------
let failed = 0;
for (const { name, does, needs } of checks) {
  if (options.only && !new RegExp(options.only, 'i').test(name)) continue;
  const missing = needs();
  if (missing) { console.log(`skip  ${name}: ${missing}`); continue; }
  try {
    const detail = await does();
    console.log(`ok    ${name}${detail ? `: ${detail}` : ''}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.message.split('\n')[0]}`);
    for (const visit of Visit.all) if (![talk, person, operator].includes(visit)) await visit.close();
  }
}
await browser.close();
await cut_wire();
await fake?.stop();
rmSync(scratch, { recursive: true, force: true });
console.log(failed ? `${failed} failed` : 'all is well');
process.exit(failed);
