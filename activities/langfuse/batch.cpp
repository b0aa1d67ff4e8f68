#include "activities/langfuse/batch.hpp"

#include <map>

namespace sequent::activities::langfuse {

namespace {

// Well below Langfuse's documented 3.5 MB.
constexpr std::size_t max_request_bytes = 3'000'000;

int status_of(const Json& entry) {
  const auto status = entry.find("status");
  return status != entry.end() && status->is_number_integer() ? status->get<int>() : 500;
}

std::map<std::string, Json> by_id(const Json& answer, const char* list) {
  std::map<std::string, Json> found;
  const auto entries = answer.find(list);
  if (entries == answer.end() || !entries->is_array()) return found;
  for (const Json& entry : *entries) found.emplace(text_of(entry, "id"), entry);
  return found;
}

Json refusal(const std::string& id, int status, const std::string& message) {
  Json entry = Json::object();
  entry["id"] = id;
  entry["status"] = status;
  if (!message.empty()) entry["message"] = message;
  return entry;
}

}  // namespace

BatchProgress::BatchProgress(Json batch) {
  std::vector<Piece> pieces;
  Piece piece{Json::array(), 1};
  std::size_t bytes = 0;
  for (Json& event : batch) {
    const std::size_t more = dump_json(event).size() + 1;
    if (bytes + more > max_request_bytes && !piece.events.empty()) {
      pieces.push_back(std::move(piece));
      piece = Piece{Json::array(), 1};
      bytes = 0;
    }
    piece.events.push_back(std::move(event));
    bytes += more;
  }
  if (!piece.events.empty()) pieces.push_back(std::move(piece));
  pieces_.assign(std::make_move_iterator(pieces.rbegin()), std::make_move_iterator(pieces.rend()));
}

Json BatchProgress::take() {
  if (pieces_.empty()) return Json::array();
  Piece piece = std::move(pieces_.back());
  pieces_.pop_back();
  round_ = piece.round;
  return std::move(piece.events);
}

void BatchProgress::answered(const Json& events, const Json& answer) {
  const auto errors = by_id(answer, "errors");
  Piece again{Json::array(), round_ + 1};
  for (const Json& event : events) {
    const std::string id = text_of(event, "id");
    const auto error = errors.find(id);
    if (error == errors.end()) {
      accepted_.push_back(id);
    } else if (status_of(error->second) < 500) {
      refused_.push_back(refusal(id, status_of(error->second), text_of(error->second, "message")));
    } else if (round_ < max_rounds) {
      again.events.push_back(event);
    } else {
      unfinished_.push_back(id);
    }
  }
  if (!again.events.empty()) pieces_.push_back(std::move(again));
}

void BatchProgress::too_large(const Json& events) {
  if (events.size() < 2) {
    for (const Json& event : events)
      refused_.push_back(refusal(text_of(event, "id"), 413, "the event alone is too large"));
    return;
  }
  const auto middle = events.begin() + static_cast<std::ptrdiff_t>(events.size() / 2);
  pieces_.push_back(Piece{Json(Json::array_t(middle, events.end())), round_});
  pieces_.push_back(Piece{Json(Json::array_t(events.begin(), middle)), round_});
}

Json BatchProgress::output() const {
  Json output = Json::object();
  output["accepted"] = accepted_;
  output["refused"] = refused_;
  return output;
}

}  // namespace sequent::activities::langfuse
