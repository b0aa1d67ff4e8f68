#include "net/curl_loop.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <system_error>

#include "base/assert.hpp"
#include "base/overloaded.hpp"

namespace sequent::net {
namespace {

constexpr std::size_t max_idle_handles = 1024;
constexpr int longest_wait_ms = 60'000;

void initialise_libcurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_ALL);
  SEQUENT_ASSERT(code == CURLE_OK);
}

int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

}  // namespace

CurlLoop::CurlLoop(ClientLimits limits) : limits_(std::move(limits)) {
  initialise_libcurl();
  multi_ = curl_multi_init();
  SEQUENT_ASSERT(multi_ != nullptr);
  epoll_ = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  wake_ = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = wake_;
  checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, limits_.max_connections_per_host);
  curl_multi_setopt(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits_.max_connections);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, limits_.max_connections);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  thread_ = std::thread([this] { run(); });
}

CurlLoop::~CurlLoop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_, &one, sizeof one));
  thread_.join();
  for (CURL* easy : idle_handles_) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi_);
  close(epoll_);
  close(wake_);
}

void CurlLoop::start(std::unique_ptr<Transfer> transfer) {
  ++in_flight_;
  post(std::move(transfer));
}

void CurlLoop::cancel(std::uint64_t id) {
  post(Cancel{id});
}

void CurlLoop::post(Message message) {
  bool first = false;
  {
    const std::lock_guard lock{mutex_};
    first = inbox_.empty();
    inbox_.push_back(std::move(message));
  }
  if (!first) return;  // the wake for this batch is under way already
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_, &one, sizeof one));
}

// ---- the thread ----

void CurlLoop::run() {
  pthread_setname_np(pthread_self(), "http-client");
  sigset_t pipe;  // a peer that left must be an error code, never a signal
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (!ended_) {
    wait_for_events();
    collect();
  }
  cancel_all();
}

void CurlLoop::wait_for_events() {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms());
  int running = 0;
  bool woken = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_) {
      woken = true;
      continue;
    }
    int what = 0;
    if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
    curl_multi_socket_action(multi_, event.data.fd, what, &running);
  }
  if (woken) take_messages();
  if (timer_ && Clock::now() >= *timer_) {
    timer_.reset();  // libcurl sets the next one from within the call
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

int CurlLoop::wait_ms() const {
  if (!timer_) return longest_wait_ms;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*timer_ - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, longest_wait_ms));
}

void CurlLoop::take_messages() {
  std::uint64_t ignored = 0;
  static_cast<void>(!read(wake_, &ignored, sizeof ignored));
  std::vector<Message> batch;
  {
    const std::lock_guard lock{mutex_};
    batch.swap(inbox_);
    ended_ = stopping_;
  }
  const auto handlers = overloaded{
      [this](std::unique_ptr<Transfer>& transfer) { begin(std::move(transfer)); },
      [this](const Cancel& wanted) { abort(wanted.id); },
  };
  for (Message& message : batch) std::visit(handlers, message);
}

void CurlLoop::begin(std::unique_ptr<Transfer> transfer) {
  transfer->easy = take_handle();
  auto ready = prepare(*transfer, limits_);
  if (!ready) {
    ready.error().sent = transfer->reached_a_peer;  // a redirect to what can't be sent
    complete(std::move(transfer), std::unexpected(std::move(ready.error())));
    return;
  }
  CURL* const easy = transfer->easy;
  open_.emplace(transfer->id, std::move(transfer));
  SEQUENT_ASSERT(curl_multi_add_handle(multi_, easy) == CURLM_OK);
}

void CurlLoop::abort(std::uint64_t id) {
  const auto found = open_.find(id);
  if (found == open_.end()) return;
  std::unique_ptr<Transfer> transfer = std::move(found->second);
  open_.erase(found);
  curl_multi_remove_handle(multi_, transfer->easy);
  TransportError error = cancelled(*transfer, "cancelled by the caller");
  complete(std::move(transfer), std::unexpected(std::move(error)));
}

void CurlLoop::collect() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    // Removing the handle frees the message, so its fields are copied first.
    CURL* const easy = message->easy_handle;
    const CURLcode code = message->data.result;
    finished(easy, code);
  }
}

void CurlLoop::finished(CURL* easy, CURLcode code) {
  Transfer* done = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &done);
  SEQUENT_ASSERT(done != nullptr);
  const auto found = open_.find(done->id);
  SEQUENT_ASSERT(found != open_.end());
  std::unique_ptr<Transfer> transfer = std::move(found->second);
  open_.erase(found);
  curl_multi_remove_handle(multi_, easy);
  if (code == CURLE_OK && follow_redirect(*transfer)) {
    give_back(std::exchange(transfer->easy, nullptr));
    begin(std::move(transfer));
    return;
  }
  ClientResult result = outcome_of(*transfer, code);
  complete(std::move(transfer), std::move(result));
}

void CurlLoop::complete(std::unique_ptr<Transfer> transfer, ClientResult result) {
  give_back(std::exchange(transfer->easy, nullptr));
  --in_flight_;
  const boost::asio::any_io_executor executor = transfer->executor;
  boost::asio::post(executor, [done = std::move(transfer->done),
                               result = std::move(result)]() mutable { done(std::move(result)); });
}

void CurlLoop::cancel_all() {
  std::vector<std::uint64_t> ids;
  for (const auto& [id, transfer] : open_) ids.push_back(id);
  for (const std::uint64_t id : ids) abort(id);
}

CURL* CurlLoop::take_handle() {
  if (idle_handles_.empty()) {
    CURL* const easy = curl_easy_init();
    SEQUENT_ASSERT(easy != nullptr);
    return easy;
  }
  CURL* const easy = idle_handles_.back();
  idle_handles_.pop_back();
  return easy;
}

void CurlLoop::give_back(CURL* easy) {
  if (easy == nullptr) return;
  if (idle_handles_.size() >= max_idle_handles) {
    curl_easy_cleanup(easy);
    return;
  }
  curl_easy_reset(easy);  // options and cookies go, so that nothing of one caller reaches the next
  idle_handles_.push_back(easy);
}

// ---- libcurl's callbacks, on the thread ----

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* user, void* known) {
  auto& loop = *static_cast<CurlLoop*>(user);
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, socket, nullptr);  // may be closed, hence gone, already
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) event.events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) event.events |= EPOLLOUT;
  if (known != nullptr) {
    epoll_ctl(loop.epoll_, EPOLL_CTL_MOD, socket, &event);
    return 0;
  }
  if (epoll_ctl(loop.epoll_, EPOLL_CTL_ADD, socket, &event) != 0 && errno == EEXIST)
    epoll_ctl(loop.epoll_, EPOLL_CTL_MOD, socket, &event);
  curl_multi_assign(loop.multi_, socket, &loop);  // any pointer: "epoll has it"
  return 0;
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* user) {
  auto& loop = *static_cast<CurlLoop*>(user);
  if (timeout_ms < 0) {
    loop.timer_.reset();
  } else {
    loop.timer_ = Clock::now() + std::chrono::milliseconds(timeout_ms);
  }
  return 0;
}

}  // namespace sequent::net
