#include <catch2/catch.hpp>
#include <rtai/data/stream.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace my {
struct thing {};
template <class T>
struct box {};
struct carries {
    rtai::stamp stamp;
};
}  // namespace my

template <>
struct rtai::stream_traits<my::thing> {
    using policy = rtai::drop_newest;
    static constexpr std::size_t capacity = 1;
};

TEST_CASE("a type has the name that C++ writes", "[stream]") {
    STATIC_REQUIRE(rtai::type_name<my::thing>() == "my::thing");
    STATIC_REQUIRE(rtai::type_name<rtai::audio>() == "rtai::audio");
    STATIC_REQUIRE(rtai::type_name<my::box<my::thing>>() == "my::box<my::thing>");
    STATIC_REQUIRE(rtai::type_name<my::box<rtai::audio>>() == "my::box<rtai::audio>");
    STATIC_REQUIRE(rtai::type_name<my::box<my::box<int>>>().find("my::box<my::box<int>") == 0);
    STATIC_REQUIRE(rtai::type_name<int>() == "int");
}

TEST_CASE("a stream blocks unless its type says otherwise", "[stream]") {
    STATIC_REQUIRE(std::is_same_v<rtai::stream_traits<rtai::text>::policy, rtai::block>);
    STATIC_REQUIRE(std::is_same_v<rtai::stream_traits<rtai::control>::policy, rtai::block>);
    STATIC_REQUIRE(std::is_same_v<rtai::stream_traits<my::carries>::policy, rtai::block>);
    STATIC_REQUIRE(rtai::stream_traits<my::carries>::capacity > 0);
    STATIC_REQUIRE(std::is_same_v<rtai::stream_traits<rtai::audio>::policy, rtai::drop_oldest>);
    STATIC_REQUIRE(std::is_same_v<rtai::stream_traits<rtai::packet>::policy, rtai::drop_oldest>);
    STATIC_REQUIRE(rtai::stream_traits<rtai::packet>::capacity == 50);
    STATIC_REQUIRE(std::is_same_v<rtai::stream_traits<rtai::video>::policy, rtai::drop_oldest>);
    STATIC_REQUIRE(std::is_same_v<rtai::stream_traits<my::thing>::policy, rtai::drop_newest>);
}

TEST_CASE("what carries a stamp belongs to a turn", "[stream]") {
    STATIC_REQUIRE(rtai::stamped<rtai::audio>);
    STATIC_REQUIRE(rtai::stamped<rtai::text>);
    STATIC_REQUIRE(rtai::stamped<rtai::moment>);
    STATIC_REQUIRE(rtai::stamped<rtai::control>);
    STATIC_REQUIRE(rtai::stamped<rtai::image>);
    STATIC_REQUIRE(rtai::stamped<rtai::packet>);
    STATIC_REQUIRE(rtai::stamped<rtai::video>);
    STATIC_REQUIRE(rtai::stamped<my::carries>);
    STATIC_REQUIRE_FALSE(rtai::stamped<my::thing>);
    STATIC_REQUIRE_FALSE(rtai::stamped<std::string>);
}

TEST_CASE("what flows is made of its words", "[stream]") {
    REQUIRE(rtai::text("hi").final);
    REQUIRE_FALSE(rtai::text("h", false).final);
    REQUIRE(rtai::moment(rtai::what::failure, "why").detail == "why");
    REQUIRE(rtai::control(rtai::order::flush).order == rtai::order::flush);
    REQUIRE(rtai::image("image/png", rtai::buffer(3)).bytes.size() == 3);
    REQUIRE_FALSE(rtai::video("vp8", rtai::buffer(3)).key_frame);
    REQUIRE(rtai::text("hi").stamp.epoch == 0);
}
