#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "commands.hpp"

namespace {

using namespace rtai::codegen;

constexpr const char* about = R"(rtai checks specs of voice AI pipelines and makes C++ coroutines of them.

A first program:
  rtai new my_assistant && cd my_assistant && rtai run my_assistant.yaml
)";

constexpr const char* footer = R"(
exit codes: 0 fine, 1 the spec has errors or the output is stale, 2 wrong arguments,
            3 the C++ compiler failed, 4 a file can not be read or written
'rtai COMMAND --help' says more.)";

}  // namespace

int main(int argc, char** argv) try {
    CLI::App app(about, "rtai");
    app.footer(footer);
    app.require_subcommand(1);
    app.failure_message([](const CLI::App*, const CLI::Error& e) {
        return std::string("rtai: ") + e.what() + "\n  'rtai --help' lists what there is\n";
    });
    app.set_version_flag("--version", std::string("rtai ") + RTAI_VERSION);

    common_options common;
    common.color = ::isatty(2) != 0 && std::getenv("NO_COLOR") == nullptr;  // NOLINT(concurrency-mt-unsafe)
    std::string path, out, format = "mermaid", only, name, node, start = "voice";
    int code = done;

    const auto command = [&](const char* word, const char* what) {
        auto* c = app.add_subcommand(word, what);
        c->footer(footer);
        return c;
    };
    const auto takes_spec = [&](CLI::App* c) {
        c->add_option("spec", path, "The spec, a YAML file")->required();
        c->add_option("--compiler", common.probe.compiler,
                      "The C++ compiler (default: $CXX, then what is found)");
        c->add_option("--include", common.probe.includes,
                      "A directory in which headers of the spec look for others; may be repeated");
        c->add_option("--flag", common.probe.flags,
                      "A flag for the compiler, written --flag=-DX; may be repeated");
    };
    const auto takes_json = [&](CLI::App* c) {
        c->add_flag("--json", common.json, "Print JSON, for programs");
    };

    auto* make = command("new", "Make a directory with a spec, an element of your own and a CMakeLists.txt");
    make->add_option("name", name, "The directory, and the name of the program")->required();
    make->add_option("--template", start,
                     "What to begin with: voice, a voice assistant with a page; or lines, texts alone")
        ->capture_default_str();
    make->callback([&] { code = new_command(name, start, common); });

    auto* check = command("check", "Check a spec");
    takes_spec(check);
    takes_json(check);
    check->callback([&] { code = check_command(path, common); });

    generate_options generated;
    auto* generate = command("generate", "Check a spec and write its C++ code");
    takes_spec(generate);
    takes_json(generate);
    generate->add_option("--out", generated.out, "Where to (default: generated/ beside the spec)");
    generate->add_flag("--check", generated.check,
                       "Write nothing: print how what is there differs, and fail if it does");
    generate->add_flag("--dry-run", generated.dry_run, "Write nothing: print the names of the files");
    generate->add_option("--depfile", generated.depfile,
                         "Write what the output depends on, for make and ninja");
    generate->add_option("--stamp", generated.stamp, "Touch this file when all is written");
    generate->callback([&] { code = generate_command(path, generated, common); });

    build_options built;
    const auto takes_build = [&](CLI::App* c) {
        takes_spec(c);
        c->add_option("--out", built.out, "Where to (default: .rtai/ beside the spec)");
        c->add_flag("--verbose", built.verbose, "Print the compiler's command");
    };
    auto* build = command("build", "Check, generate and compile a spec");
    takes_build(build);
    build->callback([&] { code = build_command(path, built, common); });

    auto* run =
        command("run", "Check, generate, compile and start a spec; arguments after -- go to the program");
    takes_build(run);
    // CLI11 keeps "--" for itself when the rest is read as positionals, so the rest is cut off before.
    std::vector<std::string> words(argv + 1, argv + argc), rest;
    for (std::size_t i = 0; i < words.size(); ++i)
        if (words[i] == "--") {
            rest.assign(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
            words.resize(i);
            break;
        }
    run->callback([&] { code = run_command(path, built, rest, common); });

    auto* graph =
        command("graph", "Draw a spec's pipelines with the planned formats, capacities and policies");
    takes_spec(graph);
    graph->add_option("--format", format, "mermaid, dot or svg")
        ->check(CLI::IsMember({"mermaid", "dot", "svg"}));
    graph->add_option("--pipeline", only, "Only this one (default: all; an SVG is of one)");
    graph->add_option("--out", out, "A file (default: standard output)");
    graph->callback([&] { code = graph_command(path, format, only, out, common); });

    auto* explain = command("explain", "Say all that is known of an element, pipeline or service of a spec");
    takes_spec(explain);
    explain->add_option("node", node, "Its name: vad, or talk.vad if several pipelines have one")->required();
    explain->callback([&] { code = explain_command(path, node, common); });

    auto* elements = command("elements", "List the elements and kinds of service, or say all about one");
    elements->add_option("name", name, "One of them");
    takes_json(elements);
    elements->callback([&] { code = elements_command(name, common); });

    auto* schema = command("schema", "Print the JSON Schema of specs, for editors");
    schema->add_option("--out", out, "A file (default: standard output)");
    schema->callback([&] { code = schema_command(out); });

    try {
        std::reverse(words.begin(), words.end());
        app.parse(words);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? done : misused;
    }
    return code;
} catch (const std::exception& e) {
    std::cerr << "rtai: " << e.what() << "\n";
    return rtai::codegen::cannot;
}
