#include "engine/machine/answer.hpp"

#include <algorithm>

namespace sequent::machine {
namespace {

Problem wrong(const std::string& what, const Json& got) {
  return make_problem(ErrorKind::runtime, "metadata.respond: expected " + what + ", got " +
                                              dump_json(got).substr(0, 200));
}

Evaluated<int> status_of(const Json& declared, int otherwise, int least) {
  const auto found = declared.find("status");
  if (found == declared.end() || found->is_null()) return otherwise;
  const auto whole = found->is_number() && found->get<double>() >= least &&
                     found->get<double>() <= 599 &&
                     found->get<double>() == static_cast<int>(found->get<double>());
  if (!whole)
    return std::unexpected(wrong("a status from " + std::to_string(least) + " to 599", *found));
  return static_cast<int>(found->get<double>());
}

// A line break in a header would let data write headers of its own.
Evaluated<std::string> header_text(const std::string& name, const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : dump_json(value);
  const bool breaks = std::ranges::any_of(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
  if (value.is_structured() || value.is_null() || breaks)
    return std::unexpected(wrong("text without control characters in the header " + name, value));
  return text;
}

Evaluated<Json> headers_of(const Json& declared) {
  Json out = Json::object();
  const auto found = declared.find("headers");
  if (found == declared.end() || found->is_null()) return out;
  if (!found->is_object()) return std::unexpected(wrong("headers by name", *found));
  for (const auto& [name, value] : found->items()) {
    if (value.is_null()) continue;  // an expression that has nothing to say leaves the header out
    Json texts = Json::array();
    const Json list = value.is_array() ? value : Json::array({value});
    for (const auto& each : list) {
      auto text = header_text(name, each);
      if (!text) return std::unexpected(text.error());
      texts.push_back(std::move(*text));
    }
    out[name] = std::move(texts);
  }
  return out;
}

bool has_no_body(int status) {
  return (status >= 300 && status < 400) || status == 204 || status == 205;
}

}  // namespace

Evaluated<Json> make_answer(const Json& declared, const Json& output) {
  constexpr int ok = 200, bad_request = 400;
  Json answer = Json::object();
  auto headers = headers_of(declared);
  if (!headers) return headers;
  answer["headers"] = std::move(*headers);
  if (const auto problem = declared.find("problem"); problem != declared.end()) {
    if (!problem->is_object()) return std::unexpected(wrong("problem details", *problem));
    const auto own = status_of(*problem, bad_request, bad_request);
    if (!own) return std::unexpected(own.error());
    const auto status = status_of(declared, *own, bad_request);
    if (!status) return std::unexpected(status.error());
    answer["status"] = *status;
    answer["body"] = *problem;
    answer["body"]["status"] = *status;
    if (!answer["body"].contains("type")) answer["body"]["type"] = "about:blank";
    answer["problem"] = true;
    return answer;
  }
  const auto status = status_of(declared, ok, ok);
  if (!status) return std::unexpected(status.error());
  answer["status"] = *status;
  if (const auto body = declared.find("body"); body != declared.end()) {
    answer["body"] = *body;
  } else if (!has_no_body(*status)) {
    answer["body"] = output;
  }
  if (*status == 204 || *status == 205) answer.erase("body");  // HTTP knows none there
  return answer;
}

Json plain_answer(const Json& output) {
  Json answer{{"status", 200}, {"headers", Json::object()}};
  answer["body"] = output;
  return answer;
}

Json final_answer(const State& state) {
  constexpr int conflict = 409, least_error = 400, most_error = 599, broken = 500;
  if (state.status == Status::completed && state.output) return plain_answer(*state.output);
  Json answer{{"headers", Json::object()}, {"problem", true}};
  if (state.error) {
    const int status = state.error->status;
    answer["status"] = status >= least_error && status <= most_error ? status : broken;
    answer["body"] = to_json(*state.error);
  } else {
    answer["status"] = conflict;
    answer["body"] = {{"type", "about:blank"},
                      {"title", "The run ended before it answered"},
                      {"status", conflict},
                      {"detail", "The run is " + std::string(name_of(state.status)) + "."}};
  }
  return answer;
}

}  // namespace sequent::machine
