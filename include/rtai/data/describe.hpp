#pragma once

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Inside a struct, after its members: which of them other programs and people see, by name.
#define RTAI_DESCRIBE(type, ...) BOOST_DESCRIBE_CLASS(type, (), (__VA_ARGS__), (), ())

namespace rtai {

template <class T>
concept described = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;

template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

/// Calls `visit(name, pointer to member)` for each described member, in order.
template <described T, class F>
constexpr void for_each_member(F&& visit) {
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto d) { visit(std::string_view(d.name), d.pointer); });
}

/// "speech_start"; nothing for a value without a name.
template <described_enum E>
constexpr std::string_view name_of(E value) noexcept {
    std::string_view found;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
        if (d.value == value) found = d.name;
    });
    return found;
}

/// What a value may be. Both ends are allowed.
struct range {
    constexpr range(double l, double m) noexcept : least(l), most(m) {}
    double least;
    double most;
};
constexpr range at_least(double least) noexcept { return {least, std::numeric_limits<double>::infinity()}; }

/// Marks an option without a useful default.
struct required_t {};
inline constexpr required_t required;

/// What is known about one option beyond its name and type.
struct note {
    std::string_view name;
    std::string_view about;
    std::optional<rtai::range> range;
    bool required = false;
};

/// Collects what `T::notes` says of T's members:
///
///     static void notes(rtai::notes<options>& about) {
///         about(&options::threshold, "probability that counts as speech", rtai::range(0, 1));
///     }
template <class T>
class notes {
public:
    notes() {
        if constexpr (requires { T::notes(*this); }) T::notes(*this);
    }

    template <class M>
    void operator()(M T::* member, std::string_view about) {
        add(member).about = about;
    }
    template <class M>
    void operator()(M T::* member, std::string_view about, rtai::range range) {
        auto& n = add(member);
        n.about = about;
        n.range = range;
    }
    template <class M>
    void operator()(M T::* member, std::string_view about, required_t) {
        auto& n = add(member);
        n.about = about;
        n.required = true;
    }

    /// An empty note if nothing was said.
    note of(std::string_view name) const {
        for (const auto& n : all_)
            if (n.name == name) return n;
        return {};
    }

private:
    template <class M>
    note& add(M T::* member) {
        note n;
        for_each_member<T>([&](std::string_view name, auto pointer) {
            if constexpr (std::is_same_v<decltype(pointer), M T::*>)
                if (pointer == member) n.name = name;
        });
        if (n.name.empty())
            throw std::logic_error("a note is about a member that RTAI_DESCRIBE does not name");
        return all_.emplace_back(n);
    }

    std::vector<note> all_;
};

}  // namespace rtai
