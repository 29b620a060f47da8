"""Opus by the system's libopus, without any code of ours."""

import array
import ctypes
import ctypes.util

from tools import skip

APPLICATION_VOIP = 2048
LONGEST = 5760  # samples of 120 ms at 48 kHz


def library():
    found = ctypes.util.find_library("opus")
    if found is None:
        skip("there is no libopus; Debian 12: apt-get install libopus0")
    lib = ctypes.CDLL(found)
    for made in (lib.opus_encoder_create, lib.opus_decoder_create):
        made.restype = ctypes.c_void_p
    lib.opus_strerror.restype = ctypes.c_char_p
    return lib


lib = library()


def good(number):
    """What libopus gave, unless it is the code of an error."""
    if number < 0:
        raise ValueError(lib.opus_strerror(number).decode())
    return number


class Encoder:
    def __init__(self, rate, channels=1):
        self.channels, failed = channels, ctypes.c_int()
        self.state = ctypes.c_void_p(lib.opus_encoder_create(rate, channels, APPLICATION_VOIP, ctypes.byref(failed)))
        good(failed.value)

    def __del__(self):
        lib.opus_encoder_destroy(self.state)

    def encode(self, sound):
        """A packet of samples of 16 bits, which must be 2.5 to 60 ms."""
        out = ctypes.create_string_buffer(4000)
        size = good(lib.opus_encode(self.state, sound, len(sound) // 2 // self.channels, out, len(out)))
        return out.raw[:size]


class Decoder:
    def __init__(self, rate, channels=1):
        self.rate, self.channels, failed = rate, channels, ctypes.c_int()
        self.state = ctypes.c_void_p(lib.opus_decoder_create(rate, channels, ctypes.byref(failed)))
        good(failed.value)

    def __del__(self):
        lib.opus_decoder_destroy(self.state)

    def decode(self, packet):
        out = (ctypes.c_int16 * (LONGEST * self.channels))()
        frames = good(lib.opus_decode(self.state, packet, len(packet), out, LONGEST, 0))
        return array.array("h", out[:frames * self.channels]).tobytes()
