#include "tests/chaos/world.hpp"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace sequent::chaos {
namespace {

namespace fs = std::filesystem;

constexpr DurationMs start_ms = 180'000, ready_look_ms = 50, doctor_ms = 120'000;

std::string text_of(const std::string& file) {
  std::ifstream stream{file};
  return {std::istreambuf_iterator<char>{stream}, {}};
}

// The stand-ins' addresses, out of the configuration that the sandbox writes for the nodes.
std::map<std::string, std::string> addresses_in(const std::string& yaml) {
  std::map<std::string, std::string> found;
  for (const char* name : {"stripe", "auth", "aws", "flexprice", "langfuse"}) {
    const auto section = yaml.find(std::string{"\n  "} + name + ":");
    const auto url = yaml.find("http://", section);
    if (section == std::string::npos || url == std::string::npos)
      throw std::runtime_error(std::string{"the sandbox names no address of "} + name);
    found[name] = yaml.substr(url, yaml.find_first_of("/\"\n }", url + 7) - url);
  }
  return found;
}

}  // namespace

std::int64_t figure_in(const std::string& page, const std::string& name) {
  const auto text = "\n" + page;
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::stoll(text.substr(at + name.size() + 2));
}

World::World(std::string program, const std::string& source, std::string folder)
    : program_(std::move(program)), source_(source), folder_(std::move(folder)) {
  database_ = std::make_unique<Database>(folder_ + "/database");
  std::vector<int> doors;
  for (auto& node : nodes_) {
    node.program = program_;
    node.port = free_port();
    doors.push_back(node.port);
    for (std::size_t i = 0; i < 2; ++i)
      node.ways[i] = std::make_unique<Proxy>(network_, std::vector{database_->ports()[i]});
  }
  front_ = std::make_unique<Proxy>(network_, doors);
  start_sandbox();
}

void World::start_sandbox() {
  const auto config = folder_ + "/providers.yaml";
  sandbox_ =
      Process{{.words = {program_, "sandbox", "--webhook-url",
                         "http://127.0.0.1:" + std::to_string(front_->port()) + "/webhooks/stripe",
                         "--config-out", config},
               .log = folder_ + "/sandbox.log"}};
  const auto end = monotonic_ms() + start_ms;
  while (!fs::exists(config) && monotonic_ms() < end) pause_ms(ready_look_ms);
  pause_ms(ready_look_ms);  // it is there before it is whole
  providers_ = addresses_in(text_of(config));
}

void World::begin() {
  start_node(0);  // alone: it makes the schema, which the audit is added to
  const auto end = monotonic_ms() + start_ms;
  while (!serves(0) && node_runs(0) && monotonic_ms() < end) pause_ms(ready_look_ms);
  if (!serves(0)) throw std::runtime_error("the first node does not serve: " + log_of(0));
  database_->script(source_ + "/tests/chaos/audit.sql");
  for (std::size_t node = 1; node < node_count; ++node) start_node(node);
  while (!everything_serves() && monotonic_ms() < end) pause_ms(ready_look_ms);
  if (!everything_serves()) throw std::runtime_error("not all nodes serve: " + who_ended());
  deploy();
  // The account whose products the load makes.
  const auto reply =
      web.post(provider("stripe") + "/_sandbox/accounts", Json{{"id", "acct_chaos"}});
  if (reply.status / 100 != 2) throw std::runtime_error("Stripe made no account: " + reply.body);
}

void World::deploy() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(source_ + "/tests/chaos/workflows"))
    files.push_back(entry.path());
  // A parent's children are known before it is.
  std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
    const auto rank = [](const fs::path& path) { return path.stem() == "family" ? 1 : 0; };
    return std::pair{rank(a), a} < std::pair{rank(b), b};
  });
  net::Headers yaml;
  yaml.set("Content-Type", "application/yaml");
  for (const auto& file : files) {
    const auto reply = web.send("POST", url(0) + "/api/v1/workflows", text_of(file.string()), yaml);
    if (reply.status / 100 != 2)
      throw std::runtime_error(file.string() + " was not taken: " + reply.body);
  }
}

