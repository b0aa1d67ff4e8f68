#pragma once
// Stored events whose way is not over: a crash came, the store broke, or there was no room for a run
// that they start. They are looked for when the node starts, and again, after a pause, for as long as
// some are left that could not go on.
// threads  public functions from anywhere; the rest on one strand
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/strand.hpp>
#include <memory>

#include "base/error.hpp"
#include "engine/runtime/parts.hpp"
#include "engine/runtime/queries.hpp"
#include "engine/runtime/store.hpp"

namespace sequent::runtime {

struct Node;

class Leftovers : public std::enable_shared_from_this<Leftovers> {
 public:
  explicit Leftovers(const std::shared_ptr<Node>& node);

  /// Looks now: at the start of the node.
  void look();
  /// Some event could not go on: looks after a pause.
  void look_later();
  void stop();

 private:
  using Page = std::vector<std::pair<std::int64_t, Json>>;
  void begin();
  void read_page();
  void route_page(Page page);
  void one_done();
  void end();

  std::weak_ptr<Node> owner_;
  boost::asio::strand<boost::asio::any_io_executor> strand_;
  std::unique_ptr<Alarm> alarm_;
  bool stopped_ = false;
  bool looking_ = false;  // a pass over all pages is under way
  bool armed_ = false;    // the next one has its time
  bool again_ = false;    // some event of this pass could not go on
  std::int64_t after_ = 0;
  std::size_t left_ = 0;  // of the page
  std::size_t page_size_ = 0;
  DurationMs pause_ms_ = 0;
};

}  // namespace sequent::runtime
