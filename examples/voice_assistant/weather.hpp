#pragma once

#include <rtai/ai/tools/tool.hpp>
#include <rtai/core/timer.hpp>
#include <string>

// A tool: the model calls it, and is told what it returns.
namespace weather_station {

struct place {
    std::string city;
    RTAI_DESCRIBE(place, city)
    static void notes(rtai::notes<place>& about) {
        about(&place::city, "the city, such as Berlin", rtai::required);
    }
};

struct report {
    std::string sky;
    int degrees = 0;
    RTAI_DESCRIBE(report, sky, degrees)
};

inline rtai::task<report> weather(place p) {
    co_await rtai::sleep_for(std::chrono::milliseconds(200));  // a station far away
    report r;
    r.sky = p.city.size() % 2 == 0 ? "sunny" : "cloudy";
    r.degrees = 15 + static_cast<int>(p.city.size());
    co_return r;
}

}  // namespace weather_station

RTAI_TOOL(weather_station::weather, "Tells the weather of a city.");
