// What the stand-in shows of what it took.
#include <algorithm>
#include <charconv>

#include "sandbox/langfuse/langfuse.hpp"

namespace sequent::sandbox::langfuse {
namespace {

std::optional<std::size_t> count_of(const Query& query, const std::string& name,
                                    std::size_t otherwise) {
  const std::string text = last_of(query, name);
  if (text.empty()) return otherwise;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional<std::size_t>(number) : std::nullopt;
}

bool wants_metrics(const Query& query) {
  const std::string fields = last_of(query, "fields");
  return fields.empty() || fields.find("metrics") != std::string::npos;
}

}  // namespace

Query query_of(const net::ServerRequest& request) {
  Query query;
  for (auto& [name, value] : net::parse_query(request.query)) query.emplace(name, value);
  return query;
}

std::string last_of(const Query& query, const std::string& name) {
  const auto [first, end] = query.equal_range(name);
  return first == end ? std::string() : std::prev(end)->second;
}

Json shown_trace(const std::string& id, const Entity& trace, bool with_metrics) {
  Json shown = trace.members;
  shown["id"] = id;
  for (const char* member :
       {"name", "userId", "sessionId", "release", "version", "metadata", "input", "output"})
    if (!shown.contains(member)) shown[member] = nullptr;
  if (!shown.contains("tags")) shown["tags"] = Json::array();
  if (!shown.contains("public")) shown["public"] = false;
  if (!shown.contains("environment")) shown["environment"] = "default";
  shown["htmlPath"] = "/project/sandbox/traces/" + id;
  // In seconds, whatever the name of the member suggests.
  for (const char* member : {"latency", "totalCost"}) {
    if (!shown.contains(member)) shown[member] = 0;
    if (!with_metrics) shown[member] = -1;
  }
  shown["observations"] = shown.value("observations", Json::array());
  shown["scores"] = shown.value("scores", Json::array());
  return shown;
}

bool trace_fits(const Json& trace, const Query& query) {
  for (const char* member : {"userId", "sessionId", "name", "version", "release"}) {
    const std::string wanted = last_of(query, member);
    if (!wanted.empty() && text_of(trace, member) != wanted) return false;
  }
  const auto [first, end] = query.equal_range("tags");
  const Json tags = trace.value("tags", Json::array());
  for (auto tag = first; tag != end; ++tag)
    if (std::find(tags.begin(), tags.end(), Json(tag->second)) == tags.end()) return false;
  const auto at = parse_time(text_of(trace, "timestamp"));
  const auto from = parse_time(last_of(query, "fromTimestamp"));
  const auto to = parse_time(last_of(query, "toTimestamp"));
  return (!from || (at && *at >= *from)) && (!to || (at && *at < *to));
}

Reply LangfuseStandIn::list_traces(const net::ServerRequest& request, Timestamp now) const {
  const Query query = query_of(request);
  const auto page = count_of(query, "page", 1), limit = count_of(query, "limit", 50);
  if (!page || !limit || *page < 1 || *limit < 1 || *limit > 100)
    return refusal(400, "page and limit must be positive numbers, limit at most 100");
  std::vector<Json> found;
  for (const auto& [id, trace] : traces_)
    if (trace.visible_at <= now && trace_fits(trace.members, query))
      found.push_back(shown_trace(id, trace, wants_metrics(query)));
  const bool ascending = last_of(query, "orderBy").ends_with(".asc");
  std::stable_sort(found.begin(), found.end(), [&](const Json& a, const Json& b) {
    const std::string first = text_of(a, "timestamp"), second = text_of(b, "timestamp");
    return ascending ? first < second : first > second;
  });
  Json data = Json::array();
  for (std::size_t i = (*page - 1) * *limit; i < found.size() && data.size() < *limit; ++i)
    data.push_back(found[i]);
  return json_reply(200, {{"data", data},
                          {"meta",
                           {{"page", *page},
                            {"limit", *limit},
                            {"totalItems", found.size()},
                            {"totalPages", (found.size() + *limit - 1) / *limit}}}});
}

Reply LangfuseStandIn::read_trace(const std::string& id, Timestamp now) const {
  const auto trace = traces_.find(id);
  if (trace == traces_.end() || trace->second.visible_at > now)
    return refusal(404, "Trace not found within authorized project");
  Json shown = shown_trace(id, trace->second, true);
  for (const auto& [key, observation] : observations_)
    if (text_of(observation.members, "traceId") == id && observation.visible_at <= now)
      shown["observations"].push_back(observation.members);
  return json_reply(200, shown);
}

Reply LangfuseStandIn::list_observations(const net::ServerRequest& request, Timestamp now) const {
  const Query query = query_of(request);
  const auto limit = count_of(query, "limit", 50);
  if (!limit || *limit < 1 || *limit > 1000) return refusal(400, "limit must be 1 to 1000");
  const std::string cursor = last_of(query, "cursor"), trace = last_of(query, "traceId");
  Json data = Json::array();
  Json meta = Json::object();
  std::string last;
  for (const auto& [id, observation] : observations_) {
    if (id <= cursor || observation.visible_at > now) continue;
    if (!trace.empty() && text_of(observation.members, "traceId") != trace) continue;
    if (data.size() == *limit) {
      meta["cursor"] = last;
      break;
    }
    Json shown = observation.members;
    shown["id"] = id;
    data.push_back(std::move(shown));
    last = id;
  }
  return json_reply(200, {{"data", data}, {"meta", meta}});
}

}  // namespace sequent::sandbox::langfuse
