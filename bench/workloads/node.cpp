#include "bench/workloads/node.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdio>
#include <cstdlib>
#include <future>

#include "activities/register.hpp"

namespace sequent::bench {
namespace {

namespace asio = boost::asio;

constexpr DurationMs drain_ms = 5'000;

}  // namespace

void give_up(const std::string& problem) {
  std::fprintf(stderr, "bench_workloads: %s\n", problem.c_str());
  std::exit(1);
}

Node::Node(const Options& options, const std::string& workflow,
           std::vector<std::unique_ptr<runtime::Activity>> more)
    : work_(asio::make_work_guard(context_)), database_(options.store) {
  auto opened = persistence::open_database(
      {.url = options.store, .directory = options.folder.string(), .node = options.node});
  if (!opened) give_up(opened.error().detail);
  store_ = std::move(*opened);
  activities::register_activities(registry_, {}, http_);
  for (auto& activity : more) registry_.add(std::move(activity));
  const int count = std::max(2, static_cast<int>(std::thread::hardware_concurrency()) - 1);
  engine_ = std::make_unique<runtime::Engine>(
      runtime::EngineConfig{.node = options.node, .threads = count},
      runtime::Ports{*store_, *store_, *store_, clock_, registry_, store_.get()},
      context_.get_executor());
  for (int i = 0; i < count; ++i) threads_.emplace_back([this] { context_.run(); });
  if (const auto started = engine_->start(); !started) give_up(started.error().detail);
  deploy(workflow);
}

void Node::deploy(const std::string& workflow) {
  auto deployed = asio::co_spawn(context_, engine_->deploy(workflow, "bench"), asio::use_future);
  if (const auto result = deployed.get(); !result) give_up(result.error().detail);
}

Node::~Node() {
  asio::co_spawn(context_, engine_->stop(drain_ms), asio::use_future).get();
  engine_.reset();
  work_.reset();
  context_.stop();
  for (auto& thread : threads_) thread.join();
}

namespace {

std::string five_echoes(const std::string& name, const std::string& number) {
  const std::string payload(180, 'x');
  std::string yaml =
      "document: {dsl: 1.0.3, namespace: bench, name: " + name + ", version: 1.0.0}\ndo:\n";
  for (const auto* step : {"one", "two", "three", "four", "five"})
    yaml += std::string("  - ") + step + ": {call: debug.echo, with: {n: '${ " + number +
            " }', payload: " + payload + "}}\n";
  return yaml;
}

}  // namespace

std::string five_steps() {
  return five_echoes("five", ".n");
}

std::string five_priced_steps() {
  return five_echoes("priced",
                     ".n as $n | [range(60) | {quantity: (1 + . % 3), price: (100 + . * 7)}] | "
                     "map(.quantity * .price) | add as $sum | if $sum > 0 then $n else 0 end");
}

}  // namespace sequent::bench
