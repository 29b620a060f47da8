#include "commands.hpp"
namespace rtai::codegen {
}
namespace rtai::codegen {
int graph_command(const std::string&, const std::string&, const std::string&, const std::string&, const common_options&) { return cannot; }
int explain_command(const std::string&, const std::string&, const common_options&) { return cannot; }
int elements_command(const std::string&, const common_options&) { return cannot; }
int schema_command(const std::string&) { return cannot; }
int new_command(const std::string&, const common_options&) { return cannot; }
}
