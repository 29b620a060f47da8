#include <catch2/catch.hpp>
#include <random>

#include "layout.hpp"
#include "tool.hpp"

using namespace rtai::codegen;
using tool::contains;

namespace {

constexpr const char* small = R"(rtai: 1
name: small
pipelines:
  talk:
    about: Small & <tidy>.
    in: { question: text }
    out: { answer: text }
    elements:
      count: counter
      note: { use: file_sink, path: note.txt, when: "${NOTE:-false}" }
      print: console_sink
    flow:
      - question -> count -> answer
      - { line: count.counts -> print, capacity: "${ROOM:-8}", policy: drop_oldest }
      - count -> note
  phone:
    in: { mic: { type: audio, rate: 48kHz } }
    out: { ear: { type: audio, rate: 8kHz } }
    elements: { hold: valve }
    flow: [ mic -> hold -> ear ]
)";

tool::outcome graph(const std::string& path, const std::string& format, const std::string& only = {}) {
    return tool::capture([&] { return graph_command(path, format, only, "", {}); });
}

/// Whether every tag is closed in its turn, and no other '<' or '&' stands there.
bool well_formed(const std::string& xml) {
    std::vector<std::string> open;
    for (std::size_t i = 0; i < xml.size(); ++i) {
        if (xml[i] == '&') {
            const auto entity = xml.substr(i, xml.find(';', i) - i + 1);
            if (entity != "&amp;" && entity != "&lt;" && entity != "&gt;" && entity != "&quot;") return false;
        }
        if (xml[i] != '<') continue;
        const auto end = xml.find('>', i);
        if (end == std::string::npos) return false;
        const auto tag = xml.substr(i + 1, end - i - 1);
        i = end;
        if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return false;
        if (tag.ends_with('/')) continue;
        if (!tag.starts_with('/')) {
            open.push_back(tag.substr(0, tag.find_first_of(" \n")));
            continue;
        }
        if (open.empty() || open.back() != tag.substr(1)) return false;
        open.pop_back();
    }
    return open.empty();
}

struct area {
    double left, top, right, bottom;
};

bool overlap(const area& a, const area& b) {
    return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

}  // namespace

TEST_CASE("mermaid shows elements, what the plan put in, formats, capacities and policies") {
    const tool::workplace here;
    const auto made = graph(here.file("small.yaml", small), "mermaid");
    REQUIRE(made.code == done);
    REQUIRE(made.out == R"(flowchart LR
  subgraph pipeline_talk["talk"]
    talk__question(["<b>question</b><br/>in"])
    talk__count["<b>count</b><br/>counter"]
    talk__note["<b>note</b><br/>file_sink<br/>when ${NOTE:-false}"]
    talk__print["<b>print</b><br/>console_sink"]
    talk__count_out_tee["<b>count_out_tee</b><br/>tee"]
    talk__answer_pass["<b>answer_pass</b><br/>pass"]
    talk__answer(["<b>answer</b><br/>out"])
    talk__question -.->|"text<br/>handed over"| talk__count
    talk__answer_pass -.->|"text<br/>handed over"| talk__answer
    talk__count -->|"text<br/>64 block"| talk__count_out_tee
    talk__count_out_tee -->|"text<br/>64 block"| talk__answer_pass
    talk__count -->|"counts: text<br/>${ROOM:-8} drop_oldest"| talk__print
    talk__count_out_tee -->|"text<br/>64 block"| talk__note
  end
  subgraph pipeline_phone["phone"]
    phone__mic(["<b>mic</b><br/>in"])
    phone__hold["<b>hold</b><br/>valve"]
    phone__ear_convert["<b>ear_convert</b><br/>convert"]
    phone__ear(["<b>ear</b><br/>out"])
    phone__mic -.->|"48kHz mono s16<br/>handed over"| phone__hold
    phone__ear_convert -.->|"8kHz mono s16<br/>handed over"| phone__ear
    phone__hold -->|"48kHz mono s16<br/>50 drop_oldest"| phone__ear_convert
  end
  classDef put_in stroke-dasharray: 4 3
  class talk__count_out_tee,talk__answer_pass,phone__ear_convert put_in
  classDef conversion fill:#f59e0b,stroke:#b45309,color:#1c1917
  class phone__ear_convert conversion
)");
}

TEST_CASE("one pipeline can be drawn alone") {
    const tool::workplace here;
    const auto made = graph(here.file("small.yaml", small), "mermaid", "phone");
    REQUIRE(made.code == done);
    REQUIRE_FALSE(contains(made.out, "talk"));
    REQUIRE(contains(made.out, "phone"));
}

TEST_CASE("mermaid labels can not break out of their quotes") {
    const tool::workplace here;
    const auto made = graph(here.file("odd.yaml", R"(rtai: 1
name: odd
pipelines:
  p:
    elements:
      a: { use: text_source, lines: [x], when: "${A:-true}", otherwise: { use: file_source, path: x } }
      b: { use: file_sink, path: x, when: '${B"#<`&:-true}' }
    flow: [ a -> b ]
)"),
                            "mermaid");
    for (const char* bad : {"B\"", "#<", "`"}) REQUIRE_FALSE(contains(made.out, bad));
}

