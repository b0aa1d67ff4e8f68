#include "tests/bad_input/support.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>
#include <thread>

namespace sequent::bad_input {
namespace {

using asio::ip::tcp;
using cli::test::patience;

template <class T>
T get_soon(std::future<T> future) {
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("nothing came within " + std::to_string(patience.count()) + " s");
  return future.get();
}

std::vector<std::string> arguments(const Folder& folder, const std::string& config) {
  std::vector<std::string> all{"serve",       "--json", "--listen",
                               "127.0.0.1:0", "--data", folder.path("data")};
  if (!config.empty()) {
    all.emplace_back("--config");
    all.push_back(folder.file("sequent.yaml", config));
  }
  return all;
}

}  // namespace

std::string Answer::problem() const {
  const auto type = text_of(json, "type");
  return type.substr(type.rfind('/') + 1);
}

std::string Answer::says() const {
  if (!json.is_object()) return "";
  return text_of(json, "detail") + (json.contains("errors") ? json.at("errors").dump() : "");
}

Answer Client::send(net::ClientRequest request) {
  const auto url = request.url;
  auto answering = asio::co_spawn(pool_, http_.send(std::move(request)), asio::use_future);
  const auto got = get_soon(std::move(answering));
  if (!got) throw std::runtime_error(url + ": " + got.error().message);
  Answer answer{.status = got->status, .headers = got->headers, .text = got->body};
  if (auto json = parse_json(got->body)) answer.json = *std::move(json);
  return answer;
}

Engine::Engine(const Folder& folder, const std::string& config,
               const cli::test::Variables& variables)
    : process_(arguments(folder, config), variables) {
  const auto said = parse_json(process_.first_line());
  if (said) url_ = text_of(*said, "url");
  if (url_.empty()) throw std::runtime_error("sequent did not serve: " + process_.wait().error);
}

Answer Engine::call(const std::string& method, const std::string& path, const std::string& body,
                    const HeaderList& headers) {
  net::ClientRequest request;
  request.method = method;
  request.url = url_ + path;
  request.body = body;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return client_.send(std::move(request));
}

Answer Engine::post(const std::string& path, const std::string& body) {
  return call("POST", path, body);
}

void Engine::deploy(const std::string& name, const std::string& tasks, const std::string& more,
                    const std::string& metadata) {
  const std::string yaml =
      "document:\n  dsl: 1.0.3\n  namespace: test\n  name: " + name + "\n  version: 1.0.0\n" +
      (metadata.empty() ? "" : "  metadata: {" + metadata + "}\n") + more + "do:\n" + tasks;
  const auto answer =
      call("POST", "/api/v1/workflows", yaml, {{"Content-Type", "application/yaml"}});
  if (answer.status != 201) throw std::runtime_error(answer.text);
}

Answer Engine::run(const std::string& name, const std::string& input) {
  return call("POST", "/api/v1/workflows/test/" + name + "/runs", input,
              {{"Content-Type", "application/json"}, {"Prefer", "wait=30"}});
}

Json Engine::await_status(const std::string& id, const std::string& status) {
  Json run;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    run = get("/api/v1/runs/" + id).json;
    if (text_of(run, "status") == status) return run;
    std::this_thread::yield();
  }
  throw std::runtime_error("the run never was " + status + ": " + run.dump());
}

Json Engine::await_one_run(const std::string& status) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    const auto items = get("/api/v1/runs").json.at("items");
    if (!items.empty()) return await_status(text_of(items.front(), "id"), status);
    std::this_thread::yield();
  }
  throw std::runtime_error("no run was started");
}

std::string Engine::address() const {
  return url_.substr(std::string("http://").size());
}

std::string Engine::raw(const std::string& bytes) const {
  asio::io_context context;
  tcp::socket socket{context};
  const auto colon = url_.rfind(':');
  const auto port = static_cast<std::uint16_t>(std::stoi(url_.substr(colon + 1)));
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  timeval deadline{.tv_sec = patience.count(), .tv_usec = 0};
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  asio::write(socket, asio::buffer(bytes));
  std::string all;
  char piece[4096];
  for (ssize_t got = 1; got > 0;) {
    got = recv(socket.native_handle(), piece, sizeof piece, 0);
    if (got > 0) all.append(piece, static_cast<std::size_t>(got));
  }
  return all;
}

int Engine::stop() {
  process_.signal(SIGTERM);
  return process_.wait().code;
}

Provider::Provider(net::Handler handler)
    : server_(pool_.get_executor(), std::move(handler),
              [](int status, std::string) { return net::ServerResponse{.status = status}; }) {
  const auto listening = server_.listen("127.0.0.1", 0);
  if (!listening) throw std::runtime_error(listening.error().detail);
}

Provider::~Provider() {
  get_soon(asio::co_spawn(pool_, server_.stop(), asio::use_future));
  pool_.join();
}

std::string Provider::url() const {
  return "http://127.0.0.1:" + std::to_string(server_.port());
}

void check_refusal(Engine& engine, const Answer& answer, int status, const std::string& problem,
                   const std::string& says) {
  CAPTURE(answer.text);
  CHECK(answer.status == status);
  CHECK(answer.headers.value("Content-Type") == "application/problem+json");
  CHECK(answer.problem() == problem);
  CHECK_THAT(answer.says(), Catch::Contains(says));
  const auto page = engine.get(answer.json.is_object() ? answer.json.value("type", "/") : "/");
  CHECK(page.status == 200);
  CHECK_THAT(page.headers.value("Content-Type"), Catch::Contains("text/html"));
}

}  // namespace sequent::bad_input
