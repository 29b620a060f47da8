// The gRPC service from pages in Chromium: frames made by hand for fetch, and the official grpc-web package.
//   node grpc_web.mjs HTTP_ADDRESS ALLOWED_ORIGIN OTHER_ORIGIN
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { load, path_of, root } from './modules.mjs';
import { Transcript, as_told, check, check_answer } from './talk.mjs';

const { chromium } = load('playwright-core');
const [address, friend, stranger] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox'] });

// ---- within a page ---------------------------------------------------------------------------------------
function equip({ proto, address }) {
  const service = 'streamingai.v1.StreamingAIService';
  const types = protobuf.parse(proto, { keepCase: true }).root;
  const type = name => types.lookupType(`streamingai.v1.${name}`);
  const plain = { enums: String, longs: String, bytes: String, oneofs: true };
  const of_method = { CreateSession: ['CreateSessionRequest', 'CreateSessionResponse'], CloseSession: ['CloseSessionRequest', 'CloseSessionResponse'] };
  const types_of = method => (of_method[method] ?? ['StreamMessage', 'StreamMessage']).map(type);
  const base64 = bytes => btoa(Array.from(bytes, b => String.fromCharCode(b)).join(''));
  const from_base64 = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));

  const frame = bytes => {
    const out = new Uint8Array(5 + bytes.length);
    new DataView(out.buffer).setUint32(1, bytes.length);
    out.set(bytes, 5);
    return out;
  };
  const joined = pieces => {
    const out = new Uint8Array(pieces.reduce((n, p) => n + p.length, 0));
    pieces.reduce((at, p) => (out.set(p, at), at + p.length), 0);
    return out;
  };

  /// Calls with fetch. What comes is told with its time: messages, then trailers.
  window.call = async (method, format, messages, { headers = {}, until } = {}) => {
    const [asks, answers] = types_of(method);
    const begun = performance.now(), leave = new AbortController();
    const body = joined(messages.map(m => frame(m.raw ? from_base64(m.raw) : asks.encode(asks.fromObject(m)).finish())));
    const content = `application/grpc-web${format === 'text' ? '-text' : ''}+proto`;
    const response = await fetch(`${address}/${service}/${method}`, {
      method: 'POST', signal: leave.signal, headers: { 'Content-Type': content, 'X-Grpc-Web': '1', ...headers }, body: format === 'text' ? base64(body) : body });
    const told = { http: response.status, type: response.headers.get('Content-Type'), messages: [], trailers: null, pieces: 0 };
    if (told.type !== content) return told;
    let rest = new Uint8Array(0), letters = '';
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      ++told.pieces;
      let bytes = value;
      if (format === 'text') {  // in fours, of which each piece of the answer may end with '='
        letters += String.fromCharCode(...value);
        const whole = letters.length - letters.length % 4;
        bytes = joined(letters.slice(0, whole).match(/.{4}/g)?.map(from_base64) ?? []);
        letters = letters.slice(whole);
      }
      rest = joined([rest, bytes]);
      while (rest.length >= 5) {
        const size = new DataView(rest.buffer).getUint32(1);
        if (rest.length < 5 + size) break;
        const content_of = rest.slice(5, 5 + size);
        if (rest[0] === 0x80) told.trailers = Object.fromEntries(new TextDecoder().decode(content_of).trim().split('\r\n').map(line => line.split(': ')));
        else told.messages.push({ at: performance.now() - begun, ...answers.toObject(answers.decode(content_of), plain) });
        rest = rest.slice(5 + size);
      }
      if (until && told.messages.some(m => m[until])) { leave.abort(); return told; }
    }
    told.left = rest.length + letters.length;
    told.took = performance.now() - begun;
    return told;
  };

  /// Calls with the grpc-web package. The bidirectional call is to it one with a stream of answers.
  window.call_officially = (method, format, message) => new Promise(resolve => {
    const [asks, answers] = types_of(method);
    const unary = method in of_method;
    const told = { messages: [], status: null };
    const description = new grpc_web.MethodDescriptor(`/${service}/${method}`, unary ? grpc_web.MethodType.UNARY : grpc_web.MethodType.SERVER_STREAMING, Object, Object,
      m => asks.encode(asks.fromObject(m)).finish(), bytes => answers.toObject(answers.decode(new Uint8Array(bytes)), plain));
    const client = new grpc_web.GrpcWebClientBase({ format });
    const begun = performance.now();
    const url = `${address}/${service}/${method}`;
    if (unary) {
      client.rpcCall(url, message, {}, description, (error, answer) => resolve(error ? { error: error.message, code: error.code } : { messages: [answer] }));
      return;
    }
    client.serverStreaming(url, message, {}, description)
      .on('data', m => told.messages.push({ at: performance.now() - begun, ...m }))
      .on('status', status => { told.status = status; })
      .on('error', error => resolve({ ...told, error: error.message, code: error.code }))
      .on('end', () => resolve({ ...told, took: performance.now() - begun }));
  });
}