TEST_CASE("dot is a graph of clusters") {
    const tool::workplace here;
    const auto made = graph(here.file("small.yaml", small), "dot");
    REQUIRE(made.code == done);
    REQUIRE(made.out.starts_with("digraph small_graph {\n"));
    REQUIRE(contains(made.out, "subgraph cluster_talk {"));
    REQUIRE(
        contains(made.out, "talk__count -> talk__print [label=<counts: text<br/>${ROOM:-8} drop_oldest>];"));
    REQUIRE(std::count(made.out.begin(), made.out.end(), '{') ==
            std::count(made.out.begin(), made.out.end(), '}'));
}

TEST_CASE("an SVG is well-formed and says what conversions cost") {
    const tool::workplace here;
    const auto path = here.file("small.yaml", small);
    const auto talk = graph(path, "svg", "talk");
    REQUIRE(talk.code == done);
    REQUIRE(well_formed(talk.out));
    REQUIRE(contains(talk.out, "Small &amp; &lt;tidy&gt;."));
    REQUIRE(contains(talk.out, "when ${NOTE:-false}"));
    const auto phone = graph(path, "svg", "phone");
    REQUIRE(well_formed(phone.out));
    REQUIRE(contains(phone.out, "class=\"box conversion put_in\""));
    REQUIRE(contains(phone.out, "48kHz mono s16"));
    REQUIRE(contains(phone.out, "handed over"));
}

TEST_CASE("an SVG of several pipelines asks which") {
    const tool::workplace here;
    const auto made = graph(here.file("small.yaml", small), "svg");
    REQUIRE(made.code == misused);
    REQUIRE(made.out.empty());
    REQUIRE(
        made.err ==
        "rtai: an SVG is of one pipeline, and small.yaml has 2\n  add --pipeline with one of: talk, phone\n");
}

TEST_CASE("the graph of a pipeline that is not there names the nearest") {
    const tool::workplace here;
    const auto made = graph(here.file("small.yaml", small), "mermaid", "tlak");
    REQUIRE(made.code == bad_spec);
    REQUIRE(made.err == "rtai: there is no pipeline 'tlak' in small.yaml\n  did you mean 'talk'?\n");
}

TEST_CASE("a spec with mistakes is told, not drawn") {
    const tool::workplace here;
    const auto made = graph(here.file("bad.yaml", "rtai: 1\nname: bad\n"), "svg");
    REQUIRE(made.code == bad_spec);
    REQUIRE(made.out.empty());
    REQUIRE(contains(made.err, "the spec has no pipelines"));
    REQUIRE(graph("nothing.yaml", "svg").code == cannot);
}

TEST_CASE("a layout puts each box right of what it takes from") {
    std::vector<drawn_box> boxes(3, drawn_box{80, 40});
    std::vector<drawn_link> links{{0, 1, 50, 30}, {1, 2, 50, 30}, {0, 2, 50, 30}};
    const layout made(boxes, links);
    REQUIRE(boxes[0].x + boxes[0].width < boxes[1].x);
    REQUIRE(boxes[1].x + boxes[1].width < boxes[2].x);
    REQUIRE(made.width() >= boxes[2].x + boxes[2].width);
}

TEST_CASE("a line that closes a ring goes back below everything") {
    std::vector<drawn_box> boxes(3, drawn_box{80, 40});
    std::vector<drawn_link> links{{0, 1, 50, 30}, {1, 2, 50, 30}, {2, 0, 50, 30}, {1, 1, 50, 30}};
    const layout made(boxes, links);
    REQUIRE_FALSE(links[0].turned_back);
    REQUIRE(links[2].turned_back);
    REQUIRE(links[3].turned_back);
    for (const auto& b : boxes)
        for (const auto i : {2U, 3U}) REQUIRE(links[i].label.y - 15 > b.y + b.height);
    REQUIRE(made.height() >= links[2].label.y);
}

TEST_CASE("no text and no box lies over another, whatever the graph") {
    std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same graphs every time
    for (int round = 0; round < 60; ++round) {
        std::vector<drawn_box> boxes;
        std::vector<drawn_link> links;
        const auto any = [&](std::size_t n) {
            return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
        };
        const auto count = 1 + any(30);
        for (std::size_t i = 0; i < count; ++i)
            boxes.push_back({static_cast<double>(40 + any(160)), static_cast<double>(30 + any(40))});
        for (std::size_t i = 0, n = any(2 * count + 1); i < n; ++i)
            links.push_back({any(count), any(count), static_cast<double>(20 + any(120)), 34});
        const layout made(boxes, links);

        std::vector<area> all;
        for (const auto& b : boxes) all.push_back({b.x, b.y, b.x + b.width, b.y + b.height});
        for (const auto& l : links)
            all.push_back({l.label.x - l.label_width / 2, l.label.y - l.label_height / 2,
                           l.label.x + l.label_width / 2, l.label.y + l.label_height / 2});
        for (std::size_t i = 0; i < all.size(); ++i) {
            REQUIRE(all[i].left >= -0.01);
            REQUIRE(all[i].top >= -0.01);
            REQUIRE(all[i].right <= made.width() + 0.01);
            REQUIRE(all[i].bottom <= made.height() + 0.01);
            for (std::size_t j = 0; j < i; ++j) {
                const area smaller{all[i].left + 0.1, all[i].top + 0.1, all[i].right - 0.1,
                                   all[i].bottom - 0.1};
                REQUIRE_FALSE(overlap(smaller, all[j]));
            }
        }
    }
}
