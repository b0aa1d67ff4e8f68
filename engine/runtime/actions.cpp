#include "engine/runtime/actions.hpp"

#include <array>

namespace sequent::runtime {
namespace {

// In the order of ActionRequest::Kind.
constexpr std::array<std::string_view, 8> kinds{"suspend", "resume", "cancel",    "retry",
                                                "skip",    "rewind", "terminate", "migrate"};

}  // namespace

Json to_json(const ActionRequest& request) {
  Json json{{"kind", kinds.at(static_cast<std::size_t>(request.kind))},
            {"run", request.run.text()},
            {"task", request.task},
            {"reason", request.reason},
            {"by", request.by}};
  if (!request.version.empty()) json["version"] = request.version;
  if (request.value) json["value"] = *request.value;
  if (request.at_seq) json["atSeq"] = *request.at_seq;
  return json;
}

std::optional<ActionRequest> action_from_json(const Json& json) {
  const auto kind = text_of(json, "kind");
  const auto run = InstanceId::parse(text_of(json, "run"));
  for (std::size_t i = 0; i < kinds.size() && run; ++i) {
    if (kinds[i] != kind) continue;
    ActionRequest request;
    request.kind = static_cast<ActionRequest::Kind>(i);
    request.run = *run;
    request.task = text_of(json, "task");
    request.version = text_of(json, "version");
    if (json.contains("value")) request.value = json.at("value");
    request.reason = text_of(json, "reason");
    request.by = text_of(json, "by");
    if (json.contains("atSeq")) request.at_seq = json.at("atSeq").get<std::uint64_t>();
    return request;
  }
  return std::nullopt;
}

}  // namespace sequent::runtime
