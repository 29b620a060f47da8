#include "commands.hpp"
namespace rtai::codegen {
}
