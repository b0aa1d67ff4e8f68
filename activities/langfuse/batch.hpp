#pragma once
// What became of a batch of ingestion events: the part that needs no network.
#include <string>
#include <vector>

#include "base/json.hpp"
#include "engine/machine/problem.hpp"

namespace sequent::activities::langfuse {

/// Events on their way to Langfuse, in requests that may have to be cut in two or sent again.
class BatchProgress {
 public:
  explicit BatchProgress(Json batch);

  /// The next request's events; empty when nothing is left.
  [[nodiscard]] Json take();
  /// A 207 for `events`: accepted ones are done, 5xx ones are queued again up to `max_rounds` times.
  /// An event that is named in neither list was taken (sdk-log is always so).
  void answered(const Json& events, const Json& answer);
  /// 413 for `events`: cut in two. One event alone is refused.
  void too_large(const Json& events);

  /// Sent until now and still answered with 5xx.
  [[nodiscard]] const std::vector<std::string>& unfinished() const { return unfinished_; }
  /// shape  {accepted: [id], refused: [{id, status, message?}]}
  [[nodiscard]] Json output() const;
  [[nodiscard]] bool has_refused() const { return !refused_.empty(); }

 private:
  struct Piece {
    Json events;
    int round = 1;
  };
  std::vector<Piece> pieces_;  // the next one is last
  int round_ = 1;              // of the piece that was taken
  Json accepted_ = Json::array();
  Json refused_ = Json::array();
  std::vector<std::string> unfinished_;
};

/// Requests that carry one event at most, however often Langfuse fails it.
inline constexpr int max_rounds = 3;

}  // namespace sequent::activities::langfuse
