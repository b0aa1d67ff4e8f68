#include "tests/persistence_postgres/cutting_proxy.hpp"

#include <array>
#include <future>

namespace sequent::test {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Bytes = std::vector<char>;

struct CuttingProxy::Pair {
  Pair(tcp::socket from_client, asio::io_context& context)
      : client(std::move(from_client)), server(context) {}
  void close() {
    boost::system::error_code ignored;
    client.close(ignored);
    server.close(ignored);
  }
  tcp::socket client, server;
  std::array<char, 65'536> to_server{}, to_client{};
  std::string tail;  // the end of what came before, so that a word in two pieces is seen
  bool deaf = false;
  bool answered = true;  // the server spoke last
};

CuttingProxy::CuttingProxy(int server_port)
    : acceptor_(context_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}),
      server_(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server_port)),
      port_(acceptor_.local_endpoint().port()) {
  accept();
  thread_ = std::thread{[this] { context_.run(); }};
}

CuttingProxy::~CuttingProxy() {
  context_.stop();
  thread_.join();
}

template <class Work>
void CuttingProxy::on_thread(Work work) {
  std::promise<void> done;
  asio::post(context_, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

void CuttingProxy::cut_next(Cut how, std::string word) {
  on_thread([&] {
    planned_ = how;
    word_ = std::move(word);
  });
}

void CuttingProxy::block() {
  on_thread([&] {
    blocked_ = true;
    for (const auto& weak : pairs_)
      if (const auto pair = weak.lock()) pair->close();
  });
}

void CuttingProxy::allow() {
  on_thread([&] { blocked_ = false; });
}

std::string CuttingProxy::deliver_held() {
  std::string answer(4'096, ' ');
  on_thread([&] {
    boost::system::error_code failed;
    asio::write(held_->server, asio::buffer(held_bytes_), failed);
    answer.resize(held_->server.read_some(asio::buffer(answer), failed));
    held_->close();
  });
  return answer;
}

void CuttingProxy::accept() {
  acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
    if (error) return;
    accept();
    if (blocked_) return;
    const auto pair = std::make_shared<Pair>(std::move(socket), context_);
    boost::system::error_code refused;
    pair->server.connect(server_, refused);
    if (refused) return;
    boost::system::error_code ignored;
    pair->client.set_option(tcp::no_delay{true}, ignored);
    pair->server.set_option(tcp::no_delay{true}, ignored);
    pairs_.remove_if([](const auto& weak) { return weak.expired(); });
    pairs_.push_back(pair);
    pump_client(pair);
    pump_server(pair);
  });
}

void CuttingProxy::pump_client(const std::shared_ptr<Pair>& pair) {
  pair->client.async_read_some(
      asio::buffer(pair->to_server), [this, pair](boost::system::error_code error, std::size_t n) {
        if (error) return pair->close();
        if (std::exchange(pair->answered, false)) ++round_trips_;
        const std::string seen = pair->tail + std::string{pair->to_server.data(), n};
        const bool here = planned_ && seen.find(word_) != std::string::npos;
        pair->tail = seen.substr(seen.size() - std::min<std::size_t>(seen.size(), 64));
        if (here && *planned_ == Cut::hold) held_bytes_.assign(pair->to_server.data(), n);
        if (here && (*planned_ == Cut::before_commit || *planned_ == Cut::hold))
          return cut(pair, *planned_);
        boost::system::error_code failed;
        asio::write(pair->server, asio::buffer(pair->to_server.data(), n), failed);
        if (failed) return pair->close();
        if (here) return cut(pair, *planned_);
        pump_client(pair);
      });
}

void CuttingProxy::pump_server(const std::shared_ptr<Pair>& pair) {
  pair->server.async_read_some(
      asio::buffer(pair->to_client), [this, pair](boost::system::error_code error, std::size_t n) {
        if (error == asio::error::operation_aborted) return;  // held
        if (error) return pair->close();
        if (pair->deaf) return pair->close();  // the answer has come: it was done
        pair->answered = true;
        boost::system::error_code failed;
        asio::write(pair->client, asio::buffer(pair->to_client.data(), n), failed);
        if (failed) return pair->close();
        pump_server(pair);
      });
}

void CuttingProxy::cut(const std::shared_ptr<Pair>& pair, Cut how) {
  planned_.reset();
  ++cuts_;
  boost::system::error_code ignored;
  if (how == Cut::before_commit) return pair->close();
  if (how == Cut::hold) {
    pair->client.close(ignored);
    pair->server.cancel(ignored);
    held_ = pair;
    return;
  }
  pair->deaf = true;
  if (how == Cut::while_commit) pair->client.close(ignored);
  // after_commit: the store is cut off when the server has answered.
}

}  // namespace sequent::test
