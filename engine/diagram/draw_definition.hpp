#pragma once
// The sequence diagram of a workflow: the arrows of its tasks in their order, between its participants,
// with loops, branches and handlers as blocks.
#include "engine/diagram/picture.hpp"

namespace sequent::diagram {

/// Who acts where a task names no arrow: tasks that call nobody outside.
inline constexpr std::string_view engine_name = "Sequent";

[[nodiscard]] Picture draw_definition(const definition::Program& program);

/// The arrows of one task: those of its metadata, else a call's own.
[[nodiscard]] std::vector<Arrow> arrows_of(const definition::Program& program,
                                           const definition::Node& node);

/// Puts names that arrows and notes use, and that the picture lacks, at its right end.
void complete_participants(Picture& picture);

}  // namespace sequent::diagram
