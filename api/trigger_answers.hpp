#pragma once
// What callers of bound routes hear.
#include "api/context.hpp"
#include "api/triggers.hpp"

namespace sequent::api {

/// machine/answer.hpp as an HTTP message. A body that is text and has a Content-Type of its own
/// leaves as it is, every other one as JSON.
[[nodiscard]] Answer told_answer(const Json& answer);
/// The run's own error; its type is the workflow's, not one of ours.
[[nodiscard]] Answer fault_answer(const machine::Problem& error, const InstanceId& id);
/// 202: the run goes on; where it stands.
asio::awaitable<Answer> pending_answer(Context& context, InstanceId id);
/// Names the run. A Location that the workflow gave stays.
[[nodiscard]] Answer with_run(Answer answer, const InstanceId& id, bool replayed);

/// Hands the request to the run that listens at the route, and answers with what it says next.
/// effect  the request is an event, stored before anything else; the first answer is kept with it
asio::awaitable<Answer> answer_request(Context& context, Call& call, const BoundRoute& bound,
                                       int wait_seconds);

}  // namespace sequent::api
