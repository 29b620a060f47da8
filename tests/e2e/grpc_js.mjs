// The gRPC service, used by @grpc/grpc-js with our protos.
//   node grpc_js.mjs GRPC_ADDRESS
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { load, root } from './modules.mjs';
import { Transcript, as_told, check, check_answer, check_interrupted_story, loudness, speak } from './talk.mjs';

const grpc = load('@grpc/grpc-js');
const definition = load('@grpc/proto-loader').loadSync('streamingai/v1/streaming_ai.proto',
  { includeDirs: [join(root, 'proto')], keepCase: true, enums: String, longs: String, oneofs: true });
const { StreamingAIService } = grpc.loadPackageDefinition(definition).streamingai.v1;

function connect(options) { return new StreamingAIService(process.argv[2], grpc.credentials.createInsecure(), options); }
const client = connect();

function unary(name, request) {
  return new Promise((resolve, reject) => client[name](request, { deadline: Date.now() + 5000 }, (error, answer) => error ? reject(error) : resolve(answer)));
}

function open(from = client, seconds = 60) {
  const talk = new Transcript();
  const stream = from.BiDirectionalStreaming({ deadline: Date.now() + 1000 * seconds });
  stream.on('data', m => talk.add(as_told(m))).on('error', () => {});
  const over = new Promise(resolve => stream.on('status', resolve));
  return {
    talk, stream,
    words: said => stream.write({ type: 'MESSAGE_TYPE_TEXT', text: { data: Buffer.from(said), text_type: 'plain' } }),
    order: (kind, more = {}) => stream.write({ type: 'MESSAGE_TYPE_CONTROL', control: { control_type: kind, ...more } }),
    async ended(code, words) {
      const status = await over;
      check(status.code === code, `${words}: ${grpc.status[status.code]} ${status.details}`);
    },
  };
}
const event = name => m => m.type === 'event' && m.event === name;

{
  const { session_id } = await unary('CreateSession', {});
  check(session_id.length === 32, 'CreateSession names a session');
  const { talk, stream, ended } = open();
  stream.write({ session_id, type: 'MESSAGE_TYPE_CONTROL', control: { control_type: 'CONTROL_TYPE_CONFIG', config: { settings: { 'play.rate': '24000' } } } });
  await speak((data, rate) => stream.write({ type: 'MESSAGE_TYPE_AUDIO', audio: { data, sample_rate: rate, channels: 1, codec: 'pcm' } }),
    () => talk.index(m => m.type === 'turn' && m.turn === 2) >= 0);
  check_interrupted_story(talk, 24000);
  check((await unary('CloseSession', { session_id })).success, 'CloseSession ends it');
  await ended(grpc.status.OK, 'its stream ends');
}
{
  const { talk, stream, words, order, ended } = open();
  order('CONTROL_TYPE_PING');
  await talk.wait_for(m => m.type === 'CONTROL_TYPE_PONG', 'a ping has a pong');
  stream.write({});
  await talk.wait_for(m => m.type === 'error' && m.message.includes('holds nothing'), 'a message that holds nothing is told');
  words('tell me a story');
  await talk.wait_for(event('playout_start'), 'a typed question is answered');
  await sleep(1000);
  order('CONTROL_TYPE_CONFIG', { config: { settings: { interrupt: 'true' } } });
  const cut = await talk.wait_for(event('interruption'), 'and interrupted by a word');
  await sleep(500);
  check(loudness(talk.sound(0, cut)) > 300 && talk.sound(cut).length === 0, 'after which there is no sound');
  words('thank you');
  stream.end();
  await ended(grpc.status.OK, 'half-closed, it ends after the last answer');
  check_answer(talk, 2, 16000, cut);
}
{
  const squeezed = connect({ 'grpc.default_compression_algorithm': 2 });
  const { talk, stream, words, ended } = open(squeezed);
  words('hello');
  stream.end();
  await ended(grpc.status.OK, 'a call in gzip is understood');
  check_answer(talk, 1, 16000);
  squeezed.close();
}
{
  const { words, ended } = open(client, 1);
  words('tell me a story');
  await ended(grpc.status.DEADLINE_EXCEEDED, 'a deadline ends a stream');
  const other = open();
  other.words('tell me a story');
  await other.talk.wait_for(event('playout_start'), 'another is in the middle of its story');
  other.stream.cancel();
  await other.ended(grpc.status.CANCELLED, 'and cancelled');
}
client.close();