bool World::register_user(std::int64_t id) {
  const auto text = std::to_string(id);
  const auto reply = web.post(provider("auth") + "/_sandbox/users",
                              {{"id", id},
                               {"email", "user-" + text + "@example.com"},
                               {"tokens", Json::array({"token-user-" + text})}});
  return reply.status / 100 == 2;
}

void World::slow_provider(const std::string& name, DurationMs ms) {
  const auto faults = provider(name) + "/_sandbox/faults";
  const auto reply =
      ms == 0 ? web.send("DELETE", faults) : web.post(faults, {{"kind", "latency"}, {"ms", ms}});
  if (reply.status / 100 != 2)
    throw std::runtime_error(name + "'s stand-in took no fault: " + reply.body);
}

std::int64_t World::figure(std::size_t node, const std::string& name) {
  return figure_in(web.get(url(node) + "/metrics").body, name);
}

void World::start_node(std::size_t number) {
  auto& node = nodes_[number];
  const auto own = "node-" + std::to_string(number + 1) + "-" + std::to_string(++node.incarnation);
  const auto at = [&](std::size_t way) {
    return "127.0.0.1:" + std::to_string(node.ways[way]->port());
  };
  const std::string store = std::string{"postgresql://"} + Database::user + "@" + at(0) + "," +
                            at(1) + "/" + Database::name +
                            "?target_session_attrs=read-write&connect_timeout=2";
  node.writer = "sequent " + own;
  node.wanted = true;
  node.process =
      Process{{.words = {node.program, "serve", "--listen",
                         "127.0.0.1:" + std::to_string(node.port), "--store", store, "--config",
                         folder_ + "/providers.yaml", "--workflows", source_ + "/workflows"},
               .log = folder_ + "/node-" + std::to_string(number + 1) + ".log",
               .variables = {{"SEQUENT_NODE", own}}}};
}

void World::kill_node(std::size_t node) {
  nodes_[node].wanted = false;
  nodes_[node].process.kill_hard();
}

void World::freeze_node(std::size_t node, bool frozen) {
  nodes_[node].process.signal(frozen ? SIGSTOP : SIGCONT);
}

void World::cut_node(std::size_t node) {
  for (auto& way : nodes_[node].ways) way->cut();
}

void World::part_node(std::size_t node, bool parted) {
  for (auto& way : nodes_[node].ways) way->hold(parted);
}

bool World::serves(std::size_t node) {
  return node_runs(node) && web.get(url(node) + "/readyz").status == 200;
}

bool World::everything_serves() {
  if (!database_->primary_serves()) return false;
  for (std::size_t node = 0; node < node_count; ++node)
    if (!serves(node)) return false;
  return true;
}

std::string World::who_ended() {
  for (std::size_t i = 0; i < node_count; ++i)
    if (nodes_[i].wanted && !node_runs(i))
      return "node " + std::to_string(i + 1) + " ended by itself with " +
             std::to_string(nodes_[i].process.wait(0)) + ": " + log_of(i);
  if (!sandbox_.running()) return "the sandbox ended: " + end_of(folder_ + "/sandbox.log");
  return "";
}

std::string World::url(std::size_t node) const {
  return "http://127.0.0.1:" + std::to_string(nodes_[node].port);
}

const std::string& World::provider(const std::string& name) const {
  return providers_.at(name);
}

std::string World::store_url() const {
  const auto ports = database_->ports();
  return std::string{"postgresql://"} + Database::user + "@127.0.0.1:" + std::to_string(ports[0]) +
         ",127.0.0.1:" + std::to_string(ports[1]) + "/" + Database::name +
         "?target_session_attrs=read-write";
}

std::string World::doctor(const std::string& option, int& code) {
  const auto log = folder_ + "/doctor.log";
  Process doctor{{.words = {program_, "doctor", option, "--store", store_url(), "--config",
                            folder_ + "/providers.yaml"},
                  .log = log}};
  code = doctor.wait(doctor_ms);
  return text_of(log);
}

std::string World::whole_log_of(std::size_t node) const {
  return text_of(folder_ + "/node-" + std::to_string(node + 1) + ".log");
}

std::string World::log_of(std::size_t node) const {
  return end_of(folder_ + "/node-" + std::to_string(node + 1) + ".log");
}

}  // namespace sequent::chaos
