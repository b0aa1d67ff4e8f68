#include "cli/live_player.hpp"

#include <algorithm>
#include <regex>
#include <set>

#include "crashtest/observe.hpp"
#include "crashtest/request.hpp"

namespace sequent::cli {
namespace {

using crashtest::Scenario;
using crashtest::ScenarioFile;
using crashtest::Step;

constexpr DurationMs answer_patience_ms = 120'000;  // a caller's, while the engine comes and goes
constexpr DurationMs end_patience_ms = 60'000;      // for runs to end and the condition to hold
constexpr DurationMs ask_again_ms = 500;
constexpr DurationMs look_again_ms = 250;
constexpr DurationMs longest_quiet_ms = 3'000;  // of a wait
constexpr DurationMs longest_settling_ms = 20'000;

// Collections that a condition names: .records.orders, .records["product-offers"].
std::set<std::string> collections_in(const std::string& condition) {
  static const std::regex named{R"re(\.records(?:\.([A-Za-z_]\w*)|\["([^"]+)"\]))re"};
  std::set<std::string> collections;
  for (std::sregex_iterator match{condition.begin(), condition.end(), named}, end; match != end;
       ++match)
    collections.insert((*match)[1].matched ? (*match)[1].str() : (*match)[2].str());
  return collections;
}

// What was counted since: kinds with nothing new are left out.
Json counted_since(const Json& before, const Json& now) {
  Json since = Json::object();
  for (const auto& [kind, count] : now.items()) {
    const auto more = count.get<std::int64_t>() - before.value(kind, std::int64_t{0});
    if (more > 0) since[kind] = more;
  }
  return since;
}

Json items_since(const Json& before, const Json& now) {
  Json since = Json::array();
  for (const auto& item : now)
    if (std::find(before.begin(), before.end(), item) == before.end()) since.push_back(item);
  return since;
}

bool same_thing(const Json& one, const Json& other) {
  const bool named = one.is_object() && other.is_object() && one.contains("id");
  return named ? one["id"] == other.value("id", Json()) : one == other;
}

// {objects, count} at every depth, without the objects that were there before.
Json made_since(const Json& before, const Json& now) {
  if (!now.is_object()) return now;
  Json since = now;
  for (auto& [name, part] : since.items()) {
    const Json earlier = before.is_object() ? before.value(name, Json()) : Json();
    if (name == "objects" && part.is_array() && earlier.is_array()) {
      Json made = Json::array();
      for (const auto& object : part)
        if (std::none_of(earlier.begin(), earlier.end(),
                         [&](const Json& other) { return same_thing(other, object); }))
          made.push_back(object);
      part = std::move(made);
    } else if (name == "count" && part.is_number_integer() && earlier.is_number_integer()) {
      part = part.get<std::int64_t>() - earlier.get<std::int64_t>();
    } else {
      part = made_since(earlier, part);
    }
  }
  return since;
}

class LivePlayer {
 public:
  LivePlayer(const LiveWorld& world, const Subject& subject, const Scenario& scenario,
             std::string caller, const runtime::Clock& clock, const OnLive& tell)
      : world_(world),
        subject_(subject),
        scenario_(scenario),
        file_(subject.scenarios),
        caller_(std::move(caller)),
        clock_(clock),
        tell_(tell),
        condition_(scenario.live_expect ? scenario.live_expect : scenario.expect) {}

  Result<void> play() {
    if (auto deployed = deploy(); !deployed) return deployed;
    if (auto rested = world_.settle(look_again_ms, longest_settling_ms); !rested) return rested;
    if (auto begun = look_before(); !begun) return begun;
    for (const auto& step : scenario_.steps) {
      tell_(step.name, nullptr);
      auto made = make(step);
      if (made) continue;
      made.error().detail = file_.file + ":" + std::to_string(step.line) + ": step " + step.name +
                            ": " + made.error().detail;
      return made;
    }
    return follow();
  }

  [[nodiscard]] const Json& runs() const { return runs_; }

 private:
  Result<void> deploy();
  Result<void> look_before();
  Result<void> make(const Step& step);
  Result<net::ServerRequest> filled(const crashtest::Request& request, const std::string& name);
  Result<std::vector<net::ServerResponse>> answers_to(const std::vector<LiveRequest>& requests,
                                                      const Step& step);
  Result<void> look();
  Result<void> follow();
  Result<Json> observation();
  Result<Json> records();

