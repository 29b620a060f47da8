#!/usr/bin/python3
"""The gRPC service, used by Python's grpcio with code generated from our protos.

Usage: grpc_python.py GRPC_ADDRESS HTTP_ADDRESS
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time

from serving import get, sessions
from talk import Pace, Transcript, check_answer, check_interrupted_story, loudness, microphone
from tools import TREE, check, need_modules, need_program, wait_until

need_modules(grpc="python3-grpcio", google="python3-protobuf")
import grpc  # noqa: E402


def generated():
    """The modules that protoc makes of our protos."""
    protoc = need_program("protoc", "protobuf-compiler")
    plugin = need_program("grpc_python_plugin", "protobuf-compiler-grpc")
    with tempfile.TemporaryDirectory(prefix="rtai_e2e_") as place:
        subprocess.run([protoc, f"--proto_path={TREE}/proto", f"--python_out={place}", f"--grpc_python_out={place}",
                        f"--plugin=protoc-gen-grpc_python={plugin}", "streamingai/v1/streaming_ai.proto"], check=True)
        sys.path.insert(0, place)
        from streamingai.v1 import streaming_ai_pb2, streaming_ai_pb2_grpc
        sys.path.remove(place)
    return streaming_ai_pb2, streaming_ai_pb2_grpc


pb, service = generated()


def sound(data, rate, **more):
    return pb.StreamMessage(type=pb.MESSAGE_TYPE_AUDIO, audio=pb.AudioFrame(data=data, sample_rate=rate, channels=1, **more))


def words(said):
    return pb.StreamMessage(type=pb.MESSAGE_TYPE_TEXT, text=pb.TextMessage(data=said.encode(), text_type="plain"))


def control(kind, **more):
    return pb.StreamMessage(type=pb.MESSAGE_TYPE_CONTROL, control=pb.ControlMessage(control_type=kind, **more))


def settings(**wanted):
    named = {name.replace("_", "."): value for name, value in wanted.items()}
    return control(pb.CONTROL_TYPE_CONFIG, config=pb.ConfigUpdate(settings=named))


def as_told(message):
    """A message as it would be over a WebSocket."""
    if message.HasField("audio"):
        return message.audio.data
    if message.HasField("text"):
        if message.text.text_type == "json":
            return json.loads(message.text.data)
        return {"type": "text", "stream": message.metadata["stream"], "text": message.text.data.decode(),
                "final": message.metadata["final"] == "true", "turn": int(message.metadata["turn"])}
    c = message.control
    if c.HasField("error"):
        return {"type": "error", "code": c.error.code, "message": c.error.message}
    if c.HasField("state_change"):
        name = pb.ConnectionState.Name(c.state_change.state).removeprefix("CONNECTION_STATE_").lower()
        return {"type": "ready" if name == "connected" else name, **message.metadata}
    return {"type": pb.ControlType.Name(c.control_type).removeprefix("CONTROL_TYPE_").lower()}


class Call:
    """A stream: what is put in is sent, what comes is in `talk`."""

    def __init__(self, stub, timeout=60, **more):
        self.out = queue.Queue()
        self.talk = Transcript()
        self.raw = []
        self.error = None
        self.stream = stub.BiDirectionalStreaming(iter(self.out.get, None), timeout=timeout, **more)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        try:
            for message in self.stream:
                self.raw.append(message)
                self.talk.add(as_told(message))
        except grpc.RpcError as error:
            self.error = error

    def say(self, *messages):
        for m in messages:
            self.out.put(m)

    def half_close(self):
        self.out.put(None)

    def wait_for(self, holds, what, patience=15):
        wait_until(lambda: self.talk.index(holds) is not None, what, patience)

    def over(self, patience=15):
        """The status that it ended with."""
        self.reader.join(patience)
        check(not self.reader.is_alive(), "the stream ends")
        return self.stream.code()


def speak(call, until):
    """As a microphone, until something is so."""
    rate, pieces = microphone()
    pace = Pace()
    for piece in pieces:
        if until():
            return
        call.say(sound(piece, rate, codec="pcm"))
        time.sleep(pace.left())


def a_spoken_question(stub, http):
    made = stub.CreateSession(pb.CreateSessionRequest())
    check(len(made.session_id) == 32, "CreateSession names a session")
    call = Call(stub)
    first = settings(play_rate="24000")
    first.session_id = made.session_id
    call.say(first)
    call.wait_for(lambda m: m["type"] == "ready", "its stream is connected")
    check([s["id"] for s in sessions(http)] == [made.session_id], "the session has that name")
    speak(call, lambda: call.talk.turn(2) is not None)
    check_interrupted_story(call.talk, 24_000)
    check(all(m.session_id == made.session_id and m.timestamp > 10**18 for m in call.raw), "each message has its session and time")
    frames = [m.audio for m in call.raw if m.HasField("audio")]
    check(all((a.sample_rate, a.channels, a.codec) == (24_000, 1, "pcm") for a in frames), "the sound is as it was asked for")
    check(all(abs(len(a.data) / 48 - a.duration_ms) <= 1 for a in frames), "and says how long it is")
    check(stub.CloseSession(pb.CloseSessionRequest(session_id=made.session_id)).success, "CloseSession ends it")
    check(call.over() == grpc.StatusCode.OK, "with OK")
    check(call.talk.all[-1]["type"] == "disconnected", f"and last words: {call.talk.all[-1]}")
    again = stub.CloseSession(pb.CloseSessionRequest(session_id=made.session_id))
    check(not again.success, "CloseSession of a session that is no more has no success")


def a_typed_question(stub):
    call = Call(stub)
    call.say(words("tell me a story"))
    call.wait_for(lambda m: m["type"] == "event" and m["event"] == "playout_start", "a typed question is answered")
    time.sleep(1)
    call.say(settings(interrupt="true"))
    call.wait_for(lambda m: m["type"] == "event" and m["event"] == "interruption", "and interrupted by a word")
    cut = call.talk.event("interruption")
    time.sleep(0.5)
    check(loudness(call.talk.sound(0, cut)) > 300 and not call.talk.sound(cut), "after which there is no sound")
    call.say(words("thank you"))
    call.half_close()
    check(call.over() == grpc.StatusCode.OK, "half-closed, it ends with OK")
    check("You are welcome." in call.talk.words("said"), "after the last question is answered")
    check_answer(call.talk, call.talk.all[call.talk.event("playout_end")]["turn"], 16_000, cut)


def a_question_in_opus(stub):
    call = Call(stub)
    call.say(settings(play_codec="opus", play_rate="48000"), words("hello"))
    call.half_close()
    check(call.over() == grpc.StatusCode.OK, "a question is answered in Opus")
    frames = [m.audio for m in call.raw if m.HasField("audio")]
    told = call.talk.samples_told() / 16_000
    length = sum(a.duration_ms for a in frames) / 1000
    check(all((a.codec, a.media_type, a.sample_rate) == ("opus", "audio/opus", 48_000) for a in frames), "all of it")
    check(abs(length - told) < 0.1, f"{length:.2f} s of it, where {told:.2f} s were played")
    check(sum(len(a.data) for a in frames) < 12_000 * length, "which is much smaller")


def pings_and_mistakes(stub):
    call = Call(stub)
    call.say(control(pb.CONTROL_TYPE_PING))
    call.wait_for(lambda m: m["type"] == "pong", "a ping has a pong")
    mistakes = {
        "a message holds nothing": pb.StreamMessage(),
        "no whole number of samples": sound(b"odd", 16_000),
        "there is no codec 'mp3'": sound(b"    ", 16_000, codec="mp3"),
        "not in UTF-8": pb.StreamMessage(text=pb.TextMessage(data=b"\xff\xfe")),
        "a rate of 8000 to 192000": sound(b"    ", 7),
        "a text may have 16384 bytes": words("x" * 20_000),
        "takes no video": pb.StreamMessage(video=pb.VideoFrame(data=b"1234", media_type="video/vp8", codec="vp8")),
    }
    for told, message in mistakes.items():
        before = len(call.talk.all)
        call.say(message)
        wait_until(lambda: call.talk.index(lambda m: m["type"] == "error", before) is not None, f"a mistake is told: {told}")
        said = call.talk.all[call.talk.index(lambda m: m["type"] == "error", before)]["message"]
        check(told in said, f"in these words: {said}")
    call.say(words("hello"))
    call.wait_for(lambda m: m["type"] == "event" and m["event"] == "playout_end", "and the session goes on")
    call.say(control(pb.CONTROL_TYPE_STATE_CHANGE, state_change=pb.ConnectionStateChange(state=pb.CONNECTION_STATE_DISCONNECTED)))
    check(call.over() == grpc.StatusCode.OK, "a client that says it leaves is let go")


def ends_of_all_kinds(stub, http):
    call = Call(stub, timeout=1)
    call.say(words("tell me a story"))
    check(call.over() == grpc.StatusCode.DEADLINE_EXCEEDED, "a deadline ends a stream")
    wait_until(lambda: not sessions(http), "and its session")
    call = Call(stub)
    call.say(words("tell me a story"))
    call.wait_for(lambda m: m["type"] == "event" and m["event"] == "playout_start", "another is in the middle of its story")
    call.stream.cancel()
    check(call.over() == grpc.StatusCode.CANCELLED, "and cancelled by its client")
    wait_until(lambda: not sessions(http), "its session ends")
    call = Call(stub)
    call.say(sound(bytes(5 << 20), 16_000))
    check(call.over() == grpc.StatusCode.RESOURCE_EXHAUSTED, f"a message of 5 MB is refused: {call.error.details()}")
    wait_until(lambda: not sessions(http), "its session ends")
    squeezed = Call(stub, compression=grpc.Compression.Gzip)
    squeezed.say(words("hello"))
    squeezed.half_close()
    check(squeezed.over() == grpc.StatusCode.OK and squeezed.talk.words("said"), "a stream in gzip is understood")


def as_many_as_allowed(stub, http, most=10):
    calls = [Call(stub) for _ in range(most)]
    for call in calls:
        call.say(words("hello"))
        call.wait_for(lambda m: m["type"] == "ready", "another session of the same client begins")
    check(len({call.raw[0].session_id for call in calls}) == most, "each has its own name")
    refused = Call(stub)
    refused.say(words("hello"))
    check(refused.over() == grpc.StatusCode.RESOURCE_EXHAUSTED, f"one more is refused: {refused.error.details()}")
    for call in calls:
        call.half_close()
    check({call.over(30) for call in calls} == {grpc.StatusCode.OK}, f"{most} streams on one connection end with OK")
    check(all(call.talk.sound() for call in calls), "all were answered")
    nobody_is_left(http)


def nobody_is_left(http):
    wait_until(lambda: not sessions(http), "all sessions have ended")
    check("\nrelay_sessions_active 0\n" in get(http + "/metrics")[1], "and are not counted as active any more")


def other_services(channel):
    """Health and reflection, which need no code of ours: bytes are enough."""
    check_health = channel.unary_unary("/grpc.health.v1.Health/Check", None, None)

    def ask(name):
        return check_health((b"\x0a" + bytes([len(name)]) + name) if name else b"", timeout=5)

    check(ask(b"") == b"\x08\x01", "the health service says that it serves")
    check(ask(b"streamingai.v1.StreamingAIService") == b"\x08\x01", "so does our own")
    try:
        ask(b"other")
        check(False, "a service that there is not has no health")
    except grpc.RpcError as error:
        check(error.code() == grpc.StatusCode.NOT_FOUND, "a service that there is not has no health")
    reflect = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", None, None)
    names = b"".join(reflect(iter([b"\x3a\x01*"]), timeout=5))
    check(b"streamingai.v1.StreamingAIService" in names and b"grpc.health.v1.Health" in names, "reflection names the services")
    try:
        channel.unary_unary("/streamingai.v1.StreamingAIService/Sing", None, None)(b"", timeout=5)
        check(False, "a method that there is not is refused")
    except grpc.RpcError as error:
        check(error.code() == grpc.StatusCode.UNIMPLEMENTED, "a method that there is not is refused")


def main():
    address, http = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        stub = service.StreamingAIServiceStub(channel)
        other_services(channel)
        a_spoken_question(stub, http)
        a_typed_question(stub)
        a_question_in_opus(stub)
        pings_and_mistakes(stub)
        ends_of_all_kinds(stub, http)
        as_many_as_allowed(stub, http)


if __name__ == "__main__":
    try:
        main()
    except SystemExit:
        sys.stdout.flush()
        os._exit(1)  # streams that still run would keep it
