// What a client of JavaScript says and hears, whatever carries it: talk.py in short.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './modules.mjs';

export function check(holds, words) {
  if (!holds) { console.log(`FAILED: ${words}`); process.exit(1); }
  console.log(`ok: ${words}`);
}

/// What comes: objects as over a WebSocket, and buffers for sound.
export class Transcript {
  all = [];
  add(message) { this.all.push(message); }
  index(holds, start = 0) { return this.all.findIndex((m, i) => i >= start && !Buffer.isBuffer(m) && holds(m)); }
  event(name, turn, start = 0) { return this.index(m => m.type === 'event' && m.event === name && (turn === undefined || m.turn === turn), start); }
  sound(start = 0, end = this.all.length) { return Buffer.concat(this.all.slice(start, end).filter(m => Buffer.isBuffer(m))); }
  words(stream, final) { return this.all.filter(m => m.type === 'text' && m.stream === stream && (final === undefined || m.final === final)).map(m => m.text); }
  async wait_for(holds, words, patience = 15000) {
    for (const until = Date.now() + patience; this.index(holds) < 0 && Date.now() < until;) await sleep(20);
    check(this.index(holds) >= 0, words);
    return this.index(holds);
  }
}

/// A message of gRPC as it would be over a WebSocket.
export function as_told(m) {
  if (m.payload === 'audio') return m.audio.data;
  if (m.payload === 'text')
    return m.text.text_type === 'json' ? JSON.parse(m.text.data)
      : { type: 'text', stream: m.metadata.stream, text: String(m.text.data), final: m.metadata.final === 'true' };
  if (m.control.error) return { type: 'error', ...m.control.error };
  if (m.control.state_change) return { type: m.control.state_change.state === 'CONNECTION_STATE_CONNECTED' ? 'ready' : 'over' };
  return { type: m.control.control_type };
}

export function loudness(sound) {
  let sum = 0;
  for (let i = 0; i + 1 < sound.length; i += 2) sum += sound.readInt16LE(i) ** 2;
  return Math.sqrt(sum / Math.max(1, sound.length / 2));
}

/// Sends question.wav and then a quiet room, as a microphone would, until `done`.
export async function speak(send, done) {
  const file = readFileSync(join(root, 'examples/voice_assistant/question.wav'));
  const rate = file.readUInt32LE(24), size = 2 * rate / 50;
  let next = Date.now();
  for (let at = file.indexOf('data') + 8, n = 0; n < 1500 && !done(); at += size, n++) {
    const quiet = Buffer.alloc(size);
    for (let i = 0; i < size; i += 2) quiet.writeInt16LE(Math.round(60 * (Math.random() - 0.5)), i);
    send(at + size <= file.length ? file.subarray(at, at + size) : quiet, rate);
    next += 20;
    await sleep(Math.max(0, next - Date.now()));
  }
}

/// An answer that was not interrupted: as long as was told, and a voice.
export function check_answer(talk, turn, rate, start = 0) {
  const ends = talk.all.filter(m => m.type === 'event' && m.event === 'playout_end' && m.turn === turn);
  check(ends.length > 0, `turn ${turn} is spoken to its end`);
  const sound = talk.sound(start), got = sound.length / 2 / rate;
  const expected = Number(ends.at(-1).detail.split(' ')[1]) / 16000;
  check(Math.abs(got - expected) < 0.1, `${got.toFixed(2)} s of sound came, where ${expected.toFixed(2)} s were played`);
  check(loudness(sound) > 300, `it is a voice, of loudness ${loudness(sound).toFixed(0)}`);
}

/// question.wav asks for a story, and speaks again while it is told.
export function check_interrupted_story(talk, rate) {
  check(talk.all[0].type === 'ready', 'the session says first that it is ready');
  const heard = talk.words('heard', true);
  check(heard.length === 2 && heard[0].includes('story'), `both questions are captions: ${heard.join(' / ')}`);
  check(talk.words('said').join(' ').includes('lighthouse'), 'the answer is the story');
  const cut = talk.event('interruption', 1);
  check(cut >= 0, 'the second question interrupts the first answer');
  check(talk.sound(0, cut).length / 2 / rate > 2 && loudness(talk.sound(0, cut)) > 300, 'of which a good part was heard');
  const second = talk.event('first_audio', 2, cut);
  check(second >= 0 && talk.sound(cut, second).length === 0, 'after the interruption no sound of the first answer comes');
  check_answer(talk, 2, rate, cut);
  check(talk.all[talk.index(m => m.type === 'turn' && m.turn === 1)].interrupted, 'the first turn is told as interrupted');
}
