# Writes a C++ file with the texts of the templates: cmake -Dout=... -Ddir=... "-Dnames=a|b" -P embed.cmake
string(REPLACE "|" ";" names "${names}")
set(text "#include \"emit.hpp\"\n\n#include <stdexcept>\n\nnamespace rtai::codegen {\n\nstd::string template_text(const std::string& name) {\n")
foreach(name IN LISTS names)
    file(READ "${dir}/${name}" content)
    string(APPEND text "    if (name == \"${name}\") return R\"rtai_template(${content})rtai_template\";\n")
endforeach()
string(APPEND text "    throw std::logic_error(\"there is no template \" + name);\n}\n\n}  // namespace rtai::codegen\n")
file(WRITE "${out}" "${text}")
