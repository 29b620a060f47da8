// Writes tests/ai/silero_reference.txt: what onnxruntime-node makes of the sounds of tests/ai/voice.hpp and, when
// they are there, of the recordings in Debian's pocketsphinx-testdata.
//
//     npm install --ignore-scripts onnxruntime-node@1.30.0      (anywhere; run the script from there)
//     node .../tests/ai/silero_reference.mjs silero_vad.onnx [/usr/share/pocketsphinx/test/data] > silero_reference.txt
//
// Each block: a name, the rate, of which windows (each n-th) and how many follow; then their probabilities.

import fs from "node:fs";
import { createRequire } from "node:module";

const ort = createRequire(process.cwd() + "/")("onnxruntime-node");
const [model, recordings = "/usr/share/pocketsphinx/test/data"] = process.argv.slice(2);
const session = await ort.InferenceSession.create(model, { interOpNumThreads: 1, intraOpNumThreads: 1 });

// --- The sounds, line by line as in voice.hpp ------------------------------------------------------------

const to_s16 = (x) => Math.max(-32768, Math.min(32767, Math.floor(x * 32767 + 0.5)));

function noise() {
  let state = 12345;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 16) / 32768 - 1;
  };
}

const vowels = [[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480], [570, 840, 2410]];

function voice(rate, count) {
  const hiss = noise(), made = [], past = [0, 0, 0, 0, 0, 0];
  let phase = 0, glottis = 0;
  for (let n = 0; n < count; ++n) {
    const t = n / rate, syllable = Math.floor(t * 4), p = t * 4 - syllable;
    phase += (120 + 30 * Math.sin(4.4 * t)) / rate;
    let puff = 0;
    if (phase >= 1) { phase -= 1; puff = 1; }
    glottis = 0.95 * glottis + puff;
    let x = glottis + 0.02 * hiss();
    for (let k = 0; k < 3; ++k) {
      const r = Math.exp((-Math.PI * (70 + 30 * k)) / rate);
      const b1 = 2 * r * Math.cos((2 * Math.PI * vowels[syllable % 5][k]) / rate), b2 = -r * r;
      x = (1 - b1 - b2) * x + b1 * past[2 * k] + b2 * past[2 * k + 1];
      past[2 * k + 1] = past[2 * k];
      past[2 * k] = x;
    }
    const loudness = p < 0.8 ? Math.sin((Math.PI * p) / 0.8) : 0;
    made.push(0.1 * loudness * x);
  }
  return made;
}

// Two seconds each: silence, noise, voice, a tone, voice in noise, loud noise that clips.
function signal(rate) {
  const hiss = noise(), spoken = voice(rate, 2 * rate), made = [];
  for (let part = 0; part < 6; ++part)
    for (let n = 0; n < 2 * rate; ++n) {
      const h = hiss();
      if (part === 0) made.push(0);
      if (part === 1) made.push(0.05 * h);
      if (part === 2) made.push(spoken[n]);
      if (part === 3) made.push(0.3 * Math.sin((2 * Math.PI * 440 * n) / rate));
      if (part === 4) made.push(spoken[n] + 0.02 * h);
      if (part === 5) made.push(3 * h);
    }
  return Int16Array.from(made, to_s16);
}

// --- What the model says of them -------------------------------------------------------------------------

async function write(name, rate, samples, every = 1, rounds = 1) {
  const window = rate / 31.25, context = window / 8;
  let state = new Float32Array(256), input = new Float32Array(context + window);
  const said = [];
  let count = 0;
  for (let round = 0; round < rounds; ++round)
    for (let i = 0; i + window <= samples.length; i += window) {
      input = Float32Array.from([...input.slice(-context), ...Array.from(samples.slice(i, i + window), (s) => s / 32768)]);
      const answer = await session.run({
        input: new ort.Tensor("float32", input, [1, input.length]),
        state: new ort.Tensor("float32", state, [2, 1, 128]),
        sr: new ort.Tensor("int64", BigInt64Array.from([BigInt(rate)]), []),
      });
      state = answer.stateN.data;
      if (count++ % every === 0) said.push(answer.output.data[0].toFixed(6));
    }
  console.log(name, rate, every, said.length);
  for (let i = 0; i < said.length; i += 12) console.log(said.slice(i, i + 12).join(" "));
}

// Of two neighbours one, for 8 kHz.
const half = (s) => Int16Array.from({ length: s.length >> 1 }, (_, i) => (s[2 * i] + s[2 * i + 1]) >> 1);

for (const rate of [16000, 8000]) {
  await write("signal", rate, signal(rate));
  await write("fifty_signals", rate, signal(rate), 50, 50);
}
const file = `${recordings}/goforward.raw`;
if (fs.existsSync(file)) {
  const bytes = fs.readFileSync(file);
  const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
  await write("goforward.raw", 16000, samples);
  await write("goforward.raw", 8000, half(samples));
}