async function page_at(url) {
  const context = await browser.newContext({ bypassCSP: true });  // /health has a policy that forbids scripts
  const page = await context.newPage();
  await page.goto(url);
  await page.addScriptTag({ path: path_of('protobufjs/dist/protobuf.min.js') });
  await page.addScriptTag({ content: `window.grpc_web = (() => { const exports = {}; ${readFileSync(path_of('grpc-web/index.js'), 'utf8')}\nreturn exports; })();` });
  await page.evaluate(equip, { proto: readFileSync(join(root, 'proto/streamingai/v1/streaming_ai.proto'), 'utf8'), address });
  return {
    close: () => context.close(),
    call: (...words) => page.evaluate(args => call(...args), words),
    call_officially: (...words) => page.evaluate(args => call_officially(...args), words),
  };
}

// ---- the checks ------------------------------------------------------------------------------------------
const words = text => ({ type: 'MESSAGE_TYPE_TEXT', text: { data: Buffer.from(text).toString('base64'), text_type: 'plain' } });
const settings = (more, session_id) => ({ session_id, type: 'MESSAGE_TYPE_CONTROL', control: { control_type: 'CONTROL_TYPE_CONFIG', config: { settings: more } } });

/// Messages from a page, whose bytes are base64.
function transcript(messages) {
  const talk = new Transcript();
  for (const m of messages) {
    for (const part of [m.audio, m.text]) if (part?.data) part.data = Buffer.from(part.data, 'base64');
    talk.add(as_told(m));
  }
  return talk;
}

function check_streamed(answer) {
  const sound = answer.messages.filter(m => m.audio);
  check(sound.length > 20 && sound.at(-1).at - sound[0].at > 1000, `its sound came over ${((sound.at(-1).at - sound[0].at) / 1000).toFixed(1)} s, in ${sound.length} messages`);
  check(answer.took - sound[0].at > 1000, 'the first long before the end');
}

async function calls_of(page, where) {
  for (const format of ['binary', 'text']) {
    const made = await page.call('CreateSession', format, [{}]);
    const session_id = made.messages[0]?.session_id;
    check(made.http === 200 && made.trailers['grpc-status'] === '0' && /^\w{32}$/.test(session_id), `${where}, ${format}: CreateSession answers ${session_id}`);
    const answer = await page.call('BiDirectionalStreaming', format, [settings({ 'play.rate': '24000' }, session_id), words('hello')]);
    check(answer.trailers?.['grpc-status'] === '0' && answer.left === 0, `${where}, ${format}: a question is answered, to the last frame`);
    check(answer.messages.every(m => m.session_id === session_id), 'in the session that was made');
    check_streamed(answer);
    const talk = transcript(answer.messages);
    check(talk.all[0].type === 'ready', 'it says first that it is ready');
    check(talk.words('said').join(' ').startsWith('Hello!'), 'and what it says comes as a caption');
    check_answer(talk, 1, 24000);
    check(answer.messages.filter(m => m.audio).every(m => m.audio.sample_rate === 24000 && m.audio.codec === 'pcm'), 'the sound is as it was asked for');
    const close = await page.call('CloseSession', format, [{ session_id }]);
    check(close.trailers['grpc-status'] === '0' && !close.messages[0].success, `${where}, ${format}: CloseSession of what is over has no success`);
  }
}

