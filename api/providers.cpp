// What operators see of providers, and what they do to them. Each command is audited, refused or not.
#include <algorithm>

#include "api/provider_json.hpp"
#include "api/request.hpp"
#include "api/resources.hpp"

namespace sequent::api {
namespace {

using outages::Circuit;
using runtime::CircuitId;

struct Command {
  std::string reason, account, operation_class;
  bool whole = true;  // no account: the provider with all of them
  std::optional<Timestamp> from, to;
  std::optional<double> per_second;
  std::optional<std::int64_t> at_once;
};

enum class Members : std::uint8_t { until, none, limits, window };

void read_rate(StrictObject& object, Command& command, Faults& faults) {
  constexpr double fastest = 100'000;
  if (const Json* rate = object.get("perSecond"); rate != nullptr && !rate->is_null()) {
    if (rate->is_number() && rate->get<double>() >= 0 && rate->get<double>() <= fastest)
      command.per_second = rate->get<double>();
    else
      faults.add(object.place("perSecond"),
                 "expected calls a second from 0 (no limit) to 100000, got " + described(*rate));
  }
  command.at_once = object.whole("atOnce", 0, 100'000);
  if (!command.per_second && !command.at_once && faults.empty())
    faults.add("", "expected `perSecond`, `atOnce` or both, got neither");
}

Result<Command> parse_command(const Context& context, const Call& call, Members members) {
  const auto body = json_body(call.request, context.config.max_json_depth);
  if (!body) return std::unexpected(body.error());
  Faults faults;
  StrictObject object{*body, faults};
  Command command;
  command.reason = object.reason();
  const Json* account = object.get("account");
  command.whole = account == nullptr || account->is_null();
  command.account = object.text("account");
  command.operation_class = object.text("class");
  if (command.whole && !command.operation_class.empty())
    faults.add(object.place("class"), "expected `account` beside it, got nothing",
               "\"\" is the platform's own account.");
  if (members == Members::until) command.to = object.time("until");
  if (members == Members::limits) read_rate(object, command, faults);
  if (members == Members::window) {
    command.from = object.time("from");
    command.to = object.time("to");
    if (!command.to && faults.empty())
      faults.add(object.place("to"), "expected when the maintenance ends, got nothing");
  }
  object.finish();
  if (!faults.empty()) return std::unexpected(faults.error("The body"));
  return command;
}

using Change = Result<void> (*)(Circuit&, const Command&, const std::string& by, Timestamp now);

Result<void> open(Circuit& circuit, const Command& command, const std::string& by, Timestamp now) {
  if (command.to && *command.to <= now)
    return fail(ErrorCode::invalid_request, "`until` is in the past: nothing was changed.");
  outages::open_by_hand(circuit, command.reason, by, command.to.value_or(0), now);
  return {};
}

Result<void> close(Circuit& circuit, const Command& command, const std::string& by, Timestamp now) {
  outages::close_by_hand(circuit, command.reason, by, now);
  return {};
}

Result<void> limit(Circuit& circuit, const Command& command, const std::string&, Timestamp) {
  if (command.per_second) circuit.most_per_second = *command.per_second;
  if (command.at_once) circuit.most_at_once = static_cast<std::uint32_t>(*command.at_once);
  return {};
}

Result<void> maintenance(Circuit& circuit, const Command& command, const std::string& by,
                         Timestamp now) {
  const outages::Window window{
      .from = command.from.value_or(now), .to = *command.to, .reason = command.reason, .by = by};
  if (outages::declare(circuit, window, now)) return {};
  return fail(ErrorCode::invalid_request,
              "Expected a window that ends after it begins and in the future, and no more than 16 "
              "of them: nothing was declared.");
}

/// The circuits that a command is about. Closing a provider closes what evidence opened below it.
std::vector<CircuitId> circuits_of(const std::string& provider, const Command& command, bool closes,
                                   const std::vector<runtime::ProviderView>& known) {
  std::vector<CircuitId> circuits;
  if (!command.whole && !command.operation_class.empty())
    return {CircuitId{provider, command.account, command.operation_class}};
  if (command.whole) circuits.push_back(CircuitId{provider, "*", "*"});
  for (const auto& view : known) {
    const bool ours = view.id.provider == provider && !view.id.is_whole() &&
                      (command.whole || view.id.account == command.account);
    if (!ours || (command.whole && !closes)) continue;
    if (!closes || view.circuit.position != outages::Position::closed) circuits.push_back(view.id);
  }
  // Nothing was called yet for this account: the usual classes.
  if (circuits.empty())
    for (const char* one : {"read", "write"})
      circuits.push_back(CircuitId{provider, command.account, one});
  return circuits;
}

bool is_known(const Context& context, const std::string& provider,
              const std::vector<runtime::ProviderView>& views) {
  if (std::ranges::any_of(views, [&](const auto& view) { return view.id.provider == provider; }))
    return true;
  const auto base = provider.substr(0, provider.find(':'));
  for (const auto& name : context.ports.activities.names())
    if (const auto* spec = context.ports.activities.find(name, ""); spec->provider == base)
      return true;
  return false;
}

/// How far a command came: what it changed may be told though the next change failed.
struct Changed {
  Json before = Json::array(), after = Json::array();
  std::optional<Error> error;
};

// What an operator's command changes of a circuit, without what passes by itself.
Json standing_json(const runtime::ProviderView& view) {
  Json json = provider_json(view);
  for (const char* passing : {"window", "inFlight", "drainPerSecond", "parked", "lastFailedAt"})
    json.erase(passing);
  return json;
}

asio::awaitable<Changed> change_all(Context& context, std::string provider, Command command,
                                    std::string by, Change change) {
  auto looking = context.ports.engine.providers();
  const auto views = co_await std::move(looking);
  Changed done;
  if (!views) {
    done.error = views.error();
    co_return done;
  }
  if (!is_known(context, provider, *views)) {
    done.error = Error{.code = ErrorCode::not_found,
                       .detail = "No activity calls a provider \"" + provider +
                                 "\": GET /api/v1/activities lists them."};
    co_return done;
  }
  for (const auto& circuit : circuits_of(provider, command, change == close, *views)) {
    runtime::Outages::Change apply = [command, by, change](Circuit& state, Timestamp now) {
      return change(state, command, by, now);
    };
    auto changing = context.ports.engine.change_provider(circuit, std::move(apply));
    const auto changed = co_await std::move(changing);
    if (!changed) {
      done.error = changed.error();
      co_return done;
    }
    const auto known = std::ranges::find(*views, circuit, &runtime::ProviderView::id);
    done.before.push_back(known == views->end() ? Json() : standing_json(*known));
    done.after.push_back(provider_json(*changed));
  }
  co_return done;
}

asio::awaitable<Answer> act_on_provider(Context& context, const Call& call, const char* name,
                                        Members members, Change change) {
  auto command = parse_command(context, call, members);
  Changed changed;
  if (command) {
    auto changing = change_all(context, call.at("name"), *command, call.principal.name, change);
    changed = co_await std::move(changing);
  } else {
    changed.error = command.error();
  }
  Result<void> done;
  if (changed.error) done = std::unexpected(*changed.error);
  AuditNote note;
  note.action = name;
  note.target = "providers/" + call.at("name");
  if (command) {
    note.reason = command->reason;
    if (!command->whole) note.target += "/" + command->account;
  }
  note.outcome = outcome_of(done);
  if (!changed.before.empty()) note.before = changed.before;
  if (!changed.after.empty()) note.after = changed.after;
  co_await audit(context, call, note);
  if (changed.error) co_return problem(context, *changed.error);
  co_return json_answer(200, page_json(std::move(changed.after), ""));
}

}  // namespace

asio::awaitable<Answer> list_providers(Context& context, const Call&) {
  auto looking = context.ports.engine.providers();
  const auto views = co_await std::move(looking);
  if (!views) co_return problem(context, views.error());
  Json items = Json::array();
  for (const auto& view : *views) items.push_back(provider_json(view));
  co_return json_answer(200, page_json(std::move(items), ""));
}

asio::awaitable<Answer> open_provider(Context& context, const Call& call) {
  return act_on_provider(context, call, "open-provider", Members::until, open);
}

asio::awaitable<Answer> close_provider(Context& context, const Call& call) {
  return act_on_provider(context, call, "close-provider", Members::none, close);
}

asio::awaitable<Answer> limit_provider(Context& context, const Call& call) {
  return act_on_provider(context, call, "limit-provider", Members::limits, limit);
}

asio::awaitable<Answer> declare_maintenance(Context& context, const Call& call) {
  return act_on_provider(context, call, "declare-maintenance", Members::window, maintenance);
}

}  // namespace sequent::api
