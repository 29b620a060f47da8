#include <catch2/catch.hpp>
#include <rtai/core/detail/list.hpp>
#include <vector>

using rtai::detail::list;
using rtai::detail::list_hook;

namespace {

struct number : list_hook {
    explicit number(int n) noexcept : list_hook(), value(n) {}
    int value;
};

std::vector<int> values_of(list<number>& l) {
    std::vector<int> values;
    l.for_each([&](number& n) { values.push_back(n.value); });
    return values;
}

using values = std::vector<int>;

}  // namespace

TEST_CASE("a list gives back first what came first", "[list]") {
    list<number> l;
    REQUIRE(l.empty());
    number one(1);
    number two(2);
    number three(3);
    l.push_back(two);
    l.push_back(three);
    l.push_front(one);
    REQUIRE(values_of(l) == values{1, 2, 3});
    REQUIRE(l.count() == 3);
    REQUIRE(l.front().value == 1);
    REQUIRE(l.pop_front().value == 1);
    REQUIRE(l.pop_front().value == 2);
    REQUIRE(l.pop_front().value == 3);
    REQUIRE(l.empty());
}

TEST_CASE("an element leaves its list from wherever it is, also while the list is walked", "[list]") {
    list<number> l;
    number one(1);
    number two(2);
    number three(3);
    for (number* n : {&one, &two, &three}) l.push_back(*n);
    two.unlink();
    REQUIRE(values_of(l) == values{1, 3});
    l.for_each([](number& n) { n.unlink(); });
    REQUIRE(l.empty());
}

TEST_CASE("a list takes over another behind its own", "[list]") {
    list<number> first;
    list<number> second;
    number one(1);
    number two(2);
    number three(3);
    first.push_back(one);
    first.splice_back(second);
    second.push_back(two);
    second.push_back(three);
    first.splice_back(second);
    REQUIRE(second.empty());
    REQUIRE(values_of(first) == values{1, 2, 3});
    second.splice_back(first);
    REQUIRE(first.empty());
    REQUIRE(values_of(second) == values{1, 2, 3});
}

TEST_CASE("an element is found by its place, and elements are counted no further than asked", "[list]") {
    list<number> l;
    REQUIRE(l.count_up_to(5) == 0);
    number one(1);
    number two(2);
    l.push_back(one);
    l.push_back(two);
    REQUIRE(l.at(0).value == 1);
    REQUIRE(l.at(1).value == 2);
    REQUIRE(l.count_up_to(1) == 1);
    REQUIRE(l.count_up_to(2) == 2);
    REQUIRE(l.count_up_to(5) == 2);
}