  const LiveWorld& world_;
  const Subject& subject_;
  const Scenario& scenario_;
  const ScenarioFile& file_;
  const std::string caller_;
  const runtime::Clock& clock_;
  const OnLive& tell_;
  const std::optional<expression::ExpressionId> condition_;
  std::set<std::string> workflows_;  // namespace/name of what the scenario deploys
  std::set<std::string> earlier_;    // ids of runs, before it began
  bool begun_ = false;
  std::map<std::string, Json> records_before_;
  Json providers_before_;
  Json known_ = Json::object();
  Json answers_ = Json::object();
  Json runs_ = Json::array();
  std::map<std::string, Json> told_;  // what of each run
};

Result<void> LivePlayer::deploy() {
  for (const auto& deployment : subject_.deployments) {
    LiveRequest request;
    request.to = "engine";
    request.request.method = "POST";
    request.request.path = "/api/v1/workflows";
    request.request.headers.set("Content-Type", "application/yaml");
    request.request.body = deployment.text;
    Step step;
    step.requests.resize(1);
    const auto answer = answers_to({request}, step);
    if (!answer) return std::unexpected(answer.error());
    const Json body = crashtest::body_of(answer->front());
    if (auto good = crashtest::check_status({}, answer->front().status, body); !good) {
      good.error().detail = "deploying " + deployment.file + ": " + good.error().detail;
      return good;
    }
    workflows_.insert(text_of(body, "namespace") + "/" + text_of(body, "name"));
  }
  return {};
}

Result<void> LivePlayer::look_before() {
  const auto runs = world_.runs();
  if (!runs) return std::unexpected(runs.error());
  for (const auto& run : *runs) earlier_.insert(text_of(run, "id"));
  begun_ = true;
  if (!condition_) return {};
  for (const auto& collection : collections_in(file_.expressions->source(*condition_))) {
    auto records = world_.records(collection);
    if (!records) return std::unexpected(records.error());
    records_before_[collection] = std::move(*records);
  }
  auto providers = world_.providers();
  if (!providers) return std::unexpected(providers.error());
  providers_before_ = std::move(*providers);
  return {};
}

// The same keys would make two scenarios' requests one.
Result<net::ServerRequest> LivePlayer::filled(const crashtest::Request& request,
                                              const std::string& name) {
  auto filled = crashtest::fill_request(request, name, file_, known_, clock_.now());
  if (!filled) return filled;
  const auto* key = filled->headers.find("Idempotency-Key");
  if (key != nullptr && *key == "crashtest-" + name)
    filled->headers.set("Idempotency-Key", caller_ + "-" + name);
  return filled;
}

Result<void> LivePlayer::make(const Step& step) {
  if (step.wait > 0)
    return world_.settle(std::min(step.wait, longest_quiet_ms), longest_settling_ms);
  std::vector<LiveRequest> requests;
  for (std::size_t i = 0; i < step.requests.size(); ++i) {
    auto request = filled(step.requests[i], step.names[i]);
    if (!request) return std::unexpected(request.error());
    requests.push_back({.to = step.requests[i].to, .request = std::move(*request)});
  }
  const auto answers = answers_to(requests, step);
  if (!answers) return std::unexpected(answers.error());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto& name = step.names[i];
    known_[name] = crashtest::told_by((*answers)[i]);
    known_["headers"][name] = crashtest::headers_of((*answers)[i]);
    const bool compared = requests[i].to == "engine" && step.requests[i].compared;
    const bool alone = requests.size() == 1;
    if (compared && alone) answers_[name] = known_[name];
    if (compared && !alone) answers_[step.name].push_back(known_[name]);
    if (auto good =
            crashtest::check_status(step.requests[i].status, (*answers)[i].status, known_[name]);
        !good)
      return good;
  }
  return look();
}

// Callers of the engine ask again with the same key until somebody answers.
Result<std::vector<net::ServerResponse>> LivePlayer::answers_to(
    const std::vector<LiveRequest>& requests, const Step& step) {
  const Patience patience{answer_patience_ms};
  std::vector<std::optional<net::ServerResponse>> answers(requests.size());
  while (true) {
    std::vector<LiveRequest> open;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < requests.size(); ++i)
      if (!answers[i]) {
        open.push_back(requests[i]);
        places.push_back(i);
      }
    if (open.empty()) break;
    const auto came = world_.send(open);
    for (std::size_t i = 0; i < came.size(); ++i) {
      const bool engine = open[i].to == "engine";
      const bool last = !engine || patience.over();
      if (!came[i] && last)
        return fail(ErrorCode::unavailable,
                    "no answer from " + open[i].to + ": " + came[i].error().message);
      const auto& wanted = step.requests[places[i]].status;
      if (came[i] && (last || !crashtest::worth_asking_again(wanted, came[i]->status)))
        answers[places[i]] = received(*came[i]);
    }
    if (auto looked = look(); !looked) return std::unexpected(looked.error());
    if (std::any_of(answers.begin(), answers.end(), [](const auto& answer) { return !answer; }))
      world_.pause(ask_again_ms);
  }
  std::vector<net::ServerResponse> all;
  for (auto& answer : answers) all.push_back(*std::move(answer));
  return all;
}

