#pragma once
// A workflow's page for people: what it is for, in its author's words, beside its picture.
#include <string>

#include "engine/definition/program.hpp"

namespace sequent::diagram {

/// Markdown. `source`: a link to the workflow's file, relative to the page.
[[nodiscard]] std::string page(const definition::Program& program, const std::string& source);

}  // namespace sequent::diagram
