#include "persistence/postgres/address.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

namespace sequent::persistence::postgres {
namespace {

// What holds unless the address says otherwise. A fail-over leaves connections that no packet ever
// ends: they must be noticed, and the next one must go where writes are taken.
constexpr std::pair<const char*, const char*> defaults[] = {
    {"connect_timeout", "5"},      {"keepalives_idle", "5"},
    {"keepalives_interval", "2"},  {"keepalives_count", "3"},
    {"tcp_user_timeout", "10000"}, {"target_session_attrs", "read-write"},
    {"client_encoding", "UTF8"},
};
constexpr std::size_t longest_name = 48;  // of a schema: PostgreSQL cuts names at 63 bytes

// Takes `schema=…` out of the query of a URL: libpq refuses what it does not know.
std::string take_schema(std::string url, std::string& schema) {
  const auto query = url.find('?');
  if (query == std::string::npos) return url;
  std::string kept;
  std::string rest = url.substr(query + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const std::string part = rest.substr(0, end);
    rest.erase(0, end + 1);
    if (part.starts_with("schema=")) {
      schema = part.substr(7);
    } else {
      kept += (kept.empty() ? "?" : "&") + part;
    }
  }
  return url.substr(0, query) + kept;
}

std::string spelled_of(const std::vector<std::pair<std::string, std::string>>& options) {
  const auto value = [&](const char* name, const char* otherwise) {
    for (const auto& [known, text] : options)
      if (known == name) return text;
    return std::string{otherwise};
  };
  const std::string user = value("user", "");
  std::string out = "postgresql://" + user + (user.empty() ? "" : "@");
  return out + value("host", "localhost") + ":" + value("port", "5432") + "/" +
         value("dbname", user.c_str());
}

}  // namespace

bool is_plain_name(std::string_view text) {
  if (text.empty() || text.size() > longest_name) return false;
  if (text.front() >= '0' && text.front() <= '9') return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

Result<Address> Address::parse(const std::string& url, const std::string& node) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    return fail(ErrorCode::invalid_request,
                "Expected the store's address to be postgresql://user@host:5432/database, got "
                "something else. SQLite needs no address: use --data DIR.");
  Address address;
  const std::string own = take_schema(url, address.schema);
  if (!is_plain_name(address.schema))
    return fail(
        ErrorCode::invalid_request,
        "Expected ?schema= of the store's address to be a name of a-z, 0-9 and _, at most " +
            std::to_string(longest_name) + " long, got \"" + address.schema.substr(0, 80) + "\".");
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed{
      PQconninfoParse(own.c_str(), &problem), PQconninfoFree};
  if (!parsed) {
    std::string why = problem == nullptr ? "it cannot be read" : problem;
    PQfreemem(problem);
    while (!why.empty() && why.back() == '\n') why.pop_back();
    // libpq repeats the URL, and with it the password.
    if (const auto quoted = why.find(": \""); quoted != std::string::npos) why.resize(quoted);
    return fail(ErrorCode::invalid_request,
                "The store's address is no PostgreSQL URL (" + why +
                    "). Expected postgresql://user:password@host:5432/database?sslmode=…; special "
                    "characters of a password are written as %XX.");
  }
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) address.options.emplace_back(option->keyword, option->val);
  const auto put = [&](const std::string& name, const std::string& value) {
    const bool there = std::ranges::any_of(address.options,
                                           [&](const auto& known) { return known.first == name; });
    if (!there) address.options.emplace_back(name, value);
  };
  for (const auto& [name, value] : defaults) put(name, value);
  put("application_name", "sequent " + node);
  address.spelled = spelled_of(address.options);
  return address;
}

}  // namespace sequent::persistence::postgres
