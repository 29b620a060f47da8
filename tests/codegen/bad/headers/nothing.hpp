#pragma once

namespace my {

inline int answer() { return 42; }

}  // namespace my
