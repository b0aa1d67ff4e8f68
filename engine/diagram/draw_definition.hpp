#pragma once
// The sequence diagram of a workflow: the arrows of its tasks in their order, between its participants,
// with loops, branches and handlers as blocks; the callers' own steps between them, by their numbers.
#include "engine/diagram/picture.hpp"

namespace sequent::diagram {

/// Who acts in a workflow that names no participants.
inline constexpr std::string_view engine_name = "Sequent";

[[nodiscard]] Picture draw_definition(const definition::Program& program);

/// The participant that this engine plays: who sends the first arrow of a task.
[[nodiscard]] std::string owner_of(const definition::Program& program);

/// The arrows of one task: those of its metadata, else a call's own; none for a task inside a block
/// with arrows, which speaks for it.
[[nodiscard]] std::vector<Arrow> arrows_of(const definition::Program& program,
                                           const definition::Node& node);

/// Index of the first arrow that goes back along an earlier one: what comes before it is what was
/// asked. The number of arrows when there is none.
[[nodiscard]] std::size_t first_answer(const std::vector<Arrow>& arrows);

/// Puts names that arrows and notes use, and that the picture lacks, at its right end.
void complete_participants(Picture& picture);

}  // namespace sequent::diagram
