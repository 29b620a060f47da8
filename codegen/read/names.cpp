#include "read/names.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <set>
#include <string_view>
#include <vector>

namespace rtai::codegen {

namespace {

const std::set<std::string_view> cpp_keywords = {
    "alignas",   "alignof",  "and",       "asm",      "auto",     "bool",          "break",     "case",
    "catch",     "char",     "class",     "concept",  "const",    "consteval",     "constexpr", "constinit",
    "continue",  "co_await", "co_return", "co_yield", "decltype", "default",       "delete",    "do",
    "double",    "else",     "enum",      "explicit", "export",   "extern",        "false",     "float",
    "for",       "friend",   "goto",      "if",       "inline",   "int",           "long",      "mutable",
    "namespace", "new",      "noexcept",  "not",      "nullptr",  "operator",      "or",        "private",
    "protected", "public",   "register",  "requires", "return",   "short",         "signed",    "sizeof",
    "static",    "struct",   "switch",    "template", "this",     "throw",         "true",      "try",
    "typedef",   "typeid",   "typename",  "union",    "unsigned", "using",         "virtual",   "void",
    "volatile",  "wchar_t",  "while",     "xor",      "main",     "std",           "rtai",      "errno",
    "stdin",     "stdout",   "stderr",    "assert",   "linux",    "unix",          "NULL",      "EOF",
    "NAN",       "INFINITY", "BUFSIZ",    "HUGE_VAL", "RAND_MAX", "CLOCKS_PER_SEC"};

/// Functions and variables of C, which a namespace can not be called like.
const std::set<std::string_view> c_names = {
    "abort",    "abs",     "accept",   "access",   "acct",    "advance", "alarm",   "asctime",  "atof",
    "atoi",     "bind",    "brk",      "bsearch",  "calloc",  "ceil",    "chdir",   "chmod",    "chown",
    "chroot",   "clock",   "clone",    "close",    "confstr", "connect", "cos",     "creat",    "crypt",
    "ctime",    "daemon",  "daylight", "div",      "dup",     "encrypt", "environ", "erf",      "exit",
    "exp",      "fabs",    "fclose",   "floor",    "fma",     "fmod",    "fopen",   "fork",     "free",
    "gamma",    "getenv",  "getline",  "getopt",   "gets",    "gmtime",  "hypot",   "index",    "ioctl",
    "isatty",   "j0",      "j1",       "jn",       "kill",    "link",    "listen",  "lockf",    "log",
    "lseek",    "malloc",  "mktime",   "mmap",     "modf",    "nice",    "open",    "optarg",   "optind",
    "pause",    "perror",  "pipe",     "poll",     "pow",     "printf",  "profil",  "puts",     "raise",
    "rand",     "random",  "read",     "readlink", "realloc", "recv",    "remove",  "rename",   "rindex",
    "rint",     "round",   "sbrk",     "scanf",    "select",  "send",    "setenv",  "shutdown", "signal",
    "sin",      "sleep",   "socket",   "splice",   "sqrt",    "srand",   "stat",    "step",     "strlen",
    "swab",     "symlink", "sync",     "system",   "tan",     "tee",     "tempnam", "time",     "times",
    "timezone", "trunc",   "truncate", "tzname",   "umask",   "uname",   "unlink",  "usleep",   "vfork",
    "wait",     "write",   "y0",       "y1",       "yn",      "asio",    "boost",   "settings"};

/// Names that generated code has for itself.
const std::set<std::string_view> taken_in_pipelines = {"run",       "options", "members",   "lists_members",
                                                       "prepare",   "turn",    "barge_in",  "edges",
                                                       "otherwise", "when",    "belong_to", "each_edge"};
const std::set<std::string_view> taken_in_specs = {
    "program",       "settings", "prepare_settings", "observe", "start_services", "members",
    "lists_members", "prepare",  "options",          "run",     "host",           "s",
    "boost"};

/// What generated code puts behind the name of an element.
const std::vector<std::string_view> taken_endings = {"_otherwise", "_is_first", "_is_wanted", "_options",
                                                     "_format"};

/// ": for instance 'my_vad'" for "my-vad"
std::string like(const std::string& s) {
    std::string out;
    for (const char c : s) {
        if (static_cast<unsigned char>(c) >= 0x80) return {};
        const bool letter = std::isalpha(static_cast<unsigned char>(c)) != 0;
        if (letter || (!out.empty() && std::isdigit(static_cast<unsigned char>(c)) != 0)) out += c;
        else if (!out.empty() && out.back() != '_') out += '_';
    }
    while (out.ends_with('_')) out.pop_back();
    constexpr std::size_t longest = 32;
    return out.empty() || out.size() > longest || cpp_keywords.contains(out) ? ""
                                                                             : ": for instance '" + out + "'";
}

}  // namespace

word name_word(problems& found, const std::string& s, const place& at, const std::string& what) {
    bool good = !s.empty() && std::isdigit(static_cast<unsigned char>(s[0])) == 0;
    for (const char c : s) good = good && (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_');
    constexpr std::size_t longest = 64;
    const auto kind = (what == "element" ? "an " : "a ") + what;
    if (!good)
        found.error(at, quoted_text(s) + " can not be the name of " + kind,
                    "a name has letters, digits and '_', and begins with a letter" + like(s));
    else if (s.size() > longest)
        found.error(at, "this name has " + std::to_string(s.size()) + " letters; the most is " +
                            std::to_string(longest));
    else if (s.find("__") != std::string::npos || s[0] == '_')
        found.error(at, "'" + s + "' can not be the name of " + kind,
                    "C++ keeps names with '__', or with '_' at the beginning, for itself" + like(s));
    else if (cpp_keywords.contains(s))
        found.error(at, "'" + s + "' can not be the name of " + kind,
                    "the word has a meaning in C++: for instance '" + s + "_1'");
    return {s, at};
}

void refuse_name_of_spec(problems& found, const word& name) {
    if (c_names.contains(name.text))
        found.error(name.at, "'" + name.text + "' can not be the name of a spec",
                    "it is a name of C or of a library: for instance '" + name.text + "_1'");
}

void refuse_taken(problems& found, const value::member& m, const std::string& what,
                  const std::string& spec_name) {
    if (!taken_in_specs.contains(m.name) && m.name != spec_name) return;
    found.error(m.name_at, "a " + what + " can not be called '" + m.name + "'",
                m.name == spec_name
                    ? "the spec has that name, and its code is in a namespace of that name: call "
                      "one of them otherwise"
                    : "generated code has that name for itself: for instance '" + m.name + "_1'");
}

void refuse_reserved(problems& found, const value::member& m) {
    for (const auto ending : taken_endings)
        if (m.name.size() > ending.size() && m.name.ends_with(ending))
            found.error(m.name_at, "nothing in a pipeline can be called '" + m.name + "'",
                        "generated code has names with '" + std::string(ending) + "' at the end for itself");
    if (taken_in_pipelines.contains(m.name))
        found.error(m.name_at, "nothing in a pipeline can be called '" + m.name + "'",
                    "generated code has that name for itself: for instance '" + m.name + "_1'");
}

}  // namespace rtai::codegen