async function official(page, where) {
  for (const format of ['text', 'binary']) {
    const made = await page.call_officially('CreateSession', format, {});
    check(/^\w{32}$/.test(made.messages?.[0]?.session_id), `${where}: the grpc-web package creates a session (${format}) ${made.error ?? ''}`);
  }
  const answer = await page.call_officially('BiDirectionalStreaming', 'text', words('hello'));
  check(answer.status?.code === 0 && !answer.error, `${where}: and is answered in a stream ${answer.error ?? ''}`);
  check_streamed(answer);
  check_answer(transcript(answer.messages), 1, 16000);
  const wrong = await page.call_officially('CloseSession', 'text', { session_id: 'x'.repeat(100) });
  check(wrong.error !== undefined || wrong.messages[0].success !== true, 'a session that there is not is not closed');
}

async function mistakes(page) {
  const none = await page.call('Sing', 'binary', [{}]);
  check(none.trailers['grpc-status'] === '12', `a method that there is not is UNIMPLEMENTED: ${none.trailers['grpc-message']}`);
  const bad = await page.call('BiDirectionalStreaming', 'text', [{ raw: '/////w==' }]);
  check(bad.trailers['grpc-status'] === '3', `what is no message is INVALID_ARGUMENT: ${bad.trailers['grpc-message']}`);
  const large = await page.call('BiDirectionalStreaming', 'binary', [words('x'.repeat(20_000))]);
  check(large.messages.some(m => m.control?.error?.message.includes('a text may have 16384 bytes')), 'a text that is too long is told');
  const refused = await page.call('CreateSession', 'binary', [{}], { headers: { 'Content-Type': 'text/plain' } });
  check(refused.http === 415, `another content type has status ${refused.http}`);
  const left = await page.call('BiDirectionalStreaming', 'binary', [words('tell me a story')], { until: 'audio' });
  check(left.trailers === null && left.messages.length > 0, 'a page can leave in the middle of an answer');
}

async function a_recording(page) {
  const file = readFileSync(join(root, 'examples/voice_assistant/question.wav'));
  const rate = file.readUInt32LE(24), begin = file.indexOf('data') + 8;
  const question = file.subarray(begin, begin + 2 * Math.round(2.8 * rate));  // the second one comes later
  const answer = await page.call('BiDirectionalStreaming', 'binary', [{ type: 'MESSAGE_TYPE_AUDIO', audio: { data: question.toString('base64'), sample_rate: rate, channels: 1, codec: 'pcm' } }]);
  check(answer.trailers['grpc-status'] === '0', 'a whole recording is answered');
  const talk = transcript(answer.messages);
  check(talk.words('heard', true).join(' ').includes('story'), `it was heard: ${talk.words('heard', true)}`);
  check(talk.words('said').join(' ').includes('lighthouse'), 'and the answer is the story');
}

const own = await page_at(`${address}/health`);
await calls_of(own, 'the same origin');
await official(own, 'the same origin');
await mistakes(own);
await a_recording(own);
await own.close();

const other = await page_at(friend);
await calls_of(other, 'another origin');
await official(other, 'another origin');
await other.close();

const uninvited = await page_at(stranger);
const refusal = await uninvited.call('CreateSession', 'binary', [{}]).then(() => 'nothing', error => error.message);
check(refusal.includes('Failed to fetch'), `a page of an origin that is not allowed is told by its browser: ${refusal.split('\n')[0]}`);
// A page that is closed takes its call with it.
const gone = await page_at(friend);
gone.call('BiDirectionalStreaming', 'binary', [words('tell me a story')]).catch(() => {});
await sleep(1500);
await gone.close();
await browser.close();