// Which runs the scenario has by now, and what is new about them.
Result<void> LivePlayer::look() {
  if (!begun_) return {};
  const auto all = world_.runs();
  if (!all) return std::unexpected(all.error());
  runs_ = Json::array();
  for (auto run = all->rbegin(); run != all->rend(); ++run) {
    const auto id = text_of(*run, "id");
    const Json workflow = run->value("workflow", Json::object());
    const auto name = text_of(workflow, "namespace") + "/" + text_of(workflow, "name");
    if (earlier_.contains(id) || !workflows_.contains(name)) continue;
    runs_.push_back(*run);
    const Json now{(*run)["status"], (*run)["task"]};
    if (told_[id] == now) continue;
    told_[id] = now;
    tell_("", *run);
  }
  return {};
}

Result<Json> LivePlayer::records() {
  Json records = Json::object();
  for (const auto& [collection, before] : records_before_) {
    const auto now = world_.records(collection);
    if (!now) return std::unexpected(now.error());
    records[collection] = items_since(before, *now);
  }
  return records;
}

Result<Json> LivePlayer::observation() {
  Json runs = Json::array();
  for (const auto& summary : runs_) {
    const auto run = world_.get("engine", "/api/v1/runs/" + text_of(summary, "id"));
    if (!run) return std::unexpected(run.error());
    runs.push_back(crashtest::observed_run(*run));
  }
  auto records_now = records();
  if (!records_now) return records_now;
  auto providers = world_.providers();
  if (!providers) return providers;
  for (auto& [name, provider] : providers->items()) {
    const auto& before = providers_before_[name];
    provider["state"] = made_since(before["state"], provider["state"]);
    provider["effects"] = counted_since(before["effects"], provider["effects"]);
    provider["effectsByKey"] = items_since(before["effectsByKey"], provider["effectsByKey"]);
    provider["duplicateEffects"] =
        items_since(before["duplicateEffects"], provider["duplicateEffects"]);
  }
  return crashtest::observation_of(answers_, std::move(runs), std::move(*records_now),
                                   std::move(*providers));
}

// Webhooks and what they start come when they come, so the condition may hold a little later.
Result<void> LivePlayer::follow() {
  const Patience patience{end_patience_ms};
  std::string last;
  while (true) {
    if (auto looked = look(); !looked) return looked;
    last = "runs are still open";
    if (LiveWorld::at_rest(runs_)) {
      if (!condition_) return {};
      const auto seen = observation();
      if (!seen) return std::unexpected(seen.error());
      const auto holds = file_.expressions->evaluate(*condition_, *seen, expression::Scope{});
      if (holds && *holds == true) return {};
      last = "what came of it is not what the scenario expects: " +
             file_.expressions->source(*condition_) + " gives " +
             (holds ? dump_json(*holds) : holds.error().detail) +
             ". Its answers: " + dump_json((*seen)["answers"]) +
             ". Its runs: " + dump_json((*seen)["runs"]) +
             ". Its records: " + dump_json((*seen)["records"]);
    }
    if (patience.over())
      return fail(ErrorCode::conflict, file_.file + ":" + std::to_string(scenario_.line) +
                                           ": after " + std::to_string(end_patience_ms / 1'000) +
                                           " s " + last);
    world_.pause(look_again_ms);
  }
}

}  // namespace

LiveOutcome play_live(const LiveWorld& world, const Subject& subject,
                      const crashtest::Scenario& scenario, const std::string& caller,
                      const runtime::Clock& clock, const OnLive& tell) {
  const auto begun = std::chrono::steady_clock::now();
  LivePlayer player{world, subject, scenario, caller, clock, tell};
  LiveOutcome outcome;
  if (auto played = player.play(); !played) outcome.failure = std::move(played.error());
  outcome.runs = player.runs();
  outcome.took_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::steady_clock::now() - begun)
                        .count();
  return outcome;
}

}  // namespace sequent::cli
